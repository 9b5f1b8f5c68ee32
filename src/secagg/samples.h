// Uniform elements of the field from a keystream (secagg.md 7.3): Shamir's coefficients, the MAC's points and
// pads, masks of tags. One object serves one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/text.h"
#include "crypto/prg.h"
#include "secagg/secret_words.h"

namespace accord::secagg {

// The low 61 bits of a keystream word; nullopt for the one value that is no element, 2^61 - 1.
[[nodiscard]] std::optional<std::uint64_t> FieldSampleOf(std::uint64_t word);

// Successive samples of Keystream(key) from its first byte.
class FieldSamples {
 public:
  // `key` has 32 bytes.
  explicit FieldSamples(ByteView key);
  ~FieldSamples();
  FieldSamples(const FieldSamples&) = delete;
  FieldSamples& operator=(const FieldSamples&) = delete;

  [[nodiscard]] std::uint64_t Next();

 private:
  crypto::Keystream stream_;
  std::array<std::uint64_t, 64> words_{};
  std::size_t next_ = words_.size();  // in words_; at the end when it must be filled
  std::uint64_t place_ = 0;           // of the next word of the stream
};

// Two elements, for c = 1 and 2, that are cleansed at their end. The value of a point, a pad or a mask.
class SecretPair {
 public:
  // The first two samples of `key`.
  explicit SecretPair(ByteView key);
  explicit SecretPair(const std::array<std::uint64_t, 2>& values) : values_(values) {}
  ~SecretPair();
  SecretPair(const SecretPair&) = delete;
  SecretPair& operator=(const SecretPair&) = delete;
  SecretPair(SecretPair&& other) noexcept;
  SecretPair& operator=(SecretPair&& other) noexcept;

  [[nodiscard]] std::uint64_t operator[](std::size_t c) const { return values_[c]; }

 private:
  std::array<std::uint64_t, 2> values_;
};

}  // namespace accord::secagg
