#include "crypto/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/check.h"
#include "crypto/openssl_internal.h"

namespace accord::crypto {
namespace {

using KdfCtxPtr = std::unique_ptr<EVP_KDF_CTX, OpensslFree<EVP_KDF_CTX_free>>;

OSSL_PARAM Octets(const char* name, ByteView bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}

// One step of HKDF: `extra` is the salt of Extract or the info of Expand.
void Derive(int mode, ByteView key, const char* extra_name, ByteView extra, std::span<std::uint8_t> out) {
  static EVP_KDF* const kKdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);  // once a process
  const KdfCtxPtr ctx(EVP_KDF_CTX_new(kKdf));
  ACCORD_CHECK(ctx != nullptr);
  char digest[] = "SHA256";
  OSSL_PARAM params[5];
  std::size_t count = 0;
  params[count++] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
  params[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
  params[count++] = Octets(OSSL_KDF_PARAM_KEY, key);
  if (!extra.empty()) params[count++] = Octets(extra_name, extra);
  params[count] = OSSL_PARAM_construct_end();
  ACCORD_CHECK(EVP_KDF_derive(ctx.get(), out.data(), out.size(), params) == 1);
}

}  // namespace

ZeroizingBytes HkdfExtract(ByteView salt, ByteView ikm) {
  ZeroizingBytes prk(32);
  Derive(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, ikm, OSSL_KDF_PARAM_SALT, salt, prk.bytes());
  return prk;
}

ZeroizingBytes HkdfExpand(ByteView prk, ByteView info, std::size_t length) {
  ACCORD_CHECK(prk.size() >= 32 && length >= 1 && length <= 255 * 32);
  ZeroizingBytes key(length);
  Derive(EVP_KDF_HKDF_MODE_EXPAND_ONLY, prk, OSSL_KDF_PARAM_INFO, info, key.bytes());
  return key;
}

}  // namespace accord::crypto
