// The keystream by VAES and AVX-512, four blocks an instruction, for src/crypto/prg.cc alone. Bit-equal to
// OpenSSL's, which does not use them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/text.h"

namespace accord::crypto {

// Whether this CPU and system have what it needs.
[[nodiscard]] bool HasVaes();

// AES-256 in counter mode over zeros, IV = 0^64 || u64_be(block). Only where HasVaes(). Const members may be
// used from several threads.
class VaesKeystream {
 public:
  explicit VaesKeystream(ByteView key);  // 32 bytes
  ~VaesKeystream();
  VaesKeystream(const VaesKeystream&) = delete;
  VaesKeystream& operator=(const VaesKeystream&) = delete;

  // Bytes [first, first + out.size()) of the stream.
  void Fill(std::uint64_t first, std::span<std::uint8_t> out) const;

 private:
  static constexpr std::size_t kRoundKeys = 15;
  alignas(16) std::array<std::uint8_t, 16 * kRoundKeys> round_keys_;
};

}  // namespace accord::crypto
