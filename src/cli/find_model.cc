#include "cli/find_model.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/errors.h"
#include "base/text.h"

namespace accord::cli {
namespace {

constexpr std::size_t kMinPrefix = 6;

bool FitsId(std::string_view hex, std::string_view prefix) {
  return prefix.size() >= kMinPrefix && hex.starts_with(prefix);
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text;
}

}  // namespace

Result<FoundModel> FindModel(const std::vector<rpc::ModelView>& models, const std::string& ref) {
  const std::string hex = Lower(ref);
  const rpc::ModelView* found = nullptr;
  const auto by_hash = [&](const rpc::ModelView& m) { return FitsId(m.hash.Hex(), hex); };
  const auto by_job = [&](const rpc::ModelView& m) { return FitsId(m.job.Hex(), hex); };
  const auto by_name = [&](const rpc::ModelView& m) { return m.job_name == ref; };
  const std::array<std::function<bool(const rpc::ModelView&)>, 3> ways{by_hash, by_job, by_name};
  for (const auto& fits : ways) {
    for (const rpc::ModelView& model : models) {
      if (!fits(model)) continue;
      if (found != nullptr && found->job != model.job && found->hash != model.hash)
        return Fail(errors::kModelAmbiguous, "\"" + Printable(ref, 64) + "\" fits several models.");
      if (found == nullptr || std::pair(model.final, model.round) > std::pair(found->final, found->round))
        found = &model;
    }
    if (found != nullptr) return FoundModel{found->hash, found->job, found->round};
  }
  // A full hash may name an older model that the list leaves out.
  if (const auto digest = Digest::FromHex(hex)) return FoundModel{*digest, {}, {}};
  return Fail(errors::kModelNotFound,
              "No model and no job with a model fits \"" + Printable(ref, 64) + "\".");
}

}  // namespace accord::cli
