#include "secagg/secrets.h"

#include "crypto/random.h"
#include "secagg/bodies.h"

namespace accord::secagg {

crypto::ZeroizingBytes RandomSecrets::Draw(SecretName /*name*/) { return crypto::RandomSecret(kSecretBytes); }

crypto::ZeroizingBytes RandomSecrets::DrawBlind(ShareKind /*kind*/, const NodeId& /*receiver*/) {
  return crypto::RandomSecret(kBlindBytes);
}

}  // namespace accord::secagg
