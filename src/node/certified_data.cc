#include "node/certified_data.h"

#include <algorithm>
#include <chrono>

#include "base/errors.h"
#include "base/log.h"
#include "crypto/random.h"
#include "dataset/verify.h"

namespace accord::node {
namespace {

namespace fs = std::filesystem;

// Links are followed on both sides: what counts is where the bytes are.
Status CheckBelow(const fs::path& file, const fs::path& directory) {
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  const fs::path root = error ? fs::path() : fs::canonical(directory, error);
  if (error) return Fail(errors::kDataMissing, file.string() + ": " + error.message());
  const auto [end, at] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
  if (end == root.end()) return {};
  return Fail(errors::kDatasetChanged,
              file.string() + " is not below " + directory.string() + ", which was certified");
}

}  // namespace

Status CheckCertified(const config::NodeConfig& config, const DatasetConfig& data, const std::string& purpose,
                      TimePoint now) {
  const auto found = config.certificates.find(data.id);
  if (found == config.certificates.end() || found->second.file.empty()) return {};
  const config::NodeConfig::Certificate& wish = found->second;
  ACCORD_ASSIGN_OR_RETURN(const dataset::Signed read, dataset::ReadCertificate(wish.file));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<ledger::VerifierKey> keys, dataset::ParseKeys(wish.keys));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  ACCORD_RETURN_IF_ERROR(CheckCertificate(read.envelope, read.certificate, keys,
                                          static_cast<std::uint64_t>(std::max<std::int64_t>(0, seconds))));
  if (std::ranges::find(read.certificate.purposes, purpose) == read.certificate.purposes.end())
    return Fail(errors::kDatasetPurpose, "the certificate does not allow the purpose " + purpose);
  for (const fs::path& file : {data.path, data.labels, data.eval_path, data.eval_labels}) {
    if (!file.empty()) ACCORD_RETURN_IF_ERROR(CheckBelow(file, wish.directory));
  }
  std::optional<dataset::Sample> sample;
  if (wish.sample > 0) sample = dataset::Sample{wish.sample, crypto::RandomBelow};
  ACCORD_ASSIGN_OR_RETURN(
      const dataset::Verification verification,
      dataset::VerifyDataset(read.certificate, read.manifest(), wish.directory, sample, {}));
  ACCORD_RETURN_IF_ERROR(Demand(verification));
  LogInfo("data.certified", {{"data", data.id},
                             {"certificate", read.envelope.Id().Hex()},
                             {"files", std::to_string(verification.files)},
                             {"read", std::to_string(verification.read)}});
  return {};
}

}  // namespace accord::node
