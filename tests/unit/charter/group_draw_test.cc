// What groups are drawn from: the same for every node, whatever else it knows.
#include "charter/group_draw.h"

#include <algorithm>

#include "tests/unit/charter/fixture.h"

namespace accord::charter {
namespace {

struct GroupDrawTest : ::testing::Test {
  Charter charter = CharterOf();  // of five members four decide
  Version under{charter, crypto::Sha256::Of(Encode(charter))};
  Digest job = crypto::Sha256::Of("proposal");
  std::vector<LoggedVote> votes;

  [[nodiscard]] Vote VoteOf(const std::string& voter) const {
    Vote vote{.federation = charter.federation,
              .job = job,
              .charter = under.hash,
              .charter_version = charter.version,
              .voter = voter,
              .approve = true,
              .issued_at = kNow - 60,
              .expires_at = kNow + kDay};
    vote.nonce.fill(static_cast<std::uint8_t>('z' - voter[0]));  // in another order than the names
    return vote;
  }
  void Take(const Vote& vote, const std::string& signer) {
    votes.push_back({Signed(kVoteType, Encode(vote), {signer}), votes.size()});
  }
  void Approve(const std::vector<std::string>& voters) {
    for (const std::string& voter : voters) Take(VoteOf(voter), voter);
  }
  [[nodiscard]] Result<GroupDraw> Drawn() const { return DrawOf(job, under, votes); }
};

TEST_F(GroupDrawTest, IsOfTheFirstVotesThatDecide) {
  Approve({"rw", "be", "ke"});
  EXPECT_EQ(Drawn().status().error(), "proposal.votes");
  Approve({"np"});
  const auto four = Drawn();
  ASSERT_TRUE(four.ok()) << four.status().message();
  EXPECT_EQ(four->nonces.size(), 4U);
  EXPECT_TRUE(std::ranges::is_sorted(four->nonces));
  Approve({"pe"});
  EXPECT_EQ(*Drawn(), *four) << "a vote that comes later";
  std::ranges::reverse(votes);
  EXPECT_EQ(*Drawn(), *four) << "the log has the order, not the bundle";
}

TEST_F(GroupDrawTest, TakesNoVoteThatDoesNotCount) {
  Approve({"be", "ke", "np"});
  Take(VoteOf("rw"), "pe");  // signed by another
  Vote no = VoteOf("pe");
  no.approve = false;
  Take(no, "pe");
  Approve({"be"});  // once more
  EXPECT_EQ(Drawn().status().error(), "proposal.votes");
}

TEST_F(GroupDrawTest, HoldsWhenVotesExpire) {
  for (const std::string voter : {"be", "ke", "np", "rw"}) {
    Vote vote = VoteOf(voter);
    vote.issued_at = 1'000'000;
    vote.expires_at = 1'000'001;
    Take(vote, voter);
  }
  EXPECT_TRUE(Drawn().ok());
}

TEST_F(GroupDrawTest, CharterAndPlanHaveToAgree) {
  JobSpec plan;
  plan.round.min_nodes = plan.round.min_survivors = 3;
  EXPECT_TRUE(CheckConsent(charter, plan).ok()) << "groups stay, or there are none";
  plan.groups.reshuffle = true;
  EXPECT_EQ(CheckConsent(charter, plan).error(), "groups.consent");
  charter.contribution_scores = true;
  EXPECT_TRUE(CheckConsent(charter, plan).ok());
  plan.round.min_survivors = 2;
  EXPECT_EQ(CheckConsent(charter, plan).error(), "groups.consent")
      << "the sum of two tells each of the other's";
  charter.min_group = 1;
  EXPECT_EQ(CheckConsent(charter, plan).error(), "groups.consent");
}

// By another program: python3 -c 'import hashlib; print(hashlib.sha256(bytes([1])*32 + bytes([2])*32 +
// bytes([3])*32
// + (7).to_bytes(4, "big")).hexdigest())'
TEST_F(GroupDrawTest, TheSeedIsOneHash) {
  GroupDraw draw;
  draw.job.bytes.fill(1);
  draw.nonces.resize(2);
  draw.nonces[0].fill(2);
  draw.nonces[1].fill(3);
  EXPECT_EQ(draw.SeedOf(7).Hex(), "7aec50e11724f6106043c2982acd6f3f0efa3e8790d0c5cdbd4746f16c64b1be");
  EXPECT_NE(draw.SeedOf(7), draw.SeedOf(8));
}

}  // namespace
}  // namespace accord::charter
