// One node's update as the benches mask it: n = 10, b = 16, ten million coordinates, nine masks of pairs and
// its own; and the floor of all that, the bare keystream of OpenSSL.
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "base/check.h"
#include "secagg/encode.h"
#include "secagg/mask.h"

namespace accord::bench {

inline constexpr std::uint32_t kNodes = 10;
inline constexpr std::uint64_t kCoordinates = 10'000'000;
inline constexpr std::size_t kTileWords = 4096;  // what a node works on at a time: encode, tag, mask
inline constexpr std::size_t kBlockWords = 16 * kTileWords;  // one chunk; measured in turns with the floor

class MaskedUpdate {
 public:
  MaskedUpdate() : delta_(kCoordinates) {
    std::minstd_rand random(1);
    std::normal_distribution<float> normal(0.0F, 0.02F);
    std::array<float, 4096> pattern;
    for (float& value : pattern) value = normal(random);
    for (std::size_t j = 0; j < delta_.size(); ++j) delta_[j] = pattern[(j * 31) % pattern.size()];
    for (std::uint8_t i = 0; i < kNodes; ++i) keys_.push_back(Bytes(32, i));
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      signed_.push_back({keys_[i], i % 2 == 0 ? secagg::MaskSign::kAdd : secagg::MaskSign::kSubtract});
    }
  }

  [[nodiscard]] const secagg::Encoding& encoding() const { return encoding_; }
  [[nodiscard]] secagg::MaskSet Masks() const { return secagg::MaskSet(signed_); }
  [[nodiscard]] secagg::Encoder MakeEncoder() const {
    auto delta = secagg::CheckDelta(encoding_, delta_);
    ACCORD_CHECK(delta.ok());
    auto encoder = secagg::Encoder::Create(encoding_, *delta, {1, secagg::kOmegaOne}, Bytes(32, 99));
    ACCORD_CHECK(encoder.ok());
    return *std::move(encoder);
  }
  // Whole blocks; the last, short one is not measured.
  [[nodiscard]] std::size_t Blocks() const { return encoding_.Words() / kBlockWords; }
  // From the time of a block to that of the update.
  [[nodiscard]] double Whole(double block_ms) const {
    return block_ms * static_cast<double>(encoding_.Words()) / static_cast<double>(kBlockWords);
  }

 private:
  secagg::Encoding encoding_{.n = kNodes,
                             .bits = 16,
                             .field_bits = secagg::FieldBits(16, kNodes),
                             .coordinates = kCoordinates,
                             .clip = 0.1,
                             .w_max = 1000,
                             .headers = {{"count", 1}, {"omega", secagg::kOmegaOne}}};
  std::vector<float> delta_;
  std::vector<Bytes> keys_;
  std::vector<secagg::SignedKey> signed_;
};

// AES-256-CTR over zeros into a buffer that stays in the first cache.
class BareKeystream {
 public:
  BareKeystream() : ctx_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free) {
    const std::array<std::uint8_t, 32> key{7};
    const std::array<std::uint8_t, 16> iv{};
    ACCORD_CHECK(EVP_EncryptInit_ex(ctx_.get(), EVP_aes_256_ctr(), nullptr, key.data(), iv.data()) == 1);
  }
  void Draw(std::uint64_t bytes) {
    for (; bytes > 0; bytes -= std::min<std::uint64_t>(bytes, out_.size())) {
      int written = 0;
      const auto size = static_cast<int>(std::min<std::uint64_t>(bytes, out_.size()));
      ACCORD_CHECK(EVP_EncryptUpdate(ctx_.get(), out_.data(), &written, zeros_.data(), size) == 1);
    }
  }

 private:
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> ctx_;
  std::vector<std::uint8_t> zeros_ = std::vector<std::uint8_t>(16 << 10);
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(16 << 10);
};

}  // namespace accord::bench
