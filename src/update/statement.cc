#include "update/statement.h"

#include <string_view>
#include <utility>

#include "base/codec.h"
#include "crypto/sha256.h"

namespace accord::update {
namespace {

// Both with the zero byte that ends them.
constexpr std::string_view kConfigLabel("accord/train-cfg/v1\0", 20);
constexpr std::string_view kModelLabel("accord/model/v1\0", 16);

}  // namespace

Digest TrainConfigHash(const JobId& job, round::Purpose purpose) {
  return crypto::Sha256::Of(
      Writer().Raw(kConfigLabel).Fixed(job).U8(static_cast<std::uint8_t>(purpose)).bytes());
}

Bytes ModelStatement(const Digest& ctx, const Digest& model_hash) {
  Writer writer;
  writer.Raw(kModelLabel).Fixed(ctx).Fixed(model_hash);
  return std::move(writer).Take();
}

}  // namespace accord::update
