// Where the secret values of a node's attempt come from (secagg.md 7.3 end): each is drawn once, by its name.
// In production all are fresh random bytes; frozen vectors draw them by a rule that lives with the tests.
#pragma once

#include <cstdint>

#include "accord/ids.h"
#include "crypto/zeroizing.h"
#include "secagg/commitments.h"

namespace accord::secagg {

enum class SecretName : std::uint8_t {
  kChannelKey,        // sk_c
  kMaskSeed,          // m
  kSelfSeed,          // b
  kMacKey,            // kd
  kNoiseSeed,         // noise
  kGraphNonce,        // graph
  kSelfCoefficients,  // coef_b
  kMaskCoefficients,  // coef_m
};

// One object serves one attempt and one thread at a time.
class Secrets {
 public:
  virtual ~Secrets() = default;
  // 32 bytes.
  [[nodiscard]] virtual crypto::ZeroizingBytes Draw(SecretName name) = 0;
  // 16 bytes that hide the share of this kind for `receiver`.
  [[nodiscard]] virtual crypto::ZeroizingBytes DrawBlind(ShareKind kind, const NodeId& receiver) = 0;
};

// From the private generator of crypto/random.h.
class RandomSecrets final : public Secrets {
 public:
  [[nodiscard]] crypto::ZeroizingBytes Draw(SecretName name) override;
  [[nodiscard]] crypto::ZeroizingBytes DrawBlind(ShareKind kind, const NodeId& receiver) override;
};

}  // namespace accord::secagg
