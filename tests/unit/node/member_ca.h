// The CA of a member, for tests: what it certifies and vouches for.
#pragma once

#include <chrono>
#include <string>

#include "crypto/x509.h"
#include "secagg/registry.h"

namespace accord {

struct MemberCa {
  explicit MemberCa(std::string domain)
      : trust_domain(std::move(domain)),
        certificate(*crypto::MakeCa(key, trust_domain,
                                    {TimePoint(Millis(0)), TimePoint(Millis(4'000'000'000'000))})) {}

  [[nodiscard]] crypto::SpiffeId IdOf(const std::string& name,
                                      crypto::Role role = crypto::Role::kNode) const {
    return *crypto::SpiffeId::Make(trust_domain, role, name);
  }
  [[nodiscard]] secagg::VouchedEntry Vouch(const std::string& name, const std::string& org,
                                           const crypto::Ed25519PublicKey& public_key,
                                           std::uint64_t not_after = 4'000'000'000) const {
    return secagg::Vouch(key, IdOf(name), org, public_key, not_after);
  }
  [[nodiscard]] crypto::Certificate Leaf(const crypto::SpiffeId& id, TimePoint now) const {
    return *crypto::IssueLeaf(key, certificate, crypto::MakeCsr(crypto::P256Key::Generate()),
                              {.identity = id, .dns_names = {}, .ip_addresses = {}},
                              {now - std::chrono::minutes(5), now + std::chrono::hours(1)});
  }

  std::string trust_domain;
  crypto::P256Key key = crypto::P256Key::Generate();
  crypto::Certificate certificate;
};

}  // namespace accord
