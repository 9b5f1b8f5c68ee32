#include "crypto/ecdsa.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"
#include "crypto/base64.h"
#include "crypto/openssl_internal.h"

namespace accord::crypto {
namespace {

constexpr std::array<std::string_view, 3> kCurves{"prime256v1", "secp384r1", "secp521r1"};
constexpr std::string_view kPemBegin = "-----BEGIN PUBLIC KEY-----\n", kPemEnd = "-----END PUBLIC KEY-----\n";
constexpr std::size_t kPemLine = 64;

// The key, or null when it is not one that IsEcdsaKey takes.
PkeyPtr ReadKey(ByteView spki) {
  const unsigned char* at = spki.data();
  PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  if (key == nullptr || at != spki.data() + spki.size()) return nullptr;
  char curve[32] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC ||
      EVP_PKEY_get_group_name(key.get(), curve, sizeof curve, &size) != 1 ||
      std::ranges::find(kCurves, std::string_view(curve, size)) == kCurves.end()) {
    return nullptr;
  }
  return key;
}

}  // namespace

bool IsEcdsaKey(ByteView spki) {
  const ErrorScope scope;
  return ReadKey(spki) != nullptr;
}

bool IsP256Key(ByteView spki) {
  const ErrorScope scope;
  return IsP256(ReadKey(spki).get());
}

std::string PublicKeyToPem(ByteView spki) {
  const std::string base64 = ToBase64(spki);
  std::string pem(kPemBegin);
  for (std::size_t at = 0; at < base64.size(); at += kPemLine) pem.append(base64, at, kPemLine).append("\n");
  return pem.append(kPemEnd);
}

std::optional<Bytes> PublicKeyFromPem(std::string_view pem) {
  if (!pem.starts_with(kPemBegin) || !pem.ends_with(kPemEnd) ||
      pem.size() < kPemBegin.size() + kPemEnd.size())
    return std::nullopt;
  std::string base64(pem.substr(kPemBegin.size(), pem.size() - kPemBegin.size() - kPemEnd.size()));
  std::erase(base64, '\n');
  std::optional<Bytes> spki = FromBase64(base64);
  return spki && PublicKeyToPem(*spki) == pem ? spki : std::nullopt;
}

bool EcdsaVerify(ByteView spki, ByteView message, ByteView signature) {
  const ErrorScope scope;
  const PkeyPtr key = ReadKey(spki);
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  ACCORD_CHECK(ctx != nullptr);
  return key != nullptr &&
         EVP_DigestVerifyInit_ex(ctx.get(), nullptr, "SHA256", nullptr, nullptr, key.get(), nullptr) == 1 &&
         EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace accord::crypto
