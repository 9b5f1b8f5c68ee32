// Owners of OpenSSL objects and its error queue; for the .cc files of this module alone.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "accord/ids.h"
#include "base/text.h"
#include "crypto/zeroizing.h"

namespace accord::crypto {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using PkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using CipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<EVP_CIPHER_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using X509ReqPtr = std::unique_ptr<X509_REQ, OpensslFree<X509_REQ_free>>;

// Takes back every error that the scope pushed on the thread's queue: TLS code that shares the thread must
// not find ours.
class ErrorScope {
 public:
  ErrorScope() { ERR_set_mark(); }
  ~ErrorScope() { ERR_pop_to_mark(); }
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
};
// The newest error in words, or "unknown reason".
[[nodiscard]] std::string OpensslReason();

[[nodiscard]] BioPtr ReadBio(ByteView bytes);
// Everything written to a memory BIO.
[[nodiscard]] ByteView BioContent(BIO* bio);
// A private key in PEM without a passphrase, or null.
[[nodiscard]] PkeyPtr PrivateKeyFromPem(ByteView pem);
// A key pair of X25519 or Ed25519 ("X25519", "ED25519"), 32 bytes each; without a public key it is computed.
// For one use: OpenSSL copies the private key into its ordinary heap, and cleanses it with the object.
[[nodiscard]] PkeyPtr RawKeyPair(const char* type, ByteView private_key, ByteView public_key = {});
// PKCS#8.
[[nodiscard]] ZeroizingBytes PrivateKeyToPem(EVP_PKEY* key);
[[nodiscard]] bool IsP256(const EVP_PKEY* key);
// The DER of the SubjectPublicKeyInfo, and its SHA-256.
[[nodiscard]] Bytes SpkiOf(const EVP_PKEY* key);
[[nodiscard]] Digest SpkiHashOf(EVP_PKEY* key);

}  // namespace accord::crypto
