#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <optional>

#include "base/check.h"
#include "base/errors.h"
#include "crypto/sha256.h"
#include "crypto/x509_internal.h"

namespace accord::crypto {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;
using StorePtr = std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>>;
using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>>;

constexpr std::size_t kMaxPemBytes = 64 << 10;
constexpr std::size_t kMaxChain = 16;

std::optional<TimePoint> TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return TimePoint(std::chrono::seconds(::timegm(&parts)));
}

// The one URI name; nullopt when there is none, more than one, or more than one list of names.
std::optional<std::string> UriOf(const X509* x509) {
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  std::optional<std::string> uri;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    if (uri) return std::nullopt;
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    uri.emplace(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return uri;
}

std::string SerialOf(const X509* x509) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x509);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (int i = 0; i < ASN1_STRING_length(serial); ++i) {
    const std::uint8_t byte = ASN1_STRING_get0_data(serial)[i];
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

void ReadUsages(X509* x509, CertificateInfo& info) {
  const std::uint32_t flags = X509_get_extension_flags(x509);
  info.is_ca = (flags & EXFLAG_CA) != 0;
  // Without the extension OpenSSL answers "all": here what is not said is not allowed.
  const std::uint32_t usage = (flags & EXFLAG_KUSAGE) != 0 ? X509_get_key_usage(x509) : 0;
  info.digital_signature = (usage & KU_DIGITAL_SIGNATURE) != 0;
  info.key_cert_sign = (usage & KU_KEY_CERT_SIGN) != 0;
  info.crl_sign = (usage & KU_CRL_SIGN) != 0;
  const std::uint32_t extended = (flags & EXFLAG_XKUSAGE) != 0 ? X509_get_extended_key_usage(x509) : 0;
  info.server_auth = (extended & XKU_SSL_SERVER) != 0;
  info.client_auth = (extended & XKU_SSL_CLIENT) != 0;
}

std::string PemOf(const X509* x509) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ACCORD_CHECK(bio != nullptr && PEM_write_bio_X509(bio.get(), x509) == 1);
  return std::string(AsText(BioContent(bio.get())));
}

std::optional<Digest> FingerprintOf(const X509* x509) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(x509, &der);
  if (size <= 0) return std::nullopt;
  const Digest digest = Sha256::Of(ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return digest;
}

Status Malformed(const std::string& why) { return Fail(errors::kCertMalformed, "certificate: " + why); }

// The chain of the leaf to this one CA, dates aside.
Status CheckChain(const Certificate& leaf, const Certificate& ca) {
  const StorePtr store(X509_STORE_new());
  const StoreCtxPtr ctx(X509_STORE_CTX_new());
  ACCORD_CHECK(store != nullptr && ctx != nullptr);
  ACCORD_CHECK(X509_STORE_add_cert(store.get(), ca.impl().x509.get()) == 1);
  // The CA's own signature, too: a peer may have sent it, and what is pinned is its key alone.
  ACCORD_CHECK(
      X509_STORE_set_flags(store.get(), X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_CHECK_SS_SIGNATURE) == 1);
  ACCORD_CHECK(X509_STORE_CTX_init(ctx.get(), store.get(), leaf.impl().x509.get(), nullptr) == 1);
  if (X509_verify_cert(ctx.get()) == 1) return {};
  return Fail(errors::kCertChain, leaf.info().uri + " is not signed by the CA of " + ca.info().uri + ": " +
                                      X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx.get())));
}

Status CheckDates(const Certificate& certificate, TimePoint now) {
  const CertificateInfo& info = certificate.info();
  if (now < info.not_before) {
    return Fail(errors::kAuthExpired, "the certificate of " + info.uri + " begins at " +
                                          FormatTime(info.not_before) + "; it is " + FormatTime(now));
  }
  if (now > info.not_after) {
    return Fail(errors::kAuthExpired, "the certificate of " + info.uri + " ended at " +
                                          FormatTime(info.not_after) + "; it is " + FormatTime(now));
  }
  return {};
}

}  // namespace

