#include "crypto/aes_gcm.h"

#include <algorithm>

#include "base/check.h"
#include "base/errors.h"
#include "crypto/openssl_internal.h"

namespace accord::crypto {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxBytes = 1U << 30;  // of one call into OpenSSL, whose lengths are ints

const EVP_CIPHER* Cipher() {
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  ACCORD_CHECK(kCipher != nullptr);
  return kCipher;
}

// A context that has taken in the aad; 1 seals, 0 opens.
CipherCtxPtr Begin(int seal, ByteView key, const GcmNonce& nonce, ByteView aad) {
  ACCORD_CHECK(key.size() == kKeyBytes && aad.size() < kMaxBytes);
  CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
  ACCORD_CHECK(ctx != nullptr);
  ACCORD_CHECK(EVP_CipherInit_ex2(ctx.get(), Cipher(), key.data(), nonce.data(), seal, nullptr) == 1);
  int size = 0;
  ACCORD_CHECK(aad.empty() ||
               EVP_CipherUpdate(ctx.get(), nullptr, &size, aad.data(), static_cast<int>(aad.size())) == 1);
  return ctx;
}

void Transform(EVP_CIPHER_CTX* ctx, ByteView in, std::uint8_t* out) {
  ACCORD_CHECK(in.size() < kMaxBytes);
  int size = 0;
  ACCORD_CHECK(in.empty() || EVP_CipherUpdate(ctx, out, &size, in.data(), static_cast<int>(in.size())) == 1);
}

}  // namespace

Bytes GcmSeal(ByteView key, const GcmNonce& nonce, ByteView aad, ByteView plaintext) {
  const CipherCtxPtr ctx = Begin(1, key, nonce, aad);
  Bytes sealed(plaintext.size() + kGcmTagBytes);
  Transform(ctx.get(), plaintext, sealed.data());
  std::uint8_t* const tag = sealed.data() + plaintext.size();
  int size = 0;
  ACCORD_CHECK(EVP_CipherFinal_ex(ctx.get(), tag, &size) == 1);
  ACCORD_CHECK(EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag) == 1);
  return sealed;
}

Result<ZeroizingBytes> GcmOpen(ByteView key, const GcmNonce& nonce, ByteView aad, ByteView sealed) {
  const ErrorScope scope;
  if (sealed.size() < kGcmTagBytes) return Fail(errors::kSecaggBadCiphertext, "shorter than its tag");
  const ByteView text = sealed.first(sealed.size() - kGcmTagBytes);
  std::array<std::uint8_t, kGcmTagBytes> tag;
  std::copy(sealed.end() - kGcmTagBytes, sealed.end(), tag.begin());
  const CipherCtxPtr ctx = Begin(0, key, nonce, aad);
  ZeroizingBytes plaintext(text.size());
  Transform(ctx.get(), text, plaintext.bytes().data());
  ACCORD_CHECK(EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag.data()) == 1);
  std::uint8_t none = 0;
  int size = 0;
  if (EVP_CipherFinal_ex(ctx.get(), &none, &size) != 1) {
    return Fail(errors::kSecaggBadCiphertext, "the tag does not fit");
  }
  return plaintext;
}

}  // namespace accord::crypto
