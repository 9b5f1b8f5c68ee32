// The bundle of a released model (governance.md g): a directory that shows, without asking anybody, who
// decided on the training, on which data, and who vouches for what came of it.
//
//   model.safetensors       the model
//   model.sig               a member's release key over all files but itself and the next (model_signature.h)
//   provenance.dsse.json    what the model was made of, signed by as many members as decide on a job
//   release-key.pem         the release key; its hash is in the charter
//   charter.json            the versions of the charter (job_record.h)
//   job-bundle.json         proposal, votes, rounds, and the log's head
//   job.toml                the plan that was voted on
//   datasets/HEX.json       certificates of data sets, by the SHA-256 of their payload; with
//   datasets/HEX.croissant.json  their public descriptions
//   *.tlog-proof            that each of these is in the log, under that one head
//   tlog-policy             the log and its witnesses, for tools that others wrote
//   bom.cdx.json            the bill of materials (bom.h)
//   training-summary.json   what it was trained on, as the EU asks for it (training_summary.h)
//
// Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"

namespace accord::bundle {

inline constexpr std::string_view kModelFile = "model.safetensors", kSignatureFile = "model.sig",
                                  kProvenanceFile = "provenance.dsse.json",
                                  kReleaseKeyFile = "release-key.pem", kCharterFile = "charter.json",
                                  kJobFile = "job-bundle.json", kPlanFile = "job.toml",
                                  kPolicyFile = "tlog-policy", kBomFile = "bom.cdx.json",
                                  kSummaryFile = "training-summary.json", kDatasets = "datasets/",
                                  kProof = ".tlog-proof";
// Of any file but the model.
inline constexpr std::size_t kMaxFileBytes = 64 << 20;
inline constexpr std::size_t kMaxFiles = 100'000;

// By the parts of the path, one after the other, each by its bytes: the order in which model signatures list
// files (model_signing sorts Python's PurePath).
struct PathOrder {
  using is_transparent = void;
  [[nodiscard]] bool operator()(std::string_view a, std::string_view b) const;
};
template <class T>
using ByPath = std::map<std::string, T, PathOrder>;

struct Contents {
  ByPath<Bytes> files;  // by path from the bundle's directory, with "/"; all but the model
  Digest model;         // SHA-256 of model.safetensors

  // `model.bundle` when it is not there.
  [[nodiscard]] Result<ByteView> Find(std::string_view file) const;
};

// Of each file that model.sig is over, the model among them.
[[nodiscard]] ByPath<Digest> SignedFiles(const Contents& contents);

// `model.bundle`: this file, and why it is refused.
[[nodiscard]] Status Refuse(std::string_view file, const std::string& why);

}  // namespace accord::bundle
