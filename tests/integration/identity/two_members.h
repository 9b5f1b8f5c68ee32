// A coordinator under a charter of two members with CAs of their own.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/integration/identity/desk.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/node/member_ca.h"

namespace accord::coordinator::testing {

class TwoMembersTest : public ::testing::Test {
 protected:
  explicit TwoMembersTest(IntroductionBounds bounds = {}) : coordinator_("fed.example", "", bounds) {
    charter_.members[0].ca_keys = {ke_.certificate.info().spki_hash};
    charter_.members[1].ca_keys = {rw_.certificate.info().spki_hash};
    coordinator_.identity->Use(charter_);
  }

  // A node shows what vouches for it, and its member's CA: the error, whose status is `last_`.
  std::string Introduce(const secagg::VouchedEntry& vouched, const std::string& ca_pem, std::string as = "") {
    if (as.empty()) as = vouched.identity.Format();
    last_ = Answer<rpc::Introduced>([&](auto reply) {
              coordinator_.identity->Introduce(
                  {.spiffe_id = as, .role = crypto::Role::kNode, .name = vouched.identity.name, .node = {}},
                  {ca_pem, vouched.Encode()}, std::move(reply));
            }).status();
    return std::string(last_.error());
  }
  std::string Introduce(const secagg::VouchedEntry& vouched, const MemberCa& ca) {
    return Introduce(vouched, ca.certificate.pem());
  }
  static crypto::Ed25519PublicKey Key() { return crypto::Ed25519Key::Generate().PublicKey(); }
  [[nodiscard]] const secagg::Registry& Registry() const { return coordinator_.registry->Newest()->registry; }
  [[nodiscard]] const secagg::RegistryEntry* Entry(const crypto::SpiffeId& id) const {
    return Registry().Find(id.ToNodeId());
  }

  static constexpr std::uint64_t kEnds = 3'000'000'000;  // of an entry

  Desk coordinator_;
  const MemberCa ke_{"ke.fed.example"}, rw_{"rw.fed.example"};
  charter::Charter charter_ = charter::CharterOf({"ke", "rw"});
  Status last_;
};

}  // namespace accord::coordinator::testing
