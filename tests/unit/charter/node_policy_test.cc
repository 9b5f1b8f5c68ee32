#include "charter/node_policy.h"

#include <filesystem>
#include <functional>

#include "base/file.h"
#include "tests/unit/charter/fixture.h"

namespace accord::charter {
namespace {

std::string Example() {
  const auto bytes =
      ReadFile(std::filesystem::path(ACCORD_SOURCE_DIR) / "configs/policy.toml", kMaxPolicyBytes);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return std::string(AsText(*bytes));
}

struct Desk {
  std::string text = Example();
  PolicyQuestion job{.genesis = crypto::Sha256::Of("test"),
                     .proposer = "ke",
                     .model_kind = "mlp",
                     .purpose = "public-health",
                     .code = "builtin",
                     .certificates = {crypto::Sha256::Of("test2")},
                     .cohort = 5,
                     .group = 3,
                     .secure = SecureMode::kMalicious,
                     .epsilon = 1.0,
                     .delta = 1e-6,
                     .rounds = 50,
                     .local_epochs = 3,
                     .wall_s = 3'600,
                     .mem_mb = 4'096,
                     .own_vote = true,
                     .now = kNow};
  [[nodiscard]] NodePolicy Policy() const {
    auto policy = ParsePolicy(AsBytes(text), "policy.toml");
    EXPECT_TRUE(policy.ok()) << policy.status().message();
    return *policy;
  }
  void Replace(const std::string& what, const std::string& with) {
    const std::size_t at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), with);
  }
  // What the rule says of the job after a change to it.
  [[nodiscard]] std::string Failing(const std::function<void(PolicyQuestion&)>& change) const {
    PolicyQuestion changed = job;
    change(changed);
    const PolicyVerdict verdict = Judge(Policy(), changed);
    EXPECT_FALSE(verdict.allowed);
    return verdict.rules.at(0).second;
  }
};
struct PolicyTest : ::testing::Test, Desk {};

TEST_F(PolicyTest, AllowsWhatARuleDescribes) {
  const PolicyVerdict verdict = Judge(Policy(), job);
  EXPECT_TRUE(verdict.allowed) << verdict.reason << verdict.rules.at(0).second;
  EXPECT_EQ(verdict.rule, "maternal-risk");
  EXPECT_FALSE(verdict.needs_approval);
}

TEST_F(PolicyTest, NamesAllThatARuleFailsOn) {
  EXPECT_EQ(Failing([](PolicyQuestion& q) {
              q.purpose = "marketing";
              q.wall_s = 1'000'000;
              q.own_vote = false;
            }),
            "purposes, max_wall_s, require_own_vote");
}

TEST_F(PolicyTest, EachPredicateDeniesByItself) {
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.proposer = "be"; }), "submitters");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.model_kind = "llama"; }), "model_kinds");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.certificates[0].bytes[0] ^= 1; }), "datasets");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.certificates.push_back({}); }), "datasets");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.certificates.clear(); }), "datasets");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.purpose = "marketing"; }), "purposes");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.cohort = 4; }), "min_cohort");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.group = 2; }), "min_group");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.secure = SecureMode::kSemiHonest; }), "min_secure");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.secure = SecureMode::kOff; }), "min_secure");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.epsilon = 1.01; }), "max_epsilon");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.delta = 1e-5; }), "max_epsilon");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.epsilon.reset(); }), "allow_without_dp");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.rounds = 51; }), "max_rounds");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.local_epochs = 4; }), "max_local_epochs");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.local_epochs = 0, q.local_steps = 1; }), "max_local_steps");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.code = "torchscript"; }), "code");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.wall_s = 3'601; }), "max_wall_s");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.mem_mb = 4'097; }), "max_mem_mb");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.gpu = true; }), "gpu");
  EXPECT_EQ(Failing([](PolicyQuestion& q) { q.own_vote = false; }), "require_own_vote");
}

