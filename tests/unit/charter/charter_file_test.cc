#include "charter/charter_file.h"

#include "tests/unit/charter/fixture.h"

namespace accord::charter {
namespace {

// Days are all that a draft has of times.
Charter InDays() {
  Charter charter = CharterOf();
  charter.not_before -= charter.not_before % kDay;
  charter.not_after = charter.not_before + 365 * kDay;
  return charter;
}

Result<Charter> Parse(const std::string& text, const std::optional<Predecessor>& before = {}) {
  return ParseCharterFile(AsBytes(text), "charter.toml", before);
}

std::string Without(std::string text, const std::string& line) {
  const std::size_t at = text.find("\n" + line) + 1;
  return text.erase(at, text.find('\n', at) + 1 - at);
}

TEST(CharterFileTest, SaysWhatTheCharterSays) {
  Charter charter = InDays();
  charter.quorum.job = 5;
  charter.revoked = {{std::string(kRevokedNode), "spiffe://ke.fed.example/node/n1", 7}};
  const auto parsed = Parse(FormatCharterFile(charter));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(*parsed, charter);
  EXPECT_EQ(Encode(*parsed), Encode(charter));
}

TEST(CharterFileTest, AnAmendmentFollowsTheVersionBefore) {
  const Predecessor before{3, crypto::Sha256::Of("version 3")};
  const auto parsed = Parse(FormatCharterFile(InDays()), before);
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(parsed->version, 4U);
  EXPECT_EQ(parsed->prev, before.hash);
}

TEST(CharterFileTest, QuorumsThatAreNotNamedAreTheLeastThatAreSafe) {
  const std::string text = FormatCharterFile(InDays());
  const std::size_t begin = text.find("[quorum]"), end = text.find("[[member]]");
  const auto parsed = Parse(text.substr(0, begin) + text.substr(end));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(parsed->quorum, (Quorum{4, 4, 4, 4, 1, 4})) << "of five, of whom one may lie";
}

TEST(CharterFileTest, NamesEveryErrorWithItsLine) {
  const std::string good = FormatCharterFile(InDays());
  const auto refused = [&](const std::string& text, const std::string& what) {
    const auto parsed = Parse(text);
    ASSERT_FALSE(parsed.ok()) << what;
    EXPECT_EQ(parsed.status().error(), "charter.invalid");
    EXPECT_NE(parsed.status().message().find(what), std::string::npos) << parsed.status().message();
  };
  refused(Without(good, "log = "), "log");
  refused(Without(good, "not_after = "), "not_after");
  refused(Without(good, "min_cohort = "), "min_cohort");
  refused(Without(good, "min_group = "), "min_group");
  refused("surprise = 1\n" + good, "surprise");
  refused(Without(good, "id = \"be\""), "member.0.id");
  std::string low = good;
  low.replace(low.find("job = 4"), 7, "job = 2");
  refused(low, "quorum.job");
  std::string role = good;
  role.replace(role.find("\"evaluate\"]"), 11, "\"reign\"]");
  refused(role, "propose, vote, data, witness or evaluate");
  std::string key = good;
  key.replace(key.find("fed.example/gov/be+"), 19, "fed.example/gov/xx+");
  refused(key, "gov_keys");
}

}  // namespace
}  // namespace accord::charter
