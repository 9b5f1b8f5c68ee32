#include "bundle/make.h"

#include <utility>

#include "base/errors.h"
#include "bundle/model_signature.h"
#include "bundle/provenance.h"
#include "bundle/training_summary.h"
#include "bundle/verify.h"
#include "crypto/ecdsa.h"
#include "crypto/sha256.h"

namespace accord::bundle {
namespace {

Status CheckReleaseKey(const charter::Charter& present, const Digest& spki) {
  for (const charter::Member& member : present.members) {
    if (!member.suspended && member.model_key == spki) return {};
  }
  return Fail(errors::kModelUnreleased,
              "no active member of the charter in force has the release key with the SHA-256 " + spki.Hex(),
              "An amendment puts it there: model_key in a member's section of the draft.");
}

void Put(Contents& contents, std::string_view file, std::string_view text) {
  contents.files[std::string(file)] = Bytes(text.begin(), text.end());
}

}  // namespace

Result<Contents> Make(const Release& what, const ledger::Signer& release_key, const ledger::Signer& member) {
  ACCORD_ASSIGN_OR_RETURN(const Lineage lineage, Trace(what.record, what.genesis, what.model));
  const Bytes& spki = release_key.verifier().key();
  ACCORD_RETURN_IF_ERROR(CheckReleaseKey(lineage.admitted.present.charter, crypto::Sha256::Of(spki)));
  Contents contents{.files = {}, .model = what.model};
  ACCORD_RETURN_IF_ERROR(WriteRecord(what.record, contents));
  Put(contents, kReleaseKeyFile, crypto::PublicKeyToPem(spki));
  Put(contents, kPolicyFile, PolicyOf(lineage.admitted.present.charter));
  Put(contents, kBomFile, FormatBom(lineage, what.model, what.figures));
  Put(contents, kSummaryFile, FormatSummary(lineage, what.model));
  ACCORD_ASSIGN_OR_RETURN(const std::string provenance, Endorse({}, lineage, what.model, member));
  Put(contents, kProvenanceFile, provenance);
  FileList list{.name = lineage.spec.name, .ignored = IgnoredFiles(), .files = {}};
  for (const auto& [file, digest] : SignedFiles(contents)) list.files.push_back({file, digest});
  ACCORD_ASSIGN_OR_RETURN(const std::string signature, SignFiles(list, release_key));
  Put(contents, kSignatureFile, signature);
  ACCORD_RETURN_IF_ERROR(Verify(contents, what.genesis, Endorsement::kBegun).status);
  return contents;
}

}  // namespace accord::bundle
