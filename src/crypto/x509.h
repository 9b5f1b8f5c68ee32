// Certificates of a federation (governance.md h): one self-signed CA for each trust domain, short-lived
// leaves with one SPIFFE id each, keys ECDSA P-256. Used by enrolment, by the TLS wall of src/rpc and by
// whoever checks its own files. Objects are immutable after they are made; const use from several threads is
// fine.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "crypto/spiffe.h"
#include "crypto/zeroizing.h"

namespace accord::crypto {

// A private key on P-256: of the CA, or of a TLS end.
class P256Key {
 public:
  [[nodiscard]] static P256Key Generate();
  // PKCS#8 (or SEC 1) PEM; `key.malformed` when it is not a P-256 key.
  [[nodiscard]] static Result<P256Key> FromPem(ByteView pem);
  [[nodiscard]] static Result<P256Key> Load(const std::filesystem::path& path);
  ~P256Key();
  P256Key(P256Key&&) noexcept;
  P256Key& operator=(P256Key&&) noexcept;

  [[nodiscard]] ZeroizingBytes ToPem() const;  // PKCS#8
  // Writes the PEM with mode 0600, whole or not at all.
  [[nodiscard]] Status Save(const std::filesystem::path& path) const;
  // SHA-256 of the public key's SubjectPublicKeyInfo.
  [[nodiscard]] Digest SpkiHash() const;
  // ECDSA with SHA-256 over `message`, DER; verified by Certificate::Verifies.
  [[nodiscard]] Bytes Sign(ByteView message) const;

  // For this module alone: Impl is defined in x509_internal.h.
  struct Impl;
  explicit P256Key(std::unique_ptr<Impl> impl);
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// What a certificate says of itself; nothing here is verified yet.
struct CertificateInfo {
  std::string uri;     // the one URI SAN: a SPIFFE id for a leaf, spiffe://<trust-domain> for a CA
  std::string serial;  // hex
  TimePoint not_before;
  TimePoint not_after;
  Digest fingerprint;  // SHA-256 of the DER
  Digest spki_hash;
  bool is_ca = false;
  bool digital_signature = false;
  bool key_cert_sign = false;
  bool crl_sign = false;
  bool server_auth = false;
  bool client_auth = false;
};

// A parsed certificate. Copies are cheap (shared, immutable).
class Certificate {
 public:
  // Exactly one certificate with exactly one URI SAN and a P-256 key; otherwise `cert.malformed`.
  [[nodiscard]] static Result<Certificate> FromPem(std::string_view pem);
  // One or more, in the order of the file (a server's chain: leaf, then CA); at most 16.
  [[nodiscard]] static Result<std::vector<Certificate>> ChainFromPem(std::string_view pem);

  [[nodiscard]] const CertificateInfo& info() const;
  [[nodiscard]] const std::string& pem() const;
  // Whether `signature` (P256Key::Sign) over `message` is by the key of this certificate.
  [[nodiscard]] bool Verifies(ByteView message, ByteView signature) const;

  // For this module alone: Impl is defined in x509_internal.h.
  struct Impl;
  explicit Certificate(std::shared_ptr<const Impl> impl);
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

struct Validity {
  TimePoint not_before;  // the caller sets it a few minutes back, for clocks that differ
  TimePoint not_after;
};

// The self-signed CA certificate of a trust domain. `spiffe.invalid` for an ill-formed domain.
[[nodiscard]] Result<Certificate> MakeCa(const P256Key& key, const std::string& trust_domain,
                                         const Validity& validity);

// A PKCS#10 request (PEM) for the key. It carries nothing else: names come from the token.
[[nodiscard]] std::string MakeCsr(const P256Key& key);
// SHA-256 of the public key that the request asks for; `csr.invalid` unless it is well-formed, for a P-256
// key, and signed by it.
[[nodiscard]] Result<Digest> CheckCsr(std::string_view csr_pem);

struct LeafNames {
  SpiffeId identity;
  std::vector<std::string> dns_names;     // only for a coordinator's server certificate
  std::vector<std::string> ip_addresses;  // likewise; "127.0.0.1", "::1"
};
// A leaf for the key of the request: names from `names`, never from the request; CA:FALSE, digitalSignature,
// serverAuth and clientAuth, a random serial. `csr.invalid`, `cert.usage` (the issuer is not a CA, or not of
// the identity's trust domain), `cert.key_mismatch` (ca_key is not the CA's), `cert.malformed` (a bad DNS
// name or address).
[[nodiscard]] Result<Certificate> IssueLeaf(const P256Key& ca_key, const Certificate& ca,
                                            std::string_view csr_pem, const LeafNames& names,
                                            const Validity& validity);

// Whether `leaf` is a good peer of the trust domain of `ca` at `now`: signed by it (`cert.chain`), in date,
// the CA too (`auth.expired`), with the usages of a leaf (`cert.usage`), with a SPIFFE id of the CA's trust
// domain (`cert.chain`). In this order.
[[nodiscard]] Status VerifyLeaf(const Certificate& leaf, const Certificate& ca, TimePoint now);
// Whether this is the certificate of a CA that signed it itself, in date at `now`: `cert.usage`,
// `cert.chain`, `auth.expired`. Whose CA it is, its key says.
[[nodiscard]] Status CheckCa(const Certificate& ca, TimePoint now);
// `cert.key_mismatch` unless the certificate is for this key.
[[nodiscard]] Status CheckKeyMatches(const Certificate& certificate, const P256Key& key);

}  // namespace accord::crypto
