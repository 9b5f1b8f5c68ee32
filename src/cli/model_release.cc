// accord model release: that a model has left the federation, and with which papers, goes into the public
// log.
#include <chrono>

#include "base/errors.h"
#include "bundle/contents.h"
#include "bundle/verify.h"
#include "charter/release.h"
#include "cli/bundle_files.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/public_log.h"
#include "cli/signer.h"
#include "crypto/sha256.h"
#include "ledger/dsse.h"

namespace accord::cli {
namespace {

struct Released {
  charter::ModelRelease release;
  rpc::Appended logged;
};

// What there is to say of a bundle that shows all that it has to.
Result<charter::ModelRelease> ReleaseOf(const bundle::Contents& contents, const Digest& genesis,
                                        const Session& session) {
  const bundle::Verdict verdict = bundle::Verify(contents, genesis);
  ACCORD_RETURN_IF_ERROR(verdict.status);
  ACCORD_ASSIGN_OR_RETURN(const ByteView signature, contents.Find(bundle::kSignatureFile));
  ACCORD_ASSIGN_OR_RETURN(const ByteView provenance, contents.Find(bundle::kProvenanceFile));
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(session.Now().time_since_epoch());
  return charter::ModelRelease{.job = verdict.lineage->admitted.job,
                               .model = contents.model,
                               .signature = crypto::Sha256::Of(signature),
                               .provenance = crypto::Sha256::Of(provenance),
                               .time = static_cast<charter::UnixSeconds>(now.count())};
}

Result<Released> Log(const ModelRelease& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const Digest genesis, GenesisOf(command.charter, session));
  ACCORD_ASSIGN_OR_RETURN(const bundle::Contents contents, ReadBundle(command.bundle));
  ACCORD_ASSIGN_OR_RETURN(const charter::ModelRelease release, ReleaseOf(contents, genesis, session));
  ledger::Envelope envelope{std::string(charter::kReleaseType), Encode(release), {}};
  ACCORD_ASSIGN_OR_RETURN(const ledger::Signer member,
                          OpenSigner(session, {command.key, command.passphrase_file}));
  ACCORD_RETURN_IF_ERROR(member.Sign(envelope));
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  const std::string entry = ledger::EncodeEnvelope(envelope);
  ACCORD_ASSIGN_OR_RETURN(const rpc::Appended logged, backend->Append(AsBytes(entry), {}));
  return Released{release, logged};
}

}  // namespace

ExitCode Run(const ModelRelease& command, Session& session) {
  const Result<Released> done = Log(command, session);
  if (!done.ok()) return session.printer().Failure(done.status());
  const std::string index = std::to_string(done->logged.index);
  return session.printer().Answer(
      "The release of the model " + done->release.model.Hex().substr(0, 12) + " is entry " + index +
          " of the log; the next head of it has it.\n",
      JsonObject({{"index", index}, {"id", done->logged.id.Hex()}, {"model", done->release.model.Hex()}}));
}

}  // namespace accord::cli
