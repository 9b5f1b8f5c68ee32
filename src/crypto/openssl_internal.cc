#include "crypto/openssl_internal.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>
#include <string_view>

#include "base/check.h"
#include "crypto/sha256.h"

namespace accord::crypto {

std::string OpensslReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "unknown reason";
}

BioPtr ReadBio(ByteView bytes) {
  ACCORD_CHECK(bytes.size() < (1U << 30));
  // A null pointer is an error to OpenSSL, an empty text is not.
  const void* const data = bytes.empty() ? "" : static_cast<const void*>(bytes.data());
  BioPtr bio(BIO_new_mem_buf(data, static_cast<int>(bytes.size())));
  ACCORD_CHECK(bio != nullptr);
  return bio;
}

ByteView BioContent(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  ACCORD_CHECK(size >= 0);
  return {reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

PkeyPtr PrivateKeyFromPem(ByteView pem) {
  // Without this callback OpenSSL would ask the terminal for a passphrase.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const BioPtr bio = ReadBio(pem);
  return PkeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
}

PkeyPtr RawKeyPair(const char* type, ByteView private_key, ByteView public_key) {
  const auto octets = [](const char* name, ByteView bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
  };
  std::array<OSSL_PARAM, 3> params{};
  std::size_t count = 0;
  params[count++] = octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key);
  if (!public_key.empty()) params[count++] = octets(OSSL_PKEY_PARAM_PUB_KEY, public_key);
  params[count] = OSSL_PARAM_construct_end();
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  ACCORD_CHECK(ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1);
  EVP_PKEY* key = nullptr;
  ACCORD_CHECK(EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.data()) == 1);
  return PkeyPtr(key);
}

ZeroizingBytes PrivateKeyToPem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));  // cleanses its buffer when freed
  ACCORD_CHECK(bio != nullptr);
  ACCORD_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return ZeroizingBytes::CopyOf(BioContent(bio.get()));
}

bool IsP256(const EVP_PKEY* key) {
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return false;
  char name[64];
  std::size_t size = 0;
  return EVP_PKEY_get_group_name(key, name, sizeof name, &size) == 1 &&
         std::string_view(name, size) == "prime256v1";
}

Bytes SpkiOf(const EVP_PKEY* key) {
  std::uint8_t* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  ACCORD_CHECK(size > 0);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

Digest SpkiHashOf(EVP_PKEY* key) { return Sha256::Of(SpkiOf(key)); }

}  // namespace accord::crypto
