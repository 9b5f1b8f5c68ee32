// SPIFFE ids as Accord uses them: spiffe://<trust-domain>/<role>/<name>. The role in the path of a
// certificate's URI SAN is the role of the peer; a node's id in the protocol is a hash of the whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accord/ids.h"
#include "accord/status.h"

namespace accord::crypto {

enum class Role : std::uint8_t { kNode, kOperator, kResearcher, kCoordinator };

// "node", "operator", "researcher", "coordinator".
[[nodiscard]] std::string_view RoleName(Role role);
[[nodiscard]] std::optional<Role> ParseRole(std::string_view text);

// Lower-case letters, digits, '.', '-' and '_'; 1 to 255 bytes, beginning and ending with a letter or digit,
// no empty label.
[[nodiscard]] bool IsTrustDomain(std::string_view text);

struct SpiffeId {
  std::string trust_domain;
  Role role = Role::kNode;
  std::string name;  // IsName (base/text.h)

  // Exactly the three parts, with nothing before, between or after; otherwise `spiffe.invalid`.
  [[nodiscard]] static Result<SpiffeId> Parse(std::string_view uri);
  // Checks the parts as Parse does.
  [[nodiscard]] static Result<SpiffeId> Make(std::string trust_domain, Role role, std::string name);
  [[nodiscard]] std::string Format() const;
  // SHA-256(Format())[:16].
  [[nodiscard]] NodeId ToNodeId() const;

  friend bool operator==(const SpiffeId&, const SpiffeId&) = default;
};

}  // namespace accord::crypto