Result<Certificate> WrapCertificate(X509Ptr x509) {
  const ErrorScope scope;
  CertificateInfo info;
  if ((X509_get_extension_flags(x509.get()) & EXFLAG_INVALID) != 0)
    return Malformed("its extensions do not parse");
  const std::optional<std::string> uri = UriOf(x509.get());
  if (!uri) return Malformed("needs exactly one URI name");
  const std::optional<TimePoint> begin = TimeOf(X509_get0_notBefore(x509.get()));
  const std::optional<TimePoint> end = TimeOf(X509_get0_notAfter(x509.get()));
  if (!begin || !end) return Malformed("its dates do not parse");
  EVP_PKEY* key = X509_get0_pubkey(x509.get());
  if (!IsP256(key)) return Malformed("its key is not P-256");
  const std::optional<Digest> fingerprint = FingerprintOf(x509.get());
  if (!fingerprint) return Malformed("cannot be encoded");
  info.uri = Printable(*uri);
  if (info.uri != *uri) return Malformed("its URI name is not printable, or too long");
  info.serial = SerialOf(x509.get());
  info.not_before = *begin;
  info.not_after = *end;
  info.fingerprint = *fingerprint;
  info.spki_hash = SpkiHashOf(key);
  ReadUsages(x509.get(), info);
  std::string pem = PemOf(x509.get());
  return Certificate(std::make_shared<const Certificate::Impl>(
      Certificate::Impl{std::move(x509), std::move(info), std::move(pem)}));
}

Certificate::Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Result<Certificate> Certificate::FromPem(std::string_view pem) {
  ACCORD_ASSIGN_OR_RETURN(std::vector<Certificate> chain, ChainFromPem(pem));
  if (chain.size() != 1) return Malformed("one was expected, the text holds " + std::to_string(chain.size()));
  return chain.front();
}

Result<std::vector<Certificate>> Certificate::ChainFromPem(std::string_view pem) {
  const ErrorScope scope;
  if (pem.size() > kMaxPemBytes) return Malformed("the text is too long");
  const BioPtr bio = ReadBio(AsBytes(pem));
  std::vector<Certificate> chain;
  while (X509Ptr x509{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (chain.size() == kMaxChain) return Malformed("the chain is too long");
    ACCORD_ASSIGN_OR_RETURN(Certificate next, WrapCertificate(std::move(x509)));
    chain.push_back(std::move(next));
  }
  // The clean end of a text is "no further start line"; anything else is a damaged certificate.
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) return Malformed(OpensslReason());
  if (chain.empty()) return Malformed("the text holds none");
  return chain;
}

const CertificateInfo& Certificate::info() const { return impl_->info; }
const std::string& Certificate::pem() const { return impl_->pem; }

bool Certificate::Verifies(ByteView message, ByteView signature) const {
  const ErrorScope scope;
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  ACCORD_CHECK(ctx != nullptr);
  return EVP_DigestVerifyInit_ex(ctx.get(), nullptr, "SHA256", nullptr, nullptr,
                                 X509_get0_pubkey(impl_->x509.get()), nullptr) == 1 &&
         EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

Status VerifyLeaf(const Certificate& leaf, const Certificate& ca, TimePoint now) {
  const ErrorScope scope;
  ACCORD_RETURN_IF_ERROR(CheckChain(leaf, ca));
  ACCORD_RETURN_IF_ERROR(CheckDates(leaf, now));
  ACCORD_RETURN_IF_ERROR(CheckDates(ca, now));
  const CertificateInfo& info = leaf.info();
  if (info.is_ca || info.key_cert_sign || info.crl_sign || !info.digital_signature || !info.server_auth ||
      !info.client_auth) {
    return Fail(errors::kCertUsage, "the certificate of " + info.uri + " is not one of a peer");
  }
  const Result<SpiffeId> identity = SpiffeId::Parse(info.uri);
  if (!identity.ok()) return Fail(errors::kCertUsage, identity.status().message());
  if (ca.info().uri != "spiffe://" + identity->trust_domain) {
    return Fail(errors::kCertChain, info.uri + " does not belong to the trust domain of " + ca.info().uri);
  }
  return {};
}

Status CheckCa(const Certificate& ca, TimePoint now) {
  const ErrorScope scope;
  if (!ca.info().is_ca || !ca.info().key_cert_sign)
    return Fail(errors::kCertUsage, "the certificate of " + ca.info().uri + " is not one of a CA");
  ACCORD_RETURN_IF_ERROR(CheckChain(ca, ca));
  return CheckDates(ca, now);
}

Status CheckKeyMatches(const Certificate& certificate, const P256Key& key) {
  if (certificate.info().spki_hash == key.SpkiHash()) return {};
  return Fail(errors::kCertKeyMismatch,
              "the key is not that of the certificate of " + certificate.info().uri);
}

}  // namespace accord::crypto
