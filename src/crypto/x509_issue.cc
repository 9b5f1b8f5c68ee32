#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/errors.h"
#include "crypto/random.h"
#include "crypto/x509_internal.h"

namespace accord::crypto {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;
using NamePtr = std::unique_ptr<GENERAL_NAME, OpensslFree<GENERAL_NAME_free>>;
using OctetsPtr = std::unique_ptr<ASN1_OCTET_STRING, OpensslFree<ASN1_OCTET_STRING_free>>;
using BnPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>>;

constexpr std::size_t kMaxCsrBytes = 16 << 10;
constexpr std::size_t kMaxCommonName = 64;  // X.520 ub-common-name

// 16 random bytes with the highest bit 0 and the next 1: positive, never zero, always as long.
void SetRandomSerial(X509* x509) {
  std::array<std::uint8_t, 16> serial{};
  RandomBytes(serial);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7F) | 0x40);
  const BnPtr number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  ACCORD_CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr);
}

void AddNamePart(X509_NAME* name, const char* field, std::string_view value) {
  ACCORD_CHECK(X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC,
                                          reinterpret_cast<const std::uint8_t*>(value.data()),
                                          static_cast<int>(value.size()), -1, 0) == 1);
}

void SetTime(ASN1_TIME* field, TimePoint time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  ACCORD_CHECK(ASN1_TIME_set(field, static_cast<time_t>(seconds)) != nullptr);
}

// `value` is a fixed text of this file, never a name of somebody.
void AddFixedExtension(X509* x509, int nid, const char* value) {
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  ACCORD_CHECK(extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1);
}

Status AddName(GENERAL_NAMES* names, int type, const std::string& text) {
  NamePtr name(a2i_GENERAL_NAME(nullptr, nullptr, nullptr, type, text.c_str(), 0));
  if (name == nullptr || text.find('\0') != std::string::npos) {
    return Fail(errors::kCertMalformed, "'" + Printable(text) + "' cannot be a name in a certificate");
  }
  ACCORD_CHECK(sk_GENERAL_NAME_push(names, name.get()) > 0);
  name.release();
  return {};
}

bool IsDnsName(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

Result<NamesPtr> SubjectNames(const std::string& uri, const std::vector<std::string>& dns_names,
                              const std::vector<std::string>& ip_addresses) {
  NamesPtr names(GENERAL_NAMES_new());
  ACCORD_CHECK(names != nullptr);
  ACCORD_RETURN_IF_ERROR(AddName(names.get(), GEN_URI, uri));
  for (const std::string& dns : dns_names) {
    if (!IsDnsName(dns)) return Fail(errors::kCertMalformed, "'" + Printable(dns) + "' is not a DNS name");
    ACCORD_RETURN_IF_ERROR(AddName(names.get(), GEN_DNS, dns));
  }
  for (const std::string& ip : ip_addresses) ACCORD_RETURN_IF_ERROR(AddName(names.get(), GEN_IPADD, ip));
  return names;
}

void AddSubjectKeyId(X509* x509) {
  const OctetsPtr id(ASN1_OCTET_STRING_new());
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  ACCORD_CHECK(X509_pubkey_digest(x509, EVP_sha1(), hash.data(), &size) == 1);  // RFC 5280 4.2.1.2 (1)
  ACCORD_CHECK(ASN1_OCTET_STRING_set(id.get(), hash.data(), static_cast<int>(size)) == 1);
  ACCORD_CHECK(X509_add1_ext_i2d(x509, NID_subject_key_identifier, id.get(), 0, 0) == 1);
}

void AddAuthorityKeyId(X509* x509, const X509* issuer) {
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, const_cast<X509*>(issuer), x509, nullptr, nullptr, 0);
  const ExtensionPtr extension(
      X509V3_EXT_conf_nid(nullptr, &ctx, NID_authority_key_identifier, "keyid:always"));
  ACCORD_CHECK(extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1);
}

X509Ptr NewX509(EVP_PKEY* key, const Validity& validity) {
  X509Ptr x509(X509_new());
  ACCORD_CHECK(x509 != nullptr && X509_set_version(x509.get(), X509_VERSION_3) == 1);
  ACCORD_CHECK(X509_set_pubkey(x509.get(), key) == 1);
  SetRandomSerial(x509.get());
  SetTime(X509_getm_notBefore(x509.get()), validity.not_before);
  SetTime(X509_getm_notAfter(x509.get()), validity.not_after);
  return x509;
}

Result<X509ReqPtr> ParseCsr(std::string_view pem) {
  if (pem.size() > kMaxCsrBytes) return Fail(errors::kCsrInvalid, "the certificate request is too long");
  X509ReqPtr csr(PEM_read_bio_X509_REQ(ReadBio(AsBytes(pem)).get(), nullptr, nullptr, nullptr));
  if (csr == nullptr) return Fail(errors::kCsrInvalid, "the certificate request does not parse");
  EVP_PKEY* key = X509_REQ_get0_pubkey(csr.get());
  if (!IsP256(key)) return Fail(errors::kCsrInvalid, "the certificate request is not for a P-256 key");
  if (X509_REQ_verify(csr.get(), key) != 1) {
    return Fail(errors::kCsrInvalid, "the certificate request is not signed by its own key");
  }
  return csr;
}

