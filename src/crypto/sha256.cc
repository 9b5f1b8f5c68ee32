#include "crypto/sha256.h"

#include "base/check.h"
#include "crypto/openssl_internal.h"

namespace accord::crypto {
namespace {

const EVP_MD* Algorithm() {
  static const EVP_MD* const kMd = EVP_MD_fetch(nullptr, "SHA256", nullptr);  // once a process
  ACCORD_CHECK(kMd != nullptr);
  return kMd;
}

}  // namespace

struct Sha256::State {
  MdCtxPtr ctx{EVP_MD_CTX_new()};
  void Begin() const {
    ACCORD_CHECK(ctx != nullptr && EVP_DigestInit_ex2(ctx.get(), Algorithm(), nullptr) == 1);
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->Begin(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::Update(ByteView bytes) {
  ACCORD_CHECK(EVP_DigestUpdate(state_->ctx.get(), bytes.data(), bytes.size()) == 1);
  return *this;
}

Digest Sha256::Finish() {
  Digest digest;
  ACCORD_CHECK(EVP_DigestFinal_ex(state_->ctx.get(), digest.bytes.data(), nullptr) == 1);
  state_->Begin();
  return digest;
}

Digest Sha256::Of(ByteView bytes) {
  thread_local Sha256 hash;  // a context costs as much as hashing a few hundred bytes
  return hash.Update(bytes).Finish();
}

}  // namespace accord::crypto
