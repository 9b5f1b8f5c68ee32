// Proposals and votes, with the attacks of governance.md section 4 that a count has to stand (6 to 11, 14).
#include "charter/tally.h"

#include <array>
#include <functional>

#include "charter/receipt.h"
#include "tests/unit/charter/fixture.h"

namespace accord::charter {
namespace {

struct Federation {
  Charter charter = CharterOf();
  Digest charter_hash = crypto::Sha256::Of(Encode(charter));
  Version version{charter, charter_hash};  // that the proposal was made under; `charter` is in force
  Proposal proposal = ProposalOf(charter_hash);
  std::uint64_t index = 1;  // of the proposal in the log

  [[nodiscard]] ledger::Envelope Proposed() const { return Signed(kProposalType, Encode(proposal), {"ke"}); }
  [[nodiscard]] Vote VoteOf(const std::string& voter, bool approve = true) const {
    return {.federation = "maternal",
            .job = Proposed().Id(),
            .charter = charter_hash,
            .charter_version = charter.version,
            .voter = voter,
            .approve = approve,
            .nonce = {static_cast<std::uint8_t>(voter[0])},
            .issued_at = kNow - 60,
            .expires_at = kNow + kDay};
  }
  [[nodiscard]] ledger::Envelope Voted(const std::string& voter, bool approve = true) const {
    return Signed(kVoteType, Encode(VoteOf(voter, approve)), {voter});
  }
  [[nodiscard]] Status Checked(UnixSeconds now = kNow) const {
    return CheckProposal(Proposed(), proposal, index, BallotAt(now));
  }
  [[nodiscard]] Ballot BallotAt(UnixSeconds now = kNow) const {
    return {Proposed().Id(), &version, &charter, now};
  }
};

// ---------------------------------------------------------------- proposals

struct ProposalTest : ::testing::Test, Federation {};

TEST_F(ProposalTest, ComesBackWhole) {
  proposal.code_kind = "torchscript";
  proposal.code = crypto::Sha256::Of("module");
  const auto parsed = ParseProposal(Encode(proposal));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(*parsed, proposal);
  EXPECT_TRUE(proposal.Names("rw"));
  EXPECT_FALSE(proposal.Names("be"));
}

TEST_F(ProposalTest, IsOfThisFederationCharterAndTime) {
  EXPECT_TRUE(Checked().ok()) << Checked().message();
  EXPECT_EQ(Checked(proposal.not_after + 301).error(), "proposal.refused");
  EXPECT_EQ(Checked(proposal.not_before - 301).error(), "proposal.refused");
  const auto refuses = [&](const std::function<void(Federation&)>& spoil) {
    Federation copy = *this;
    spoil(copy);
    return copy.Checked().error() == "proposal.refused";
  };
  EXPECT_TRUE(refuses([](Federation& t) { t.proposal.federation = "other"; }));
  EXPECT_TRUE(refuses([](Federation& t) { t.proposal.charter = crypto::Sha256::Of("older"); }));
  EXPECT_TRUE(refuses([](Federation& t) { t.proposal.proposer = "zz"; }));
  EXPECT_TRUE(refuses([](Federation& t) { t.proposal.proposer = "be"; })) << "signed by another";
  EXPECT_TRUE(refuses([](Federation& t) { t.charter.members[1].suspended = true; }));
  EXPECT_TRUE(refuses([](Federation& t) { t.charter.members[1].rights.erase(Right::kPropose); }));
  EXPECT_TRUE(refuses([](Federation& t) { t.charter.members[4].rights.erase(Right::kData); }));
  EXPECT_TRUE(refuses([](Federation& t) { t.proposal.recipients = {"zz"}; }));
}

// Who stole a key proposes nothing with it.
TEST_F(ProposalTest, ARevokedKeyProposesNothingFromItsIndexOn) {
  charter.revoked = {{std::string(kRevokedGovKey), KeyIdOf(GovVkeyOf("ke")), 2}};
  EXPECT_TRUE(Checked().ok()) << "it is older";
  index = 2;
  EXPECT_EQ(Checked().error(), "proposal.refused");
}

TEST_F(ProposalTest, ContradictsItselfNowhere) {
  const auto malformed = [&](const std::function<void(Proposal&)>& spoil) {
    Proposal copy = proposal;
    spoil(copy);
    return ParseProposal(Encode(copy)).status().error() == "ledger.malformed";
  };
  EXPECT_TRUE(malformed([](Proposal& p) { p.not_after = p.not_before; }));
  EXPECT_TRUE(malformed([](Proposal& p) { p.datasets.clear(); }));
  EXPECT_TRUE(malformed([](Proposal& p) { p.datasets.push_back(p.datasets[0]); }));
  EXPECT_TRUE(malformed([](Proposal& p) { p.code_kind = "shell"; }));
  EXPECT_TRUE(malformed([](Proposal& p) { p.recipients.clear(); }));
}

// ---------------------------------------------------------------- votes

struct Polls : Federation {
  std::vector<LoggedVote> votes;

