#include "crypto/ed25519.h"

#include "base/check.h"
#include "base/errors.h"
#include "base/file.h"
#include "crypto/openssl_internal.h"
#include "crypto/random.h"

namespace accord::crypto {

namespace {

constexpr const char* kType = "ED25519";
constexpr std::size_t kSeedBytes = 32;

}  // namespace

struct Ed25519Key::Impl {
  ZeroizingBytes seed;
  Ed25519PublicKey public_key;

  [[nodiscard]] PkeyPtr Pair() const { return RawKeyPair(kType, seed.view(), public_key.bytes); }
};

Ed25519Key::Ed25519Key(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ed25519Key::~Ed25519Key() = default;
Ed25519Key::Ed25519Key(Ed25519Key&&) noexcept = default;
Ed25519Key& Ed25519Key::operator=(Ed25519Key&&) noexcept = default;

Ed25519Key Ed25519Key::Generate() { return FromSeed(RandomSecret(32).view()); }

Ed25519Key Ed25519Key::FromSeed(ByteView seed) {
  ACCORD_CHECK(seed.size() == kSeedBytes);
  const PkeyPtr key = RawKeyPair(kType, seed);
  Ed25519PublicKey public_key;
  std::size_t size = public_key.bytes.size();
  ACCORD_CHECK(EVP_PKEY_get_raw_public_key(key.get(), public_key.bytes.data(), &size) == 1);
  return Ed25519Key(std::make_unique<Impl>(Impl{ZeroizingBytes::CopyOf(seed), public_key}));
}

Result<Ed25519Key> Ed25519Key::FromPem(ByteView pem) {
  const ErrorScope scope;
  const PkeyPtr key = PrivateKeyFromPem(pem);
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) {
    return Fail(errors::kKeyMalformed, "not an Ed25519 private key in PEM");
  }
  ZeroizingBytes seed(kSeedBytes);
  std::size_t size = seed.size();
  ACCORD_CHECK(EVP_PKEY_get_raw_private_key(key.get(), seed.bytes().data(), &size) == 1 &&
               size == kSeedBytes);
  return FromSeed(seed.view());
}

Result<Ed25519Key> Ed25519Key::Load(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const ZeroizingBytes pem, ReadSecretFile(path));
  return FromPem(pem.view());
}

Ed25519PublicKey Ed25519Key::PublicKey() const { return impl_->public_key; }

Ed25519Signature Ed25519Key::Sign(ByteView message) const {
  const PkeyPtr key = impl_->Pair();
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  ACCORD_CHECK(ctx != nullptr);
  ACCORD_CHECK(EVP_DigestSignInit_ex(ctx.get(), nullptr, nullptr, nullptr, nullptr, key.get(), nullptr) == 1);
  Ed25519Signature signature;
  std::size_t size = signature.bytes.size();
  ACCORD_CHECK(EVP_DigestSign(ctx.get(), signature.bytes.data(), &size, message.data(), message.size()) == 1);
  return signature;
}

ZeroizingBytes Ed25519Key::ToPem() const { return PrivateKeyToPem(impl_->Pair().get()); }

Status Ed25519Key::Save(const std::filesystem::path& path) const {
  return WriteFileAtomic(path, ToPem().view(), FileMode::kPrivate);
}

bool Ed25519Verify(const Ed25519PublicKey& key, ByteView message, const Ed25519Signature& signature) {
  const ErrorScope scope;
  const PkeyPtr pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  ACCORD_CHECK(ctx != nullptr);
  return pkey != nullptr &&
         EVP_DigestVerifyInit_ex(ctx.get(), nullptr, nullptr, nullptr, nullptr, pkey.get(), nullptr) == 1 &&
         EVP_DigestVerify(ctx.get(), signature.bytes.data(), signature.bytes.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace accord::crypto
