#include "node/identity.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "crypto/ed25519.h"
#include "crypto/join_token.h"
#include "crypto/spiffe.h"
#include "crypto/x509.h"
#include "rpc/enrol.h"
#include "secagg/registry.h"

namespace accord::node {
namespace {

constexpr std::uint64_t kSmallFile = 1 << 16;
constexpr std::string_view kSpiffe = "spiffe://";

struct Paths {
  explicit Paths(const std::filesystem::path& state)
      : identity(state / "identity.json"),
        protocol_key(state / "protocol.key"),
        registry_entry(state / "registry.entry"),
        coordinator_ca(state / "coordinator.pem"),
        tls(state / "tls"),
        current(state / "tls" / "current") {}
  std::filesystem::path identity, protocol_key, registry_entry, coordinator_ca, tls, current;
};

Result<crypto::Certificate> ReadCertificate(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes pem, ReadFile(path, kSmallFile));
  return crypto::Certificate::FromPem(AsText(pem));
}

// The key of a directory under tls/: the one that is there, from a join that did not finish, or a new one.
Result<crypto::P256Key> KeyIn(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "key.pem";
  if (std::filesystem::exists(path)) return crypto::P256Key::Load(path);
  crypto::P256Key key = crypto::P256Key::Generate();
  ACCORD_RETURN_IF_ERROR(key.Save(path));
  return key;
}

Result<crypto::Ed25519Key> ProtocolKey(const Paths& paths) {
  if (std::filesystem::exists(paths.protocol_key)) return crypto::Ed25519Key::Load(paths.protocol_key);
  crypto::Ed25519Key key = crypto::Ed25519Key::Generate();
  ACCORD_RETURN_IF_ERROR(key.Save(paths.protocol_key));
  return key;
}

// Other nodes verify this one's words by its entry: it must be for its own key, and vouched for.
Status CheckOwnEntry(const rpc::Enrolled& answer, const crypto::Ed25519PublicKey& key) {
  ACCORD_ASSIGN_OR_RETURN(const secagg::VouchedEntry own, secagg::VouchedEntry::Parse(answer.registry_entry));
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate ca, crypto::Certificate::FromPem(answer.ca_pem));
  ACCORD_RETURN_IF_ERROR(secagg::CheckVouched(own, ca));
  if (own.entry.key == key && own.identity.Format() == answer.spiffe_id) return {};
  return Fail(errors::kRegistryUntrusted, "the registry entry that came is not for this node's protocol key");
}

// The answer of an enrolment, checked against the key it is for, into `directory`; then the link moves to it.
Status Install(const Paths& paths, const std::filesystem::path& directory, const rpc::Enrolled& answer) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::P256Key key, crypto::P256Key::Load(directory / "key.pem"));
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate leaf,
                          crypto::Certificate::FromPem(answer.certificate_pem));
  ACCORD_RETURN_IF_ERROR(crypto::CheckKeyMatches(leaf, key));
  ACCORD_RETURN_IF_ERROR(
      WriteFileAtomic(directory / "cert.pem", AsBytes(answer.certificate_pem), FileMode::kShared));
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(directory / "ca.pem", AsBytes(answer.ca_pem), FileMode::kShared));
  const std::filesystem::path link = paths.tls / ("link." + std::to_string(::getpid()));
  std::error_code error;
  std::filesystem::remove(link, error);
  std::filesystem::create_symlink(directory.filename(), link, error);
  if (!error) std::filesystem::rename(link, paths.current, error);
  if (error) return ErrnoStatus(error.value(), "cannot switch to the new certificate at", paths.current);
  for (const auto& entry : std::filesystem::directory_iterator(paths.tls, error)) {
    const bool old =
        entry.is_directory() && !entry.is_symlink() && entry.path().filename() != directory.filename();
    if (old) std::filesystem::remove_all(entry.path(), error);
  }
  return {};
}

