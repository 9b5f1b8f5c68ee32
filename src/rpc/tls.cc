#include "rpc/tls.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "base/errors.h"
#include "base/file.h"
#include "crypto/spiffe.h"
#include "crypto/x509.h"

namespace accord::rpc {
namespace {

namespace tls = grpc::experimental;

constexpr std::uint64_t kMaxPemFile = 1 << 20;
constexpr unsigned kReloadSeconds = 1;

TimePoint Now() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

Result<std::string> ReadPem(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(path, kMaxPemFile));
  return std::string(AsText(bytes));
}

// Says which file a complaint is about.
Status InFile(const Status& status, const std::filesystem::path& path) {
  return {status.code(), status.error(), path.string() + ": " + status.message(), status.hint()};
}

Result<std::vector<crypto::Certificate>> ReadChain(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const std::string pem, ReadPem(path));
  auto chain = crypto::Certificate::ChainFromPem(pem);
  if (!chain.ok()) return InFile(chain.status(), path);
  return chain;
}

// ok when one of the CAs vouches for the leaf, else the complaint of the CA that came nearest: one that
// signed it and objects to something else before one that did not sign it.
Status VerifyByAny(const crypto::Certificate& leaf, const std::vector<crypto::Certificate>& cas) {
  Status why = Fail(errors::kCertChain, "There is no CA certificate to verify it by.");
  for (const crypto::Certificate& ca : cas) {
    Status status = crypto::VerifyLeaf(leaf, ca, Now());
    if (status.ok()) return status;
    if (why.error() == errors::kCertChain.id) why = std::move(status);
  }
  return why;
}

// Whether the leaf's owner is a coordinator of `trust_domain` (any, when empty).
Status CheckCoordinator(const crypto::Certificate& leaf, const std::string& trust_domain) {
  ACCORD_ASSIGN_OR_RETURN(const auto id, crypto::SpiffeId::Parse(leaf.info().uri));
  if (id.role != crypto::Role::kCoordinator || (!trust_domain.empty() && id.trust_domain != trust_domain)) {
    return Fail(errors::kNetUntrusted, "The certificate is " + leaf.info().uri + ", not a coordinator's" +
                                           (trust_domain.empty() ? "." : " of " + trust_domain + "."));
  }
  return {};
}

// Key and leaf of one end, checked as its peers will.
struct OwnIdentity {
  std::string key_pem;  // gRPC takes keys as strings only
  std::string chain_pem;
};
Result<OwnIdentity> ReadOwn(const std::filesystem::path& key_path, const std::filesystem::path& chain_path,
                            const std::vector<crypto::Certificate>& cas) {
  OwnIdentity own;
  ACCORD_ASSIGN_OR_RETURN(const auto key, crypto::P256Key::Load(key_path));
  ACCORD_ASSIGN_OR_RETURN(const auto chain, ReadChain(chain_path));
  if (const Status bad = crypto::CheckKeyMatches(chain.front(), key); !bad.ok())
    return InFile(bad, chain_path);
  if (const Status bad = VerifyByAny(chain.front(), cas); !bad.ok()) return InFile(bad, chain_path);
  ACCORD_ASSIGN_OR_RETURN(own.key_pem, ReadPem(key_path));
  ACCORD_ASSIGN_OR_RETURN(own.chain_pem, ReadPem(chain_path));
  return own;
}

// Runs a check after the handshake and notes why it refused.
class Verifier final : public tls::ExternalCertificateVerifier {
 public:
  // leaf: PEM; chain: all that the peer sent.
  using Check = std::function<Status(std::string_view leaf, std::string_view chain)>;

  // `note` may be null.
  Verifier(Check check, std::shared_ptr<TrustNote> note) : check_(std::move(check)), note_(std::move(note)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    const auto leaf = request->peer_cert();
    const auto chain = request->peer_cert_full_chain();
    Status status = check_({leaf.data(), leaf.size()}, {chain.data(), chain.size()});
    if (!status.ok()) {
      *sync_status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, status.message());
    }
    if (note_) note_->Set(std::move(status));
    return true;
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  const Check check_;
  const std::shared_ptr<TrustNote> note_;
};

template <class Options>
void SetVerifier(Options* options, Verifier::Check check, const std::shared_ptr<TrustNote>& note) {
  options->set_certificate_verifier(
      tls::ExternalCertificateVerifier::Create<Verifier>(std::move(check), note));
}

