#include "base/check.h"
#include "base/errors.h"
#include "base/file.h"
#include "crypto/x509_internal.h"

namespace accord::crypto {

P256Key::P256Key(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
P256Key::~P256Key() = default;
P256Key::P256Key(P256Key&&) noexcept = default;
P256Key& P256Key::operator=(P256Key&&) noexcept = default;

P256Key P256Key::Generate() {
  PkeyPtr key(EVP_EC_gen("P-256"));
  ACCORD_CHECK(key != nullptr);
  return P256Key(std::make_unique<Impl>(Impl{std::move(key)}));
}

Result<P256Key> P256Key::FromPem(ByteView pem) {
  const ErrorScope scope;
  PkeyPtr key = PrivateKeyFromPem(pem);
  if (!IsP256(key.get())) return Fail(errors::kKeyMalformed, "not a P-256 private key in PEM");
  return P256Key(std::make_unique<Impl>(Impl{std::move(key)}));
}

Result<P256Key> P256Key::Load(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const ZeroizingBytes pem, ReadSecretFile(path));
  return FromPem(pem.view());
}

ZeroizingBytes P256Key::ToPem() const { return PrivateKeyToPem(impl_->key.get()); }

Status P256Key::Save(const std::filesystem::path& path) const {
  return WriteFileAtomic(path, ToPem().view(), FileMode::kPrivate);
}

Digest P256Key::SpkiHash() const { return SpkiHashOf(impl_->key.get()); }

Bytes P256Key::Sign(ByteView message) const {
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  ACCORD_CHECK(ctx != nullptr);
  ACCORD_CHECK(
      EVP_DigestSignInit_ex(ctx.get(), nullptr, "SHA256", nullptr, nullptr, impl_->key.get(), nullptr) == 1);
  std::size_t size = 0;
  ACCORD_CHECK(EVP_DigestSign(ctx.get(), nullptr, &size, message.data(), message.size()) == 1);
  Bytes signature(size);
  ACCORD_CHECK(EVP_DigestSign(ctx.get(), signature.data(), &size, message.data(), message.size()) == 1);
  signature.resize(size);  // DER of two integers: the first call gives the upper bound
  return signature;
}

}  // namespace accord::crypto
