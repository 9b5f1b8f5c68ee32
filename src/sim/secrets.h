// Secret values of an attempt that follow from a number: for simulations alone.
#pragma once

#include "base/codec.h"
#include "crypto/sha256.h"
#include "secagg/secrets.h"

namespace accord::sim {

class Secrets final : public secagg::Secrets {
 public:
  explicit Secrets(std::uint64_t seed) : seed_(seed) {}
  [[nodiscard]] crypto::ZeroizingBytes Draw(secagg::SecretName name) override {
    return Value(Writer().U64(seed_).U8(static_cast<std::uint8_t>(name)), 32);
  }
  [[nodiscard]] crypto::ZeroizingBytes DrawBlind(secagg::ShareKind kind, const NodeId& receiver) override {
    return Value(Writer().U64(seed_).U8(static_cast<std::uint8_t>(kind)).Fixed(receiver), 16);
  }

 private:
  static crypto::ZeroizingBytes Value(const Writer& name, std::size_t size) {
    return crypto::ZeroizingBytes::CopyOf(ByteView(crypto::Sha256::Of(name.bytes()).bytes).first(size));
  }
  const std::uint64_t seed_;
};

}  // namespace accord::sim