// When a directory under tls/ was begun, which is its name; 0 for another's.
std::int64_t NumberOf(const std::filesystem::path& directory) {
  const std::string name = directory.filename();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

// Where the coordinator is, and whose: of the CA itself, or as a member's CA says.
struct Coordinator {
  std::string address, issuer, trust_domain;
};
Result<Coordinator> CoordinatorOf(const crypto::JoinToken& token, const rpc::Enrolled& answer) {
  if (answer.coordinator.empty()) return Coordinator{token.address, "", token.identity.trust_domain};
  ACCORD_ASSIGN_OR_RETURN(const auto ca, crypto::Certificate::FromPem(answer.coordinator_ca_pem));
  const std::string uri = ca.info().uri;
  if (!ca.info().is_ca || !uri.starts_with(kSpiffe))
    return Fail(errors::kCertUsage,
                "what came as the coordinator's CA is the certificate of " + Printable(uri));
  return Coordinator{answer.coordinator, token.address, uri.substr(kSpiffe.size())};
}

}  // namespace

rpc::ClientOptions Identity::IssuerFiles() const {
  const Paths paths(state);
  return {.address = issuer.empty() ? coordinator : issuer,
          .ca = paths.current / "ca.pem",
          .certificate = paths.current / "cert.pem",
          .key = paths.current / "key.pem"};
}

rpc::ClientOptions Identity::ClientFiles() const {
  rpc::ClientOptions options = IssuerFiles();
  options.address = coordinator;
  if (!issuer.empty()) options.own_ca = std::exchange(options.ca, Paths(state).coordinator_ca);
  return options;
}

Result<Identity> Join(const std::filesystem::path& state, const std::string& text) {
  const Paths paths(state);
  if (std::filesystem::exists(paths.identity)) {
    return Fail(errors::kIdentityExists, state.string() + " has joined a federation before",
                "Use another --state directory, or remove this one to leave that federation.");
  }
  ACCORD_ASSIGN_OR_RETURN(crypto::JoinToken token, crypto::ParseJoinToken(text));
  if (token.identity.role != crypto::Role::kNode) {
    return Fail(
        errors::kTokenInvalid,
        "this token is for a " + std::string(crypto::RoleName(token.identity.role)) + ", not for a node",
        "People join with: accord join TOKEN");
  }
  const std::filesystem::path directory = paths.tls / "1";
  std::error_code error;  // what jobs leave in there is nobody else's: checkpoints, updates
  if (std::filesystem::create_directories(state, error))
    std::filesystem::permissions(state, std::filesystem::perms::owner_all, error);
  if (error) return ErrnoStatus(error.value(), "cannot create", state);
  ACCORD_ASSIGN_OR_RETURN(const crypto::P256Key key, KeyIn(directory));
  ACCORD_ASSIGN_OR_RETURN(const crypto::Ed25519Key protocol_key, ProtocolKey(paths));
  // The request must be the same when it is repeated, and ECDSA signatures are not: keep it.
  const std::filesystem::path csr_file = directory / "request.pem";
  if (!std::filesystem::exists(csr_file)) {
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(csr_file, AsBytes(crypto::MakeCsr(key)), FileMode::kShared));
  }
  ACCORD_ASSIGN_OR_RETURN(const Bytes csr, ReadFile(csr_file, kSmallFile));
  const ByteView secret = token.secret.view();
  const crypto::Ed25519PublicKey public_key = protocol_key.PublicKey();
  rpc::EnrolRequest request{Bytes(secret.begin(), secret.end()), std::string(AsText(csr)),
                            Bytes(public_key.bytes.begin(), public_key.bytes.end())};
  ACCORD_ASSIGN_OR_RETURN(const rpc::Enrolled answer,
                          rpc::Enrol({token.address, token.ca_fingerprint}, std::move(request), {}));
  ACCORD_RETURN_IF_ERROR(CheckOwnEntry(answer, public_key));
  ACCORD_ASSIGN_OR_RETURN(const Coordinator coordinator, CoordinatorOf(token, answer));
  ACCORD_RETURN_IF_ERROR(Install(paths, directory, answer));
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(paths.registry_entry, answer.registry_entry, FileMode::kShared));
  if (!coordinator.issuer.empty())
    ACCORD_RETURN_IF_ERROR(
        WriteFileAtomic(paths.coordinator_ca, AsBytes(answer.coordinator_ca_pem), FileMode::kShared));
  const nlohmann::json json{{"version", 1},
                            {"coordinator", coordinator.address},
                            {"spiffe_id", answer.spiffe_id},
                            {"federation", coordinator.trust_domain},
                            {"issuer", coordinator.issuer}};
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(paths.identity, AsBytes(json.dump(2) + "\n"), FileMode::kShared));
  return LoadIdentity(state);
}

