// A node's identity on its own disk: the TLS key and certificate (short-lived, renewed with a new key), the
// protocol key (long-lived), its registry entry, and where the coordinator is. All made here; no private key
// ever travels.
//
//   <state>/identity.json   coordinator address, SPIFFE id; and the address of its member's own CA
//
//   <state>/coordinator.pem with such a CA: the coordinator's
//
//   <state>/protocol.key    Ed25519, 0600           <state>/registry.entry  vouched by the CA
//   (<state>/registry.pinned is registry.h's)
//   <state>/tls/current ->  a directory with key.pem (0600), cert.pem, ca.pem; renewal swaps the link
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "crypto/ed25519.h"
#include "crypto/x509.h"
#include "rpc/calls.h"
#include "rpc/client_options.h"

namespace accord::node {

struct Identity {
  std::filesystem::path state;
  std::string coordinator;  // host:port
  std::string spiffe_id;
  std::string name;
  std::string federation;  // trust domain of the coordinator
  NodeId id;
  std::string issuer;  // host:port of the member's own CA; empty: the coordinator certified this node

  // To go to the coordinator, and to who renews the certificate.
  [[nodiscard]] rpc::ClientOptions ClientFiles() const;
  [[nodiscard]] rpc::ClientOptions IssuerFiles() const;
};

// `accord-node join TOKEN`: makes both keys, enrols at the CA that the token names, the coordinator or its
// member's own, stores the answer. `identity.exists` when this state directory has joined before;
// `token.invalid`, `net.unreachable`, `net.untrusted`. A join that failed may be tried again with the same
// token and gets the same answer.
[[nodiscard]] Result<Identity> Join(const std::filesystem::path& state, const std::string& token);

// `identity.missing` before Join.
[[nodiscard]] Result<Identity> LoadIdentity(const std::filesystem::path& state);

[[nodiscard]] Result<crypto::Ed25519Key> LoadProtocolKey(const Identity& identity);
// The CAs that this node knows by itself: that of its own certificate first, and the coordinator's.
[[nodiscard]] Result<std::vector<crypto::Certificate>> LoadCas(const Identity& identity);
// What a node of a member with a CA of its own shows the coordinator.
[[nodiscard]] Result<rpc::Introduction> LoadIntroduction(const Identity& identity);

// When the certificate should be renewed (half of its life), and when it ends.
struct CertificateLife {
  TimePoint renew_at;
  TimePoint ends_at;
};
[[nodiscard]] Result<CertificateLife> LifeOf(const Identity& identity);

// A fresh key and its request; Store keeps both once the coordinator has answered.
struct Renewal {
  std::string csr_pem;
  std::filesystem::path directory;  // holds the new key already
};
[[nodiscard]] Result<Renewal> BeginRenewal(const Identity& identity);
// Checks that the answer is for this identity and key, and swaps it in.
[[nodiscard]] Status FinishRenewal(const Identity& identity, const Renewal& renewal,
                                   const rpc::Enrolled& answer);

}  // namespace accord::node
