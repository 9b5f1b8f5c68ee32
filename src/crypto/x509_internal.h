// What P256Key and Certificate hold; for the .cc files of this module alone.
#pragma once

#include <memory>
#include <string>

#include "crypto/openssl_internal.h"
#include "crypto/x509.h"

namespace accord::crypto {

struct P256Key::Impl {
  PkeyPtr key;
};

struct Certificate::Impl {
  X509Ptr x509;
  CertificateInfo info;
  std::string pem;
};

// Takes the certificate over and reads its facts: `cert.malformed`.
[[nodiscard]] Result<Certificate> WrapCertificate(X509Ptr x509);

}  // namespace accord::crypto
