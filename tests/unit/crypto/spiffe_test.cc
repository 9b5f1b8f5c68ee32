#include "crypto/spiffe.h"

#include <gtest/gtest.h>

#include "crypto/sha256.h"

namespace accord::crypto {
namespace {

TEST(SpiffeIdTest, ParsesAndFormatsEveryRole) {
  for (const Role role : {Role::kNode, Role::kOperator, Role::kResearcher, Role::kCoordinator}) {
    const std::string uri = "spiffe://ke.fed.example/" + std::string(RoleName(role)) + "/nairobi-1";
    const Result<SpiffeId> id = SpiffeId::Parse(uri);
    ASSERT_TRUE(id.ok()) << uri;
    EXPECT_EQ(id->trust_domain, "ke.fed.example");
    EXPECT_EQ(id->role, role);
    EXPECT_EQ(id->name, "nairobi-1");
    EXPECT_EQ(id->Format(), uri);
  }
}

TEST(SpiffeIdTest, TheNodeIdIsTheFirstHalfOfTheHashOfTheWhole) {
  const std::string uri = "spiffe://ke.fed.example/node/nairobi-1";
  EXPECT_EQ(SpiffeId::Parse(uri)->ToNodeId().Hex(), Sha256::Of(uri).Hex().substr(0, 32));
}

TEST(SpiffeIdTest, RefusesEverythingElse) {
  const std::string long_name(65, 'a');
  for (const std::string& uri :
       std::initializer_list<std::string>{"",
                                          "spiffe://",
                                          "spiffe:///node/a",
                                          "spiffe://d",
                                          "spiffe://d/node",
                                          "spiffe://d/node/",
                                          "spiffe://d/node/a/",
                                          "spiffe://d/node/a/b",
                                          "spiffe://d//node/a",
                                          "spiffe://d/Node/a",
                                          "spiffe://d/admin/a",
                                          "SPIFFE://d/node/a",
                                          "https://d/node/a",
                                          " spiffe://d/node/a",
                                          "spiffe://D/node/a",
                                          "spiffe://d:1/node/a",
                                          "spiffe://u@d/node/a",
                                          "spiffe://d./node/a",
                                          "spiffe://.d/node/a",
                                          "spiffe://a..b/node/a",
                                          "spiffe://d/node/A",
                                          "spiffe://d/node/.a",
                                          "spiffe://d/node/a?b",
                                          "spiffe://d/node/a#b",
                                          "spiffe://d/node/a%20",
                                          "spiffe://d/node/" + long_name,
                                          "spiffe://" + std::string(256, 'd') + "/node/a",
                                          std::string("spiffe://d/node/a\0", 18)}) {
    EXPECT_EQ(SpiffeId::Parse(uri).status().error(), "spiffe.invalid") << uri;
  }
}

TEST(SpiffeIdTest, MakeChecksAsParseDoes) {
  EXPECT_TRUE(SpiffeId::Make("d", Role::kNode, "a").ok());
  EXPECT_FALSE(SpiffeId::Make("d/e", Role::kNode, "a").ok());
  EXPECT_FALSE(SpiffeId::Make("d", Role::kNode, "a/b").ok());
}

}  // namespace
}  // namespace accord::crypto