  Polls& Approve(const std::vector<std::string>& voters) {
    for (const std::string& voter : voters) votes.push_back({Voted(voter), votes.size()});
    return *this;
  }
  [[nodiscard]] Tally Counted(UnixSeconds now = kNow) const { return CountVotes(BallotAt(now), votes); }
  [[nodiscard]] std::string Decided(const std::string& holder = "", UnixSeconds now = kNow) const {
    return Decide(BallotAt(now), Counted(now), holder).error();
  }
  // Whether a vote of be's that was changed so does not count beside the three of others.
  [[nodiscard]] bool Ignores(const std::function<void(Vote&)>& change) const {
    Polls copy = *this;
    Vote vote = VoteOf("be");
    change(vote);
    copy.Approve({"ke", "np", "rw"}).votes.push_back({Signed(kVoteType, Encode(vote), {"be"})});
    return copy.Decided() == "proposal.votes" && copy.Counted().ignored.size() == 1;
  }
};
struct TallyTest : ::testing::Test, Polls {};

TEST_F(TallyTest, AVoteComesBackWhole) {
  Vote vote = VoteOf("ke", false);
  vote.conditions = crypto::Sha256::Of("only on Sundays");
  const auto parsed = ParseVote(Encode(vote));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(*parsed, vote);
}

TEST_F(TallyTest, AsManyAsTheCharterAsksForPassIt) {
  EXPECT_EQ(Approve({"be", "ke", "np"}).Decided(), "proposal.votes");
  EXPECT_EQ(Approve({"rw"}).Decided(), "");
  EXPECT_EQ(Counted().approvals.size(), 4U);
}

TEST_F(TallyTest, OneRejectionEndsIt) {
  Approve({"be", "ke", "np", "rw"}).votes.push_back({Voted("pe", false)});
  EXPECT_EQ(Decided(), "proposal.rejected");
  charter.reject_wins = false;  // where members agreed so
  EXPECT_EQ(Decided(), "proposal.rejected") << "nor does an amendment take that back";
  charter_hash = crypto::Sha256::Of(Encode(charter));
  version = {charter, charter_hash};
  proposal = ProposalOf(charter_hash);
  votes.clear();
  Approve({"be", "ke", "np", "rw"}).votes.push_back({Voted("pe", false)});
  EXPECT_EQ(Decided(), "");
}

TEST_F(TallyTest, NobodyOverrulesWhoHoldsTheData) {
  Approve({"be", "ke", "np", "pe"});
  EXPECT_EQ(Decided(), "");
  EXPECT_EQ(Decided("rw"), "proposal.own_vote");
  EXPECT_EQ(Decided("ke"), "");
}

TEST_F(TallyTest, AMemberCountsOnce) {
  EXPECT_EQ(Approve({"be", "ke", "np", "np", "np"}).Decided(), "proposal.votes");
  EXPECT_TRUE(Counted().equivocations.empty()) << "the same vote, carried twice";
}

TEST_F(TallyTest, TwoDifferentVotesOfOneMemberAreARejection) {
  Approve({"be", "ke", "np", "pe", "rw"}).votes.push_back({Voted("pe", false)});
  EXPECT_EQ(Decided(), "proposal.rejected");
  ASSERT_EQ(Counted().equivocations.count("pe"), 1U);
  EXPECT_EQ(Counted().equivocations.at("pe"), (std::pair<std::size_t, std::size_t>{3, 5}));
  EXPECT_FALSE(Counted().approvals.contains("pe"));
}

TEST_F(TallyTest, AnotherNonceIsAnotherVote) {
  Vote again = VoteOf("pe");
  again.nonce = {99};
  Approve({"be", "ke", "np", "pe"}).votes.push_back({Signed(kVoteType, Encode(again), {"pe"})});
  EXPECT_EQ(Decided(), "proposal.rejected");
}

TEST_F(TallyTest, IgnoresVotesForAnythingElse) {
  EXPECT_TRUE(Ignores([](Vote& v) { v.federation = "other"; }));
  EXPECT_TRUE(Ignores([](Vote& v) { v.job = crypto::Sha256::Of("another"); }));
  EXPECT_TRUE(Ignores([](Vote& v) { v.charter = crypto::Sha256::Of("older"); }));
  EXPECT_TRUE(Ignores([](Vote& v) { ++v.charter_version; }));
  EXPECT_TRUE(Ignores([](Vote& v) { v.voter = "zz"; }));
  EXPECT_TRUE(Ignores([](Vote& v) { v.voter = "pe"; })) << "signed by another";
  EXPECT_TRUE(Ignores([](Vote& v) { v.expires_at = kNow - 301; }));
  EXPECT_TRUE(Ignores([](Vote& v) { v.issued_at = kNow + 301; }));
  EXPECT_TRUE(Ignores([](Vote& v) { v.expires_at = v.issued_at + 31 * kDay; }));
  EXPECT_FALSE(Ignores([](Vote&) {})) << "as it is it counts";
}

TEST_F(TallyTest, AVoteIsSignedAsOneByAMember) {
  Approve({"ke", "np", "rw"});
  const Vote vote = VoteOf("be");
  votes.push_back({Signed("application/vnd.accord.receipt.v1+json", Encode(vote), {"be"})});
  votes.push_back({Signed(kVoteType, Encode(vote), {"pe"})});
  ledger::Envelope stranger{std::string(kVoteType), Encode(vote), {}};
  Sign(stranger, KeyOf("stranger"), KeyIdOf(GovVkeyOf("be")));
  votes.push_back({stranger});
  EXPECT_EQ(Decided(), "proposal.votes");
  EXPECT_EQ(Counted().ignored.size(), 3U);
}

TEST_F(TallyTest, WhoMayNotVoteNowDoesNotCount) {
  Approve({"be", "ke", "np", "rw"});
  charter.members[0].suspended = true;
  EXPECT_EQ(Decided(), "proposal.votes");
}

TEST_F(TallyTest, WhoMayVoteOnlyNowDoesNotEither) {
  Approve({"be", "ke", "np", "rw"});
  version.charter.members[0].rights.erase(Right::kVote);
  EXPECT_EQ(Decided(), "proposal.votes");
}

TEST_F(TallyTest, AnAmendmentMayAskForMore) {
  Approve({"be", "ke", "np", "rw"});
  charter.quorum.job = 5;
  EXPECT_EQ(Decided(), "proposal.votes");
}

// 7
TEST_F(TallyTest, AMemberWithTwoKeysCountsOnce) {
  Member& np = version.charter.members[2];
  np.gov_keys.push_back(ledger::LogKey("fed.example/gov/np-2", KeyOf("gov np 2").PublicKey()));
  Approve({"be", "ke", "np"});
  ledger::Envelope same{std::string(kVoteType), Encode(VoteOf("np")), {}};
  Sign(same, KeyOf("gov np 2"), "fed.example/gov/np-2");
  votes.push_back({same, votes.size()});
  EXPECT_EQ(Decided(), "proposal.votes") << "one vote, signed by both of its keys";
  EXPECT_TRUE(Counted().equivocations.empty());
  Vote other = VoteOf("np");
  other.nonce = {99};
  ledger::Envelope another{std::string(kVoteType), Encode(other), {}};
  Sign(another, KeyOf("gov np 2"), "fed.example/gov/np-2");
  votes.back().envelope = another;
  EXPECT_EQ(Decided(), "proposal.rejected") << "two votes of one member";
}

// 8: logged once more, later. It is the same vote, and of a key that was revoked meanwhile still the first.
TEST_F(TallyTest, AVoteThatIsLoggedAgainCountsWhereItWasFirst) {
  Approve({"be", "ke", "np"});
  votes.push_back({votes[2].envelope, 9});
  EXPECT_EQ(Decided(), "proposal.votes");
  Approve({"rw"}).votes.push_back({Voted("rw"), 10});
  charter.revoked = {{std::string(kRevokedGovKey), KeyIdOf(GovVkeyOf("rw")), 10}};
  EXPECT_EQ(Decided(), "");
  std::erase_if(votes, [](const LoggedVote& vote) { return vote.index == 4; });
  EXPECT_EQ(Decided(), "proposal.votes") << "only the copy that came too late is shown";
}

// 6
TEST_F(TallyTest, ForgedSignaturesAreNone) {
  Approve({"ke", "np", "rw"});
  const auto counts = [&](const std::function<void(ledger::DsseSignature&)>& change) {
    Polls copy = *this;
    ledger::Envelope envelope = Voted("be");
    change(envelope.signatures[0]);
    copy.votes.push_back({envelope});
    return copy.Decided().empty();
  };
  EXPECT_TRUE(counts([](ledger::DsseSignature&) {}));
  EXPECT_TRUE(counts([](ledger::DsseSignature& s) { s.keyid = "of somebody else"; })) << "a hint alone";
  EXPECT_FALSE(counts([](ledger::DsseSignature& s) { s.signature = Bytes(64); }));
  EXPECT_FALSE(counts([](ledger::DsseSignature& s) {
    s.signature = Bytes(64);
    s.signature[0] = 1;  // R the neutral element and S zero hold under any key of small order
  }));
  EXPECT_FALSE(counts([](ledger::DsseSignature& s) { s.signature.push_back(0); }));
  EXPECT_FALSE(
      counts([](ledger::DsseSignature& s) {  // S + L: the same equation in other bytes (RFC 8032 5.1)
        static constexpr std::array<std::uint8_t, 32> kOrder{
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
        unsigned carry = 0;
        for (std::size_t i = 0; i < 32; ++i) {
          carry += s.signature[32 + i] + unsigned{kOrder[i]};
          s.signature[32 + i] = static_cast<std::uint8_t>(carry);
          carry >>= 8;
        }
      }));
}

// 10: what is signed as something else, or is something else.
TEST_F(TallyTest, AReceiptIsNoVote) {
  Approve({"ke", "np", "rw"});
  const Receipt receipt{.job = Proposed().Id(),
                        .round = 1,
                        .member = "be",
                        .node = "spiffe://be.fed.example/node/a",
                        .time = kNow};
  votes.push_back({Signed(kReceiptType, Encode(receipt), {"be"})});
  votes.push_back({Signed(kVoteType, Encode(receipt), {"be"})});
  ledger::Envelope relabelled = Signed(kReceiptType, Encode(VoteOf("be")), {"be"});
  relabelled.payload_type = kVoteType;
  votes.push_back({relabelled});
  EXPECT_EQ(Decided(), "proposal.votes");
  EXPECT_EQ(Counted().ignored.size(), 3U);
}

// Votes before a key was revoked stand; whoever stole it cannot vote after.
TEST_F(TallyTest, ARevokedKeyDoesNotSpeakFromItsIndexOn) {
  Approve({"be", "ke", "np", "rw"});
  charter.revoked = {{std::string(kRevokedGovKey), KeyIdOf(GovVkeyOf("rw")), 4}};
  EXPECT_EQ(Decided(), "");
  votes[3].index = 4;
  EXPECT_EQ(Decided(), "proposal.votes");
}

TEST_F(TallyTest, VotesRunOut) {
  Approve({"be", "ke", "np", "rw"});
  EXPECT_EQ(Decided("", kNow + kDay + 300), "");
  EXPECT_EQ(Decided("", kNow + kDay + 301), "proposal.votes");
}

}  // namespace
}  // namespace accord::charter
