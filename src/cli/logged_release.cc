#include "cli/logged_release.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "base/errors.h"
#include "base/text.h"
#include "bundle/provenance.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "ledger/growing_tree.h"

namespace accord::cli {
namespace {

// The log's tree when it had as many entries as the bundle's head.
Status CheckHead(const PublicLog& log, const ledger::Checkpoint& head) {
  const std::string sizes = "the bundle's head is of " + std::to_string(head.size) +
                            " entries, and the log has " + std::to_string(log.head.size);
  if (head.size > log.entries.size())
    return Fail(errors::kLogRollback, sizes,
                "Keep the bundle, and show it to the members: it proves that the log was longer.");
  ledger::GrowingTree tree;
  for (const Bytes& entry : std::span(log.entries).first(head.size)) tree.Add(crypto::MerkleLeaf(entry));
  if (tree.Head().root == head.root) return {};
  return Fail(errors::kLogSplit, sizes + ", of which the first ones are others",
              "Keep the bundle, and show it to the members: witnesses have signed two logs.");
}

std::string Joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string At(std::uint64_t index) { return "entry " + std::to_string(index) + " of the log"; }

}  // namespace

std::vector<LoggedRelease> ReleasesOf(const PublicLog& log, const Digest& model) {
  std::vector<LoggedRelease> found;
  for (publish::Release& entry : publish::ReleasesOf(log.record, log.entries)) {
    const auto release = charter::ParseModelRelease(entry.payload);
    if (release.ok() && release->model == model) found.push_back({std::move(entry), *release});
  }
  return found;
}

Result<charter::ModelRelease> ReleaseOf(const bundle::Contents& contents, const bundle::Lineage& lineage,
                                        charter::UnixSeconds time) {
  ACCORD_ASSIGN_OR_RETURN(const ByteView signature, contents.Find(bundle::kSignatureFile));
  const Bytes provenance = bundle::ProvenancePayload(lineage, contents.model);
  return charter::ModelRelease{.job = lineage.admitted.job,
                               .model = contents.model,
                               .signature = crypto::Sha256::Of(signature),
                               .provenance = crypto::Sha256::Of(provenance),
                               .time = time};
}

bool SamePapers(const charter::ModelRelease& a, const charter::ModelRelease& b) {
  return a.job == b.job && a.model == b.model && a.signature == b.signature && a.provenance == b.provenance;
}

Result<std::vector<bundle::Line>> CheckReleased(const PublicLog& log, const bundle::Contents& contents,
                                                const bundle::Lineage& lineage) {
  ACCORD_RETURN_IF_ERROR(CheckHead(log, lineage.admitted.checkpoint));
  ACCORD_ASSIGN_OR_RETURN(const charter::ModelRelease papers, ReleaseOf(contents, lineage, 0));
  const std::vector<LoggedRelease> releases = ReleasesOf(log, contents.model);
  if (releases.empty())
    return Fail(errors::kModelUnreleased, "the log has no release of the model " + contents.model.Hex(),
                "A member puts it there: accord model release DIR --key FILE");
  const auto same = std::ranges::find_if(
      releases, [&](const LoggedRelease& one) { return SamePapers(one.release, papers); });
  if (same == releases.end()) {
    const LoggedRelease& last = releases.back();
    return Fail(errors::kModelBundle, At(last.entry.index) + ", by " + Joined(last.entry.signers) +
                                          ", has released this model with other papers than these");
  }
  const TimePoint time{std::chrono::seconds(same->release.time)};
  return std::vector<bundle::Line>{
      {"log", "the log of " + std::to_string(log.head.size) + " entries goes on from the bundle's head"},
      {"log", At(same->entry.index) + ", by " + Joined(same->entry.signers) + " at " + FormatTime(time) +
                  ": this model, with these papers"}};
}

}  // namespace accord::cli
