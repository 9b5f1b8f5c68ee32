// Strong ids and digests: fixed bytes that cannot be mixed up, ordered by unsigned bytes (memcmp).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace accord {

// N bytes of the kind Tag. Value type; all zero when default constructed.
template <class Tag, std::size_t N>
struct FixedBytes {
  static constexpr std::size_t kSize = N;
  std::array<std::uint8_t, N> bytes{};

  friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
  [[nodiscard]] bool IsZero() const { return *this == FixedBytes{}; }

  [[nodiscard]] std::string Hex() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * N);
    for (const std::uint8_t byte : bytes) {
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
    return text;
  }

  // Exactly 2N lower- or upper-case hex digits; nothing else.
  [[nodiscard]] static std::optional<FixedBytes> FromHex(std::string_view text) {
    if (text.size() != 2 * N) return std::nullopt;
    FixedBytes out;
    for (std::size_t i = 0; i < 2 * N; ++i) {
      const char c = text[i];
      int digit = 0;
      if (c >= '0' && c <= '9') {
        digit = c - '0';
      } else if (c >= 'a' && c <= 'f') {
        digit = c - 'a' + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = c - 'A' + 10;
      } else {
        return std::nullopt;
      }
      out.bytes[i / 2] = static_cast<std::uint8_t>(out.bytes[i / 2] * 16 + digit);
    }
    return out;
  }

  // Exactly N raw bytes.
  [[nodiscard]] static std::optional<FixedBytes> FromBytes(std::string_view raw) {
    if (raw.size() != N) return std::nullopt;
    FixedBytes out;
    for (std::size_t i = 0; i < N; ++i) out.bytes[i] = static_cast<std::uint8_t>(raw[i]);
    return out;
  }
  [[nodiscard]] std::string_view View() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

// SHA-256 of something; ModelHash is the digest of a safetensors file.
using Digest = FixedBytes<struct DigestTag, 32>;
// SHA-256 of plan bytes and submission token (of the proposal, once there are proposals).
using JobId = FixedBytes<struct JobIdTag, 32>;
// The first 16 bytes of SHA-256 of the node's SPIFFE id (governance.md h).
using NodeId = FixedBytes<struct NodeIdTag, 16>;

// Rounds of a job count from 1. Attempts of a round count from 0 (secagg.md 2.1).
struct RoundId {
  std::uint64_t value = 0;
  friend auto operator<=>(const RoundId&, const RoundId&) = default;
  [[nodiscard]] RoundId Next() const { return {value + 1}; }
};
struct AttemptId {
  std::uint32_t value = 0;
  friend auto operator<=>(const AttemptId&, const AttemptId&) = default;
  [[nodiscard]] AttemptId Next() const { return {value + 1}; }
};

}  // namespace accord

template <class Tag, std::size_t N>
struct std::hash<accord::FixedBytes<Tag, N>> {
  std::size_t operator()(const accord::FixedBytes<Tag, N>& id) const noexcept {
    return std::hash<std::string_view>{}(id.View());
  }
};