Result<Identity> LoadIdentity(const std::filesystem::path& state) {
  const Paths paths(state);
  if (!std::filesystem::exists(paths.identity)) {
    return Fail(errors::kIdentityMissing, state.string() + " has not joined a federation",
                "Ask an operator for a token, then: accord-node join TOKEN --state " + state.string());
  }
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(paths.identity, kSmallFile));
  const nlohmann::json json = nlohmann::json::parse(AsText(bytes), nullptr, false);
  const auto text = [&](const char* key) {
    const auto value = json.is_object() ? json.find(key) : json.end();
    return json.is_object() && value != json.end() && value->is_string() ? value->get<std::string>()
                                                                         : std::string();
  };
  const auto parsed = crypto::SpiffeId::Parse(text("spiffe_id"));
  if (!parsed.ok() || text("coordinator").empty()) {
    return Fail(errors::kStoreCorrupt, paths.identity.string() + " is damaged");
  }
  const std::string federation = text("federation");  // none: of a time when it was always the node's own
  return Identity{state,
                  text("coordinator"),
                  parsed->Format(),
                  parsed->name,
                  federation.empty() ? parsed->trust_domain : federation,
                  parsed->ToNodeId(),
                  text("issuer")};
}

Result<crypto::Ed25519Key> LoadProtocolKey(const Identity& identity) {
  return crypto::Ed25519Key::Load(Paths(identity.state).protocol_key);
}

Result<std::vector<crypto::Certificate>> LoadCas(const Identity& identity) {
  std::vector<crypto::Certificate> cas;
  ACCORD_ASSIGN_OR_RETURN(crypto::Certificate own, ReadCertificate(identity.IssuerFiles().ca));
  cas.push_back(std::move(own));
  if (identity.issuer.empty()) return cas;
  ACCORD_ASSIGN_OR_RETURN(crypto::Certificate coordinator, ReadCertificate(identity.ClientFiles().ca));
  cas.push_back(std::move(coordinator));
  return cas;
}

Result<rpc::Introduction> LoadIntroduction(const Identity& identity) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes ca, ReadFile(identity.IssuerFiles().ca, kSmallFile));
  ACCORD_ASSIGN_OR_RETURN(Bytes entry, ReadFile(Paths(identity.state).registry_entry, kSmallFile));
  return rpc::Introduction{std::string(AsText(ca)), std::move(entry)};
}

Result<CertificateLife> LifeOf(const Identity& identity) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate leaf,
                          ReadCertificate(identity.ClientFiles().certificate));
  const TimePoint begin = leaf.info().not_before;
  const TimePoint end = leaf.info().not_after;
  return CertificateLife{begin + (end - begin) / 2, end};
}

Result<Renewal> BeginRenewal(const Identity& identity) {
  const std::filesystem::path tls = Paths(identity.state).tls;
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  std::filesystem::path directory = tls / std::to_string(now);
  std::error_code error;
  const auto present = NumberOf(std::filesystem::read_symlink(Paths(identity.state).current, error));
  for (const auto& entry : std::filesystem::directory_iterator(tls, error)) {
    if (!entry.is_directory() || entry.is_symlink()) continue;
    // Of a renewal that got no answer, or whose answer is not in place yet: its CA knows this key.
    const bool begun =
        !std::filesystem::exists(entry.path() / "cert.pem") || NumberOf(entry.path()) > present;
    if (begun) directory = entry.path();
  }
  ACCORD_ASSIGN_OR_RETURN(const crypto::P256Key key, KeyIn(directory));
  return Renewal{crypto::MakeCsr(key), directory};
}

Status FinishRenewal(const Identity& identity, const Renewal& renewal, const rpc::Enrolled& answer) {
  if (answer.spiffe_id != identity.spiffe_id) {
    return Fail(errors::kCertChain, "the new certificate is for " + Printable(answer.spiffe_id));
  }
  return Install(Paths(identity.state), renewal.directory, answer);
}

}  // namespace accord::node
