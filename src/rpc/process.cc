#include "rpc/process.h"

#include <malloc.h>

#include <cstdlib>
#include <string_view>

namespace accord::rpc {
namespace {

constexpr const char* kCipherVariable = "GRPC_SSL_CIPHER_SUITES";
// No TLS 1.2 peer can negotiate this suite without a pre-shared key, and the suites of TLS 1.3 are not chosen
// here.
constexpr const char* kNoTls12 = "PSK-AES128-GCM-SHA256";

}  // namespace

void ForceTls13() { setenv(kCipherVariable, kNoTls12, 1); }

bool Tls13Forced() {
  const char* value = std::getenv(kCipherVariable);
  return value != nullptr && std::string_view(value) == kNoTls12;
}

void TuneMalloc() {
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  mallopt(M_MMAP_THRESHOLD, 128 << 20);
}

void TrimMalloc() { malloc_trim(0); }

}  // namespace accord::rpc
