// What the lab's people read of a decision.
#include "node/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "crypto/sha256.h"

namespace accord::node {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Explanation Heart() {
  const Digest data = crypto::Sha256::Of("data");
  Explanation explanation{
      .job = {crypto::Sha256::Of("heart").bytes}, .name = "heart", .considered = {}, .ledger = {}};
  explanation.considered.check = 9;
  explanation.considered.policy = {
      .allowed = true, .rule = "all", .rules = {{"all", ""}, {"speech", "purposes"}}};
  explanation.considered.asked = {
      .job = crypto::Sha256::Of("heart"), .rule = "all", .certificates = {data}, .wall_ms = 60'000};
  explanation.considered.ceilings = {.epsilon_milli = {{data, 1'500}}, .wall_ms = 100'000};
  explanation.ledger = {{.job = crypto::Sha256::Of("lungs"),
                         .rule = "all",
                         .certificates = {data},
                         .epsilon_milli = 70,
                         .wall_ms = 30'000}};
  return explanation;
}

TEST(ExplanationTest, NamesEveryCheckAndRule) {
  const std::string text = ExplanationText(Heart());
  for (std::string_view what : charter::kChecks) EXPECT_THAT(text, HasSubstr(std::string(what)));
  EXPECT_THAT(text, Not(HasSubstr("not reached")));
  EXPECT_THAT(text, HasSubstr("rule all: all of it holds"));
  EXPECT_THAT(text, HasSubstr("rule speech: fails on purposes"));
  EXPECT_THAT(text, HasSubstr("60 s of training under the rule all; other jobs have 30 of 100 s"));
  EXPECT_THAT(text, HasSubstr("epsilon 0.000 of " + crypto::Sha256::Of("data").Hex() +
                              "; other jobs have 0.070 of 1.500"));
  EXPECT_THAT(text, HasSubstr("This node takes part."));
}

TEST(ExplanationTest, SaysWhatWasNotReached) {
  Explanation explanation = Heart();
  explanation.considered = {.check = 6, .status = Fail(errors::kProposalOwnVote, "ke has not approved")};
  const std::string text = ExplanationText(explanation);
  EXPECT_THAT(text, HasSubstr("5  holds"));
  EXPECT_THAT(text, HasSubstr("6  fails"));
  EXPECT_THAT(text, HasSubstr("proposal.own_vote: ke has not approved"));
  EXPECT_THAT(text, HasSubstr("7  not reached"));
  EXPECT_THAT(text, Not(HasSubstr("of training")));
  EXPECT_THAT(text, HasSubstr("does not take part"));
  EXPECT_THAT(text, HasSubstr("hint:  ")) << "what to do";
}

TEST(ExplanationTest, ErrorsOfSeveralLinesStayInTheirColumn) {
  Explanation explanation = Heart();
  explanation.considered = {.check = 8,
                            .status = Fail(errors::kPolicyInvalid, "policy.toml has an error:\nline 3")};
  const std::string text = ExplanationText(explanation);
  EXPECT_THAT(text, HasSubstr("policy.toml has an error:\n                  line 3\n"));
  EXPECT_THAT(text, HasSubstr("does not take part: policy.invalid, policy.toml has an error:\n"));
}

TEST(ExplanationTest, APersonMayBeWhatIsMissing) {
  Explanation explanation = Heart();
  explanation.considered.policy.needs_approval = true;
  explanation.approval = Approval::kWaiting;
  EXPECT_THAT(ExplanationText(explanation), HasSubstr("approval: waiting"));
  EXPECT_EQ(explanation.Decision().error(), "policy.awaits_approval");
  explanation.approval = Approval::kApproved;
  EXPECT_TRUE(explanation.Decision().ok());
}

TEST(ExplanationTest, ProgramsReadTheSame) {
  Explanation explanation = Heart();
  auto json = nlohmann::json::parse(ExplanationJson(explanation));
  EXPECT_EQ(json["takes_part"], true);
  EXPECT_EQ(json["checks"].size(), 9U);
  EXPECT_EQ(json["checks"][8]["result"], "holds");
  EXPECT_EQ(json["rules"][1]["fails"], "purposes");
  EXPECT_EQ(json["budget"]["wall_s_promised"], 30);
  EXPECT_EQ(json["budget"]["certificates"][0]["epsilon_milli_ceiling"], 1'500);
  explanation.considered.check = 8;
  explanation.considered.status = Fail(errors::kPolicyDenied, "no rule \xff allows it");
  json = nlohmann::json::parse(ExplanationJson(explanation));
  EXPECT_EQ(json["error"], "policy.denied");
  EXPECT_EQ(json["checks"][7]["result"], "fails");
  EXPECT_EQ(json["checks"][8]["result"], "not reached");
  EXPECT_TRUE(json["budget"].is_null());
}

}  // namespace
}  // namespace accord::node