Status CheckIssuer(const P256Key& ca_key, const Certificate& ca, const SpiffeId& identity) {
  if (!ca.info().is_ca || !ca.info().key_cert_sign || ca.info().uri != "spiffe://" + identity.trust_domain) {
    return Fail(errors::kCertUsage, ca.info().uri + " is not the CA for " + identity.Format());
  }
  return CheckKeyMatches(ca, ca_key);
}

}  // namespace

Result<Certificate> MakeCa(const P256Key& key, const std::string& trust_domain, const Validity& validity) {
  const ErrorScope scope;
  if (!IsTrustDomain(trust_domain)) {
    return Fail(errors::kSpiffeInvalid, "'" + Printable(trust_domain) + "' is not a trust domain");
  }
  EVP_PKEY* pkey = key.impl().key.get();
  X509Ptr guard = NewX509(pkey, validity);
  X509* x509 = guard.get();
  X509_NAME* subject = X509_get_subject_name(x509);
  AddNamePart(subject, "O", "Accord CA");
  AddNamePart(subject, "CN", std::string_view(trust_domain).substr(0, kMaxCommonName));
  ACCORD_CHECK(X509_set_issuer_name(x509, subject) == 1);
  AddFixedExtension(x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  // digitalSignature: this key also vouches for registry entries.
  AddFixedExtension(x509, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign");
  ACCORD_ASSIGN_OR_RETURN(const NamesPtr names, SubjectNames("spiffe://" + trust_domain, {}, {}));
  ACCORD_CHECK(X509_add1_ext_i2d(x509, NID_subject_alt_name, names.get(), 0, 0) == 1);
  AddSubjectKeyId(x509);
  ACCORD_CHECK(X509_sign(x509, pkey, EVP_sha256()) > 0);
  return WrapCertificate(std::move(guard));
}

std::string MakeCsr(const P256Key& key) {
  const X509ReqPtr csr(X509_REQ_new());
  ACCORD_CHECK(csr != nullptr && X509_REQ_set_version(csr.get(), X509_REQ_VERSION_1) == 1);
  ACCORD_CHECK(X509_REQ_set_pubkey(csr.get(), key.impl().key.get()) == 1);
  ACCORD_CHECK(X509_REQ_sign(csr.get(), key.impl().key.get(), EVP_sha256()) > 0);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ACCORD_CHECK(bio != nullptr && PEM_write_bio_X509_REQ(bio.get(), csr.get()) == 1);
  return std::string(AsText(BioContent(bio.get())));
}

Result<Digest> CheckCsr(std::string_view csr_pem) {
  const ErrorScope scope;
  ACCORD_ASSIGN_OR_RETURN(const X509ReqPtr csr, ParseCsr(csr_pem));
  return SpkiHashOf(X509_REQ_get0_pubkey(csr.get()));
}

Result<Certificate> IssueLeaf(const P256Key& ca_key, const Certificate& ca, std::string_view csr_pem,
                              const LeafNames& names, const Validity& validity) {
  const ErrorScope scope;
  ACCORD_RETURN_IF_ERROR(CheckIssuer(ca_key, ca, names.identity));
  ACCORD_ASSIGN_OR_RETURN(const X509ReqPtr csr, ParseCsr(csr_pem));
  ACCORD_ASSIGN_OR_RETURN(const NamesPtr subject_names,
                          SubjectNames(names.identity.Format(), names.dns_names, names.ip_addresses));
  X509Ptr guard = NewX509(X509_REQ_get0_pubkey(csr.get()), validity);
  X509* x509 = guard.get();
  X509_NAME* subject = X509_get_subject_name(x509);
  AddNamePart(subject, "O", "Accord");
  AddNamePart(subject, "CN", names.identity.name);
  ACCORD_CHECK(X509_set_issuer_name(x509, X509_get_subject_name(ca.impl().x509.get())) == 1);
  AddFixedExtension(x509, NID_basic_constraints, "critical,CA:FALSE");
  AddFixedExtension(x509, NID_key_usage, "critical,digitalSignature");
  AddFixedExtension(x509, NID_ext_key_usage, "serverAuth,clientAuth");
  ACCORD_CHECK(X509_add1_ext_i2d(x509, NID_subject_alt_name, subject_names.get(), 0, 0) == 1);
  AddSubjectKeyId(x509);
  AddAuthorityKeyId(x509, ca.impl().x509.get());
  ACCORD_CHECK(X509_sign(x509, ca_key.impl().key.get(), EVP_sha256()) > 0);
  return WrapCertificate(std::move(guard));
}

}  // namespace accord::crypto