TEST_F(PolicyTest, ARuleHoldsThroughItsLastDay) {
  constexpr UnixSeconds kMidnightAfter = 1'814'400'000;  // 2027-07-01T00:00:00Z
  job.now = kMidnightAfter - 1;
  EXPECT_TRUE(Judge(Policy(), job).allowed);
  job.now = kMidnightAfter;
  EXPECT_EQ(Failing([](PolicyQuestion&) {}), "valid_until");
}

TEST_F(PolicyTest, LimitsAreAboveEveryRule) {
  job.running = 1;
  EXPECT_EQ(Judge(Policy(), job).reason, "limits.max_concurrent_jobs: 1 are open");
  job.running = 0;
  job.epsilon_spent = 2.0;
  EXPECT_TRUE(Judge(Policy(), job).allowed);
  job.epsilon_spent = 2.001;
  EXPECT_NE(Judge(Policy(), job).reason.find("limits.max_epsilon_total"), std::string::npos);
  job.epsilon_spent = 0.0;
  job.genesis.bytes[0] ^= 1;
  EXPECT_EQ(Judge(Policy(), job).reason, "the policy is for another federation");
}

TEST_F(PolicyTest, TwoRulesThatMatchAllowNothing) {
  const std::string rule = text.substr(text.find("\n[[allow]]"));
  text += "\n" + rule;
  const std::size_t second = text.rfind("maternal-risk");
  text.replace(second, 13, "another");
  EXPECT_EQ(Judge(Policy(), job).reason, "rules maternal-risk and another both match: which one decides?");
  job.purpose = "none";
  EXPECT_EQ(Judge(Policy(), job).reason, "no rule allows it");
}

TEST_F(PolicyTest, APersonMayBeAsked) {
  Replace("require_approval = false", "require_approval = true");
  EXPECT_TRUE(Judge(Policy(), job).needs_approval);
}

// 20: missing, unknown, unreadable: nothing is allowed.
TEST_F(PolicyTest, WhatCannotBeReadAllowsNothing) {
  const auto fault = [&](const std::string& what, const std::string& with) {
    Desk copy;
    copy.Replace(what, with);
    return ParsePolicy(AsBytes(copy.text), "policy.toml").status();
  };
  EXPECT_EQ(ParsePolicy(AsBytes(""), "policy.toml").status().error(), "policy.invalid");
  EXPECT_EQ(fault("default = \"deny\"", "default = \"allow\"").error(), "policy.invalid");
  EXPECT_EQ(fault("version = 1", "version = 2").error(), "policy.invalid");
  EXPECT_EQ(fault("version = 1", "version = 1\nfoo = 1").error(), "policy.invalid");
  EXPECT_NE(fault("max_rounds", "max_round").message().find("policy.toml:"), std::string::npos);
  EXPECT_EQ(fault("gpu = false", "gpus = false").error(), "policy.invalid");
  EXPECT_EQ(fault("valid_until = 2027-06-30", "").error(), "policy.invalid");
  EXPECT_EQ(fault("2027-06-30", "\"2027-06-30\"").error(), "policy.invalid");
  EXPECT_EQ(fault("2027-06-30", "2027-06-31").error(), "policy.invalid");
  EXPECT_EQ(fault("2027-06-30", "2027-06-30T10:00:00Z").error(), "policy.invalid");
  EXPECT_EQ(fault("[\"sha256:60", "[\"sha256:*").error(), "policy.invalid");
  EXPECT_EQ(fault("\n[[allow]]", "\n[allow]").error(), "policy.invalid");
  EXPECT_EQ(fault("\n[[allow]]", "\n[[allows]]").error(), "policy.invalid");
  EXPECT_EQ(fault("max_epsilon = 1.0", "max_epsilon = nan").error(), "policy.invalid");
  EXPECT_EQ(fault("member:rw", "rw").error(), "policy.invalid");
  text += "\n" + text.substr(text.find("\n[[allow]]"));
  EXPECT_NE(ParsePolicy(AsBytes(text), "p").status().message().find("another rule is called"),
            std::string::npos);
}

}  // namespace
}  // namespace accord::charter
