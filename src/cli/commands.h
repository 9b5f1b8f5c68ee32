// One function a command; the file of each is its noun's. They speak through session.printer() and give the
// exit code of the process. Failures of any kind are said before they return.
#pragma once

#include "cli/arguments.h"
#include "cli/json.h"
#include "cli/printer.h"
#include "cli/session.h"

namespace accord::cli {

ExitCode Run(const Help& command, Session& session);
ExitCode Run(const JobSubmit& command, Session& session);
ExitCode Run(const JobValidate& command, Session& session);
ExitCode Run(const JobList& command, Session& session);
ExitCode Run(const JobShow& command, Session& session);
ExitCode Run(const JobExplain& command, Session& session);
ExitCode Run(const JobWatch& command, Session& session);
ExitCode Run(const JobWait& command, Session& session);
ExitCode Run(const JobLogs& command, Session& session);
ExitCode Run(const JobSamples& command, Session& session);
ExitCode Run(const JobCancel& command, Session& session);
ExitCode Run(const JobPause& command, Session& session);
ExitCode Run(const JobResume& command, Session& session);
ExitCode Run(const JobClone& command, Session& session);
ExitCode Run(const JobRetry& command, Session& session);
ExitCode Run(const ModelList& command, Session& session);
ExitCode Run(const ModelDownload& command, Session& session);
ExitCode Run(const ModelGenerate& command, Session& session);
ExitCode Run(const ModelExport& command, Session& session);
ExitCode Run(const ModelCard& command, Session& session);
ExitCode Run(const ModelBundle& command, Session& session);
ExitCode Run(const ModelEndorse& command, Session& session);
ExitCode Run(const ModelRelease& command, Session& session);
ExitCode Run(const ModelVerify& command, Session& session);
ExitCode Run(const NodeList& command, Session& session);
ExitCode Run(const NodeShow& command, Session& session);
ExitCode Run(const MemberInvite& command, Session& session);
ExitCode Run(const MemberList& command, Session& session);
ExitCode Run(const MemberSuspend& command, Session& session);
ExitCode Run(const MemberRestore& command, Session& session);
ExitCode Run(const MemberRegistry& command, Session& session);
ExitCode Run(const Join& command, Session& session);
ExitCode Run(const ContextList& command, Session& session);
ExitCode Run(const ContextUse& command, Session& session);
ExitCode Run(const ContextShow& command, Session& session);
ExitCode Run(const ContextRemove& command, Session& session);
ExitCode Run(const KeyCreate& command, Session& session);
ExitCode Run(const KeyShow& command, Session& session);
ExitCode Run(const DataCertify& command, Session& session);
ExitCode Run(const DataVerify& command, Session& session);
ExitCode Run(const DataShow& command, Session& session);
ExitCode Run(const DataSubmit& command, Session& session);
ExitCode Run(const DataList& command, Session& session);
ExitCode Run(const CharterInit& command, Session& session);
ExitCode Run(const CharterSign& command, Session& session);
ExitCode Run(const CharterCheck& command, Session& session);
ExitCode Run(const CharterSubmit& command, Session& session);
ExitCode Run(const CharterShow& command, Session& session);
ExitCode Run(const CharterPin& command, Session& session);
ExitCode Run(const ProposalCreate& command, Session& session);
ExitCode Run(const ProposalList& command, Session& session);
ExitCode Run(const ProposalShow& command, Session& session);
ExitCode Run(const ProposalVote& command, Session& session);
ExitCode Run(const LogKey& command, Session& session);
ExitCode Run(const LogShow& command, Session& session);
ExitCode Run(const LogVerify& command, Session& session);
ExitCode Run(const LogWatch& command, Session& session);
ExitCode Run(const LogProof& command, Session& session);
ExitCode Run(const AttributionReport& command, Session& session);
ExitCode Run(const AttributionPublish& command, Session& session);
ExitCode Run(const Publish& command, Session& session);
ExitCode Run(const PlanTraining& command, Session& session);
ExitCode Run(const Completion& command, Session& session);
ExitCode Run(const Version& command, Session& session);

// Most commands: connect, ask once, print.
// `ask`: Backend& -> Result<T>; `text`: const T& -> std::string.
template <class Ask, class Text>
ExitCode AskAndPrint(Session& session, const Ask& ask, const Text& text) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  const auto answer = ask(**backend);
  if (!answer.ok()) return session.printer().Failure(answer.status());
  return session.printer().Answer(text(*answer), Json(*answer));
}

}  // namespace accord::cli
