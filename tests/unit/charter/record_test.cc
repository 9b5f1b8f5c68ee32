// What a log says, entry by entry, and what it takes.
#include "charter/record.h"

#include "charter/vote.h"
#include "tests/unit/charter/fixture.h"

namespace accord::charter {
namespace {

using ledger::Envelope;

Bytes Entry(const Envelope& envelope) {
  const std::string text = ledger::EncodeEnvelope(envelope);
  return {text.begin(), text.end()};
}

struct RecordTest : ::testing::Test {
  Charter charter = CharterOf();
  Envelope charter_entry = Signed(charter, All(charter));
  Digest genesis = charter_entry.Id();
  Envelope proposal = Signed(kProposalType, Encode(ProposalOf(genesis)), {"ke"});
  Record record{genesis};

  [[nodiscard]] Envelope VoteBy(const std::string& voter, bool approve = true, std::uint8_t nonce = 1,
                                std::string signer = "", UnixSeconds after = 0) const {
    const Vote vote{.federation = "maternal",
                    .job = proposal.Id(),
                    .charter = genesis,
                    .charter_version = 1,
                    .voter = voter,
                    .approve = approve,
                    .nonce = {nonce},
                    .issued_at = kNow + after - 60,
                    .expires_at = kNow + after + kDay};
    return Signed(kVoteType, Encode(vote), {signer.empty() ? voter : std::move(signer)});
  }
  Result<EntryKind> Add(const Envelope& envelope) { return record.Add(Entry(envelope)); }
  [[nodiscard]] std::string Refusal(const Envelope& envelope, UnixSeconds now = kNow) const {
    return std::string(record.Check(Entry(envelope), now).status().error());
  }
  [[nodiscard]] Outcome Now(UnixSeconds now = kNow) const {
    return record.StandingOf(proposal.Id(), now)->outcome;
  }
  void Begin() {
    ASSERT_EQ(*Add(charter_entry), EntryKind::kCharter);
    ASSERT_EQ(*Add(proposal), EntryKind::kProposal);
  }
};

TEST_F(RecordTest, TellsAProposalFromItsVotes) {
  Begin();
  for (const std::string voter : {"be", "ke", "np"}) {
    ASSERT_EQ(*Add(VoteBy(voter)), EntryKind::kVote);
    EXPECT_EQ(Now(), Outcome::kOpen);
  }
  ASSERT_TRUE(Add(VoteBy("pe")).ok());
  EXPECT_EQ(Now(), Outcome::kPassed);
  EXPECT_EQ(Now(kNow + 31 * kDay), Outcome::kLapsed);
  const Matter& matter = **record.Find(proposal.Id());
  EXPECT_EQ(matter.index, 1U);
  EXPECT_EQ(matter.votes.back().index, 5U);
  EXPECT_EQ(record.charter_places(), std::vector<std::uint64_t>{0});

  ASSERT_TRUE(Add(VoteBy("rw", false)).ok());
  EXPECT_EQ(Now(), Outcome::kRejected);
  EXPECT_EQ(record.size(), 7U);
}

TEST_F(RecordTest, WhatSaysNothingKeepsItsPlace) {
  EXPECT_EQ(Add(proposal).status().error(), "charter.missing");
  ASSERT_TRUE(Add(charter_entry).ok());
  EXPECT_EQ(record.Add(AsBytes(std::string_view("no envelope"))).status().error(), "ledger.malformed");
  EXPECT_EQ(Add(VoteBy("be")).status().error(), "proposal.unknown");
  ASSERT_TRUE(Add(proposal).ok());
  EXPECT_EQ((*record.Find(proposal.Id()))->index, 4U);
  ASSERT_TRUE(Add(proposal).ok());
  EXPECT_EQ((*record.Find(proposal.Id()))->index, 4U) << "the first counts";
}

TEST_F(RecordTest, BeginsWithTheCharterThatIsPinned) {
  Charter other = charter;
  other.min_cohort = 4;
  const Envelope signed_other = Signed(other, All(other));
  EXPECT_EQ(Add(signed_other).status().error(), "charter.genesis");
  Record any;
  EXPECT_TRUE(any.Add(Entry(signed_other)).ok()) << "the log's own first one, where none is pinned";
  EXPECT_EQ(any.Add(Entry(charter_entry)).status().error(), "charter.chain");
  EXPECT_EQ(Record().Add(Entry(Signed(charter, {"be", "ke", "np", "pe"}))).status().error(),
            "charter.signatures")
      << "the first is signed by all";
}

TEST_F(RecordTest, FollowsTheCharter) {
  Begin();
  Charter next = charter;
  next.version = 2;
  next.prev = genesis;
  next.members.back().suspended = true;
  EXPECT_EQ(Refusal(Signed(next, {"be", "ke", "np"})), "charter.signatures");
  ASSERT_EQ(*Add(Signed(next, {"be", "ke", "np", "pe"})), EntryKind::kCharter);
  EXPECT_EQ(record.chain().size(), 2U);
  EXPECT_EQ((*record.Present(kNow))->charter.version, 2U);
  EXPECT_EQ(Refusal(VoteBy("rw")), "vote.refused") << "suspended since";
  EXPECT_EQ(Refusal(VoteBy("be")), "") << "under the version that the proposal was made under";
}

TEST_F(RecordTest, ARejectionThatHasExpiredMayBeSaidAgain) {
  Begin();
  ASSERT_TRUE(Add(VoteBy("ke", false)).ok());
  EXPECT_EQ(Refusal(VoteBy("ke", false, 2)), "vote.refused");
  const UnixSeconds later = kNow + 2 * kDay;
  EXPECT_EQ(Now(later), Outcome::kOpen);
  const Envelope again = VoteBy("ke", false, 2, "", 2 * kDay);
  ASSERT_EQ(Refusal(again, later), "");
  ASSERT_TRUE(Add(again).ok());
  EXPECT_EQ(Now(later), Outcome::kRejected);

  ASSERT_TRUE(Add(VoteBy("np")).ok());
  EXPECT_EQ(Refusal(VoteBy("np", true, 2, "", 2 * kDay), later), "vote.refused")
      << "an approval that has expired would become a rejection";
}

TEST_F(RecordTest, TakesOnlyWhatSaysSomething) {
  EXPECT_EQ(Refusal(proposal), "charter.missing");
  Begin();
  EXPECT_EQ(Refusal(proposal), "proposal.known");
  Proposal fresh = ProposalOf(genesis);
  fresh.nonce = {8};
  EXPECT_EQ(Refusal(Signed(kProposalType, Encode(fresh), {"ke"})), "");
  EXPECT_EQ(Refusal(Signed(kProposalType, Encode(fresh), {"be"})), "proposal.refused") << "another's key";
  EXPECT_EQ(Refusal(Signed(kProposalType, Encode(fresh), {"ke"}), kNow + 31 * kDay), "proposal.refused");

  EXPECT_EQ(Refusal(VoteBy("be")), "");
  EXPECT_EQ(Refusal(VoteBy("be", true, 1, "ke")), "vote.refused") << "forged";
  EXPECT_EQ(Refusal(VoteBy("be"), kNow + 2 * kDay), "vote.refused") << "expired";
  ASSERT_TRUE(Add(VoteBy("be")).ok());
  EXPECT_EQ(Refusal(VoteBy("be")), "vote.refused") << "twice the same";
  EXPECT_EQ(Refusal(VoteBy("be", true, 2)), "vote.refused") << "given again, it would count as a rejection";
  ASSERT_EQ(Refusal(VoteBy("be", false, 2)), "") << "two different ones are evidence";
  ASSERT_TRUE(Add(VoteBy("be", false, 2)).ok());
  EXPECT_EQ(Refusal(VoteBy("be", false, 3)), "vote.refused") << "that is known";

  EXPECT_EQ(*record.Check(Entry(Signed("application/vnd.accord.receipt.v1+json", {1}, {"rw"})), kNow),
            EntryKind::kOther);
  Envelope stranger{"application/vnd.accord.receipt.v1+json", {1}, {}};
  Sign(stranger, KeyOf("stranger"), "");
  EXPECT_EQ(Refusal(stranger), "entry.unsigned");
}

}  // namespace
}  // namespace accord::charter
