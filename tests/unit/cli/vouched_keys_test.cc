#include "cli/vouched_keys.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "secagg/registry.h"
#include "tests/unit/charter/fixture.h"

namespace accord::cli {
namespace {

using crypto::P256Key;
using crypto::Role;
using crypto::SpiffeId;

struct VouchedKeysTest : ::testing::Test {
  const crypto::Ed25519PublicKey key = crypto::Ed25519Key::Generate().PublicKey();
  P256Key first = P256Key::Generate(), second = P256Key::Generate(), stranger = P256Key::Generate();
  std::vector<charter::Version> chain{VersionWith(first), VersionWith(second)};

  // A charter of which ke has this CA.
  static charter::Version VersionWith(const P256Key& ca) {
    charter::Version version;
    version.charter.members = {charter::MemberOf("ke"), charter::MemberOf("no")};
    version.charter.members[0].ca_keys = {ca.SpkiHash()};
    return version;
  }
  static std::string CaOf(const P256Key& key, const std::string& domain = "ke.fed.example") {
    const TimePoint now{std::chrono::seconds(1'800'000'000)};
    return crypto::MakeCa(key, domain, {now, now + std::chrono::hours(1)})->pem();
  }
  [[nodiscard]] rpc::RegistryView Served(const P256Key& signer, const std::vector<std::string>& cas,
                                         const std::string& domain = "ke.fed.example") const {
    const SpiffeId lab{domain, Role::kNode, "lab"};
    const secagg::VouchedEntry vouched = secagg::Vouch(signer, lab, "ke", key, 2'000'000'000);
    return {.version = 1, .entries = {{lab.Format(), vouched.entry.Encode(), vouched.signature}}, .cas = cas};
  }
};

TEST_F(VouchedKeysTest, TheCaOfAnyVersionOfTheCharterCounts) {
  const charter::NodeKeys wanted{{"spiffe://ke.fed.example/node/lab", key}};
  EXPECT_EQ(*VouchedKeys(Served(first, {CaOf(first)}), chain), wanted) << "replaced since";
  EXPECT_EQ(*VouchedKeys(Served(second, {CaOf(first), CaOf(second)}), chain), wanted);
}

TEST_F(VouchedKeysTest, AKeyForWhichTheCoordinatorAloneVouchesDoesNot) {
  const auto none = [&](const rpc::RegistryView& view) {
    const auto keys = VouchedKeys(view, chain);
    return keys.ok() && keys->empty();
  };
  EXPECT_TRUE(none(Served(stranger, {CaOf(stranger)}))) << "a CA that no charter has";
  EXPECT_TRUE(none(Served(stranger, {CaOf(first), CaOf(second)}))) << "signed by another";
  EXPECT_TRUE(none(Served(first, {})));
  EXPECT_TRUE(none(Served(first, {"no certificate", CaOf(second)})));
  EXPECT_TRUE(none(Served(first, {CaOf(first, "no.fed.example")}, "no.fed.example"))) << "another member's";
  EXPECT_TRUE(none(Served(first, {CaOf(first, "xx.example")}, "xx.example"))) << "no member's at all";
  chain.back().charter.members[0].suspended = true;
  EXPECT_FALSE(none(Served(first, {CaOf(first)}))) << "what it gave before counts";
  rpc::RegistryView broken = Served(first, {CaOf(first)});
  broken.entries[0].entry.pop_back();
  EXPECT_EQ(VouchedKeys(broken, chain).status().error(), "secagg.bad_encoding");
}

}  // namespace
}  // namespace accord::cli