Status CheckPinned(const Digest& pin, std::string_view leaf_pem, std::string_view chain_pem) {
  ACCORD_ASSIGN_OR_RETURN(const auto leaf, crypto::Certificate::FromPem(leaf_pem));
  ACCORD_ASSIGN_OR_RETURN(const auto chain, crypto::Certificate::ChainFromPem(chain_pem));
  const auto ca =
      std::ranges::find(chain, pin, [](const crypto::Certificate& c) { return c.info().fingerprint; });
  if (ca == chain.end()) {
    return Fail(errors::kNetUntrusted, "The server does not present the CA that the token names.");
  }
  ACCORD_RETURN_IF_ERROR(crypto::VerifyLeaf(leaf, *ca, Now()));
  return CheckCoordinator(leaf, {});
}

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(const ServerTls& files,
                                                                     const std::string& trust_domain,
                                                                     CertificateCheck check) {
  ACCORD_ASSIGN_OR_RETURN(const auto chain, ReadChain(files.certificate_chain));
  ACCORD_RETURN_IF_ERROR(
      ReadOwn(files.key, files.certificate_chain, {chain.begin() + 1, chain.end()}).status());
  ACCORD_RETURN_IF_ERROR(CheckCoordinator(chain.front(), trust_domain));
  tls::TlsServerCredentialsOptions options(std::make_shared<tls::FileWatcherCertificateProvider>(
      files.key.string(), files.certificate_chain.string(), kReloadSeconds));
  options.watch_identity_key_cert_pairs();
  // gRPC's own check knows one set of roots, any of which may sign any name. Which CA may sign for which
  // trust domain, and that it still may, is for `check` to say; without a certificate the gate lets little
  // pass.
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  SetVerifier(
      &options,
      [check = std::move(check)](std::string_view leaf, std::string_view others) {
        return leaf.empty() ? Status() : check(leaf, others);
      },
      nullptr);
  return tls::TlsServerCredentials(options);
}

Result<std::shared_ptr<grpc::ChannelCredentials>> MemberCredentials(const ClientOptions& options,
                                                                    const std::shared_ptr<TrustNote>& note) {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<crypto::Certificate> cas, ReadChain(options.ca));
  ACCORD_ASSIGN_OR_RETURN(const std::string ca_pem, ReadPem(options.ca));
  const bool elsewhere = !options.own_ca.empty();
  ACCORD_ASSIGN_OR_RETURN(const auto own_cas, ReadChain(elsewhere ? options.own_ca : options.ca));
  ACCORD_ASSIGN_OR_RETURN(OwnIdentity own, ReadOwn(options.key, options.certificate, own_cas));
  if (elsewhere) own.chain_pem += own_cas.front().pem();  // the server knows it by its hash alone
  const std::vector<tls::IdentityKeyCertPair> pairs = {{own.key_pem, own.chain_pem}};
  tls::TlsChannelCredentialsOptions credentials;
  credentials.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(ca_pem, pairs));
  credentials.watch_root_certs();
  credentials.watch_identity_key_cert_pairs();
  credentials.set_verify_server_certs(true);
  credentials.set_check_call_host(false);
  SetVerifier(
      &credentials,
      [cas](std::string_view leaf_pem, std::string_view) -> Status {
        ACCORD_ASSIGN_OR_RETURN(const auto leaf, crypto::Certificate::FromPem(leaf_pem));
        ACCORD_RETURN_IF_ERROR(VerifyByAny(leaf, cas));
        return CheckCoordinator(leaf, {});
      },
      note);
  return tls::TlsCredentials(credentials);
}

std::shared_ptr<grpc::ChannelCredentials> PinnedCredentials(const Digest& ca_fingerprint,
                                                            const std::shared_ptr<TrustNote>& note) {
  tls::TlsChannelCredentialsOptions credentials;
  credentials.set_verify_server_certs(false);  // there is nothing to verify by yet but the pin
  credentials.set_check_call_host(false);
  SetVerifier(
      &credentials,
      [pin = ca_fingerprint](std::string_view leaf, std::string_view chain) {
        return CheckPinned(pin, leaf, chain);
      },
      note);
  return tls::TlsCredentials(credentials);
}

}  // namespace accord::rpc
