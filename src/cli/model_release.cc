// accord model release: that a model has left the federation, and with which papers, goes into the public
// log.
#include <set>
#include <string>

#include "base/errors.h"
#include "bundle/verify.h"
#include "charter/release.h"
#include "cli/bundle_files.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/logged_release.h"
#include "cli/public_log.h"
#include "cli/signer.h"
#include "ledger/dsse.h"

namespace accord::cli {
namespace {

struct Released {
  charter::ModelRelease release;
  std::uint64_t index = 0;
  Digest entry;         // its id
  bool before = false;  // the log had it already
};

// What there is to say of a bundle that shows all that it has to.
Result<charter::ModelRelease> Read(const ModelRelease& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const Digest genesis, GenesisOf(command.charter, session));
  ACCORD_ASSIGN_OR_RETURN(const bundle::Contents contents, ReadBundle(command.bundle));
  const bundle::Verdict verdict = bundle::Verify(contents, genesis);
  ACCORD_RETURN_IF_ERROR(verdict.status);
  return ReleaseOf(contents, *verdict.lineage, Seconds(session));
}

Result<Released> Log(const ModelRelease& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const charter::ModelRelease release, Read(command, session));
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  ledger::Envelope envelope{std::string(charter::kReleaseType), Encode(release), {}};
  ACCORD_ASSIGN_OR_RETURN(const ledger::Signer member,
                          OpenSigner(session, {command.key, command.passphrase_file}));
  ACCORD_RETURN_IF_ERROR(member.Sign(envelope));
  // Once is enough, and nobody knows whether an answer that was lost had been a yes.
  const std::set<std::string> mine = log.record.SignersAt(envelope, log.entries.size());
  for (const LoggedRelease& one : ReleasesOf(log, release.model)) {
    if (SamePapers(one.release, release) && one.entry.signers == mine)
      return Released{one.release, one.entry.index, one.entry.id, /*before=*/true};
  }
  const std::string entry = ledger::EncodeEnvelope(envelope);
  ACCORD_ASSIGN_OR_RETURN(const rpc::Appended logged, backend->Append(AsBytes(entry), {}));
  return Released{release, logged.index, logged.id, /*before=*/false};
}

}  // namespace

ExitCode Run(const ModelRelease& command, Session& session) {
  const Result<Released> done = Log(command, session);
  if (!done.ok()) return session.printer().Failure(done.status());
  const std::string index = std::to_string(done->index);
  return session.printer().Answer(
      "The release of the model " + done->release.model.Hex().substr(0, 12) + " is entry " + index +
          (done->before ? " of the log already.\n" : " of the log; the next head of it has it.\n"),
      JsonObject({{"index", index}, {"id", done->entry.Hex()}, {"model", done->release.model.Hex()}}));
}

}  // namespace accord::cli
