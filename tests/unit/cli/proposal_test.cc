// accord proposal list and show: what is asked of members, by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "cli/words.h"
#include "tests/unit/cli/fake_log.h"

namespace accord::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

struct ProposalListTest : ::testing::Test {
  ProgramWithLog program;
  const std::string plan{publish::kExamplePlan};
  const std::string path = "plan/" + crypto::Sha256::Of(plan).Hex();
  const Digest job = program.log.Propose(7, "ke", plan);

  json Data(std::vector<std::string> words) {
    words.emplace_back("--json");
    return json::parse(program.Ask(words).out)["data"];
  }
};

TEST_F(ProposalListTest, NamesWhatIsAsked) {
  program.log.Propose(8);
  PutText(program.coordinator, path, plan);
  const auto listed = program.Ask({"proposal", "list"});
  ASSERT_EQ(listed.code, 0) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr(ShortId(job) + "  digits  public-health  ke  open"));
  const json data = Data({"proposal", "list"});
  ASSERT_EQ(data.size(), 2U);
  EXPECT_TRUE(data[0]["name"].is_null() && data[0]["purpose"].is_null()) << data[0];
  EXPECT_EQ(data[1]["id"], job.Hex());
  EXPECT_EQ(data[1]["name"], "digits");
  EXPECT_EQ(data[1]["purpose"], "public-health");
}

TEST_F(ProposalListTest, TakesNoOtherJobFile) {
  PutText(program.coordinator, path, plan + "# changed\n");
  EXPECT_TRUE(Data({"proposal", "list"})[0]["name"].is_null());
  EXPECT_THAT(program.Ask({"proposal", "show", job.Hex()}).out, Not(HasSubstr("The job file:")));
}

TEST_F(ProposalListTest, ABrokenConnectionIsNoMissingJobFile) {
  Serve(program.coordinator, program.log);
  program.coordinator.failures = {{}, {}, Fail(errors::kNetUnreachable, "gone")};  // head, entries, plan
  EXPECT_EQ(program.Run({"proposal", "list"}).code, static_cast<int>(ExitCode::kConnection));
}

TEST_F(ProposalListTest, ShowsTheJobFile) {
  PutText(program.coordinator, path, plan);
  const std::string shown = program.Ask({"proposal", "show", job.Hex()}).out;
  EXPECT_THAT(shown, HasSubstr("digits\n"));
  EXPECT_THAT(shown, HasSubstr("public-health\n"));
  EXPECT_THAT(shown, HasSubstr("The job file:\n\nversion = 1\n"));
  EXPECT_EQ(Data({"proposal", "show", job.Hex()})["name"], "digits");
}

// A vote that came after the end, or expired since, is no word on what was done.
TEST_F(ProposalListTest, SaysWhatWasTrained) {
  for (const std::string voter : {"be", "ke", "np", "rw"}) program.log.Vote(job, voter);
  program.log.Commit(job, 1);
  EXPECT_THAT(program.Ask({"proposal", "list"}).out, HasSubstr("ke  trained, 1 round  be, ke"));
  program.log.Commit(job, 2);
  program.log.Vote(job, "pe", false);
  EXPECT_THAT(program.Ask({"proposal", "list"}).out, HasSubstr("trained, 2 rounds (rejected)"));
  EXPECT_THAT(program.Ask({"proposal", "show", job.Hex()}).out, HasSubstr("trained, 2 rounds (rejected)"));
  const json data = Data({"proposal", "list"});
  EXPECT_EQ(data[0]["stands"], "rejected");
  EXPECT_EQ(data[0]["rounds"], "2");
}

TEST_F(ProposalListTest, WhatWasTrainedIsNotOpenAgain) {
  const Digest other = program.log.Propose(8);
  for (const Digest& one : {job, other}) program.log.Vote(one, "ke");
  program.log.Commit(job, 1);
  const std::string shown = program.Ask({"proposal", "show", job.Hex()}).out;
  EXPECT_THAT(shown, HasSubstr("trained, 1 round\n"));
  EXPECT_THAT(shown, Not(HasSubstr("why  ")));
  EXPECT_THAT(program.Ask({"proposal", "show", other.Hex()}).out, HasSubstr("why  "));
}

}  // namespace
}  // namespace accord::cli
