// fuzz-deps: accord_crypto
// Certificates, requests and keys in PEM from peers and files; a certificate that parses keeps its meaning
// when it is written and read again.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "crypto/ed25519.h"
#include "crypto/x509.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::crypto;
  const accord::ByteView input(data, size);
  if (const auto chain = Certificate::ChainFromPem(accord::AsText(input)); chain.ok()) {
    for (const Certificate& certificate : *chain) {
      const auto again = Certificate::FromPem(certificate.pem());
      ACCORD_CHECK(again.ok() && again->info().fingerprint == certificate.info().fingerprint);
      (void)VerifyLeaf(certificate, chain->back(), certificate.info().not_before);
    }
  }
  (void)CheckCsr(accord::AsText(input));
  // OpenSSL sets up a dozen decoders for each attempt at a key, a hundred times the cost of the rest.
  if (accord::AsText(input).find("PRIVATE KEY") != std::string_view::npos) {
    (void)P256Key::FromPem(input);
    (void)Ed25519Key::FromPem(input);
  }
  return 0;
}
