#include "secagg/encode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "crypto/hkdf.h"
#include "crypto/sha256.h"
#include "secagg/encode_kernel.h"

namespace accord::secagg {
namespace {

// Both with the zero byte that ends them.
constexpr std::string_view kRoundingLabel("FSA-1/rounding\0", 15);
constexpr std::string_view kNoiseLabel("FSA-1/round/noise\0", 18);

// Coordinates worked on at a time: their draws and integers stay in the first cache.
constexpr std::size_t kBlock = 4096;

}  // namespace

Digest RoundingSeed(std::uint64_t job_seed, RoundId round, const NodeId& node) {
  return crypto::Sha256::Of(Writer().Raw(kRoundingLabel).U64(job_seed).U64(round.value).Fixed(node).bytes());
}

crypto::ZeroizingBytes NoiseKey(ByteView seed) { return crypto::HkdfExpand(seed, AsBytes(kNoiseLabel)); }

Result<CheckedDelta> CheckDelta(const Encoding& encoding, std::span<const float> delta) {
  if (delta.size() != encoding.coordinates) {
    return Fail(errors::kSecaggWrongLength, "the update has " + std::to_string(delta.size()) +
                                                " values, not " + std::to_string(encoding.coordinates));
  }
  const Scan scan = ScanDelta(Widths().back(), delta, encoding.clip);
  if (scan.not_finite == 0) return CheckedDelta{.values = delta, .clipped = scan.clipped};
  const auto bad = std::ranges::find_if(delta, [](float value) { return !std::isfinite(value); });
  return Fail(errors::kUpdateNotFinite,
              "value " + std::to_string(bad - delta.begin()) + " of the update is " + std::to_string(*bad));
}

Result<Encoder> Encoder::Create(const Encoding& encoding, CheckedDelta delta,
                                std::vector<std::uint64_t> headers, ByteView noise_key) {
  if (headers.size() != encoding.headers.size()) {
    return Fail(errors::kSecaggWrongLength, std::to_string(headers.size()) + " header values, not " +
                                                std::to_string(encoding.headers.size()));
  }
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (headers[i] <= encoding.headers[i].max) continue;
    return Fail(errors::kSecaggRange, "header '" + encoding.headers[i].name + "' is " +
                                          std::to_string(headers[i]) + ", at most " +
                                          std::to_string(encoding.headers[i].max));
  }
  ACCORD_CHECK(delta.values.size() == encoding.coordinates);
  return Encoder(encoding, delta, std::move(headers), noise_key);
}

Encoder::Encoder(const Encoding& encoding, CheckedDelta delta, std::vector<std::uint64_t> headers,
                 ByteView noise_key)
    : encoding_(encoding), delta_(delta), headers_(std::move(headers)), noise_(noise_key) {}

void Encoder::Encode(std::uint64_t first, std::span<std::uint64_t> out) {
  ACCORD_CHECK(first <= encoding_.Words() && out.size() <= encoding_.Words() - first);
  while (first < headers_.size() && !out.empty()) {
    out.front() = headers_[first++];
    out = out.subspan(1);
  }
  if (!out.empty()) EncodePacked(first - headers_.size(), out);
}

// `first` counts packed words.
void Encoder::EncodePacked(std::uint64_t first, std::span<std::uint64_t> out) {
  const Scaling scaling{.clip = encoding_.clip,
                        .gain = encoding_.Scale() * (static_cast<double>(headers_[1]) / 4294967295.0),
                        .limit = static_cast<std::uint32_t>(encoding_.Limit())};
  const Width width = Widths().back();
  const std::uint32_t per_word = encoding_.FieldsPerWord();
  const std::size_t block_words = kBlock / per_word;
  std::array<std::uint32_t, kBlock> draws;
  std::array<std::uint32_t, kBlock> fields;
  while (!out.empty()) {
    const std::size_t words = std::min(out.size(), block_words);
    const std::uint64_t begin = first * per_word;
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(words * per_word, encoding_.coordinates - begin));
    noise_.FillU32(begin, std::span(draws).first(count));
    RoundBlock(width, scaling, delta_.values.subspan(begin, count), draws.data(), fields.data());
    PackBlock(fields.data(), count, per_word, encoding_.field_bits, out.data());
    first += words;
    out = out.subspan(words);
  }
}

}  // namespace accord::secagg
