// What a lying coordinator or a lying dealer may try (secagg.md section 6) beyond the frozen messages: each
// ends in its name, and no share comes out.
#include <gtest/gtest.h>

#include "tests/support/secagg_federation.h"

namespace accord::secagg {
namespace {

using fsa1::Federation;

template <class T>
std::string NameOf(const Checked<T>& answer) {
  return answer.ok() ? "" : answer.refusal().Name();
}
std::string NameOf(const Verdict& verdict) { return verdict ? verdict->Name() : ""; }

struct MemberHostileTest : testing::Test {
  Federation federation{{.n = 5, .corrupt = 1}};  // t = u_min = 4
};

TEST_F(MemberHostileTest, TwoSetsToTwoHalvesCannotBothBeCertified) {
  federation.Mask();
  const std::set<std::size_t> a{0, 1, 2, 3};
  const std::set<std::size_t> b{1, 2, 3, 4};
  std::vector<NodeSignature> of_a;
  std::vector<NodeSignature> of_b;
  Digest hash_a;
  for (const std::size_t i : {0, 1, 2}) {
    const auto answer = federation.TellSurvivors(i, a);
    hash_a = (*answer)->u3_hash;
    of_a.push_back({federation.labs[i].id, (*answer)->answer.signature});
  }
  for (const std::size_t i : {3, 4}) {
    const auto answer = federation.TellSurvivors(i, b);
    of_b.push_back({federation.labs[i].id, (*answer)->answer.signature});
  }
  // Whoever signed one set signs no other, and a signature for b is none for a.
  EXPECT_EQ(NameOf(federation.TellSurvivors(1, b)), "second_u3");
  auto mixed = of_a;
  mixed.push_back(of_b[0]);
  EXPECT_EQ(NameOf(federation.labs[0].member->OnCertificate(hash_a, of_a)), "bad_certificate");
  const Checked<SignedBody> answer = federation.labs[1].member->OnCertificate(hash_a, mixed);
  EXPECT_EQ(NameOf(answer), "bad_certificate");
  EXPECT_EQ(answer.refusal().concerns, federation.labs[3].id);
}

TEST_F(MemberHostileTest, ANodeLeftOutOfTheSetIsSilentForGoodAndItsOwnMaskStaysShut) {
  federation.Mask();
  const std::set<std::size_t> rest{1, 2, 3, 4};
  const Digest u2_hash = federation.U2HashOf(0);
  const auto all = federation.Ends(federation.All());
  const auto bodies = federation.Unmasks(rest);
  const auto silent = federation.TellSurvivors(0, rest);
  ASSERT_TRUE(silent.ok());
  EXPECT_FALSE(*silent);
  EXPECT_EQ(federation.labs[0].member->state(), MemberState::kLeft);
  EXPECT_FALSE(federation.labs[0].member->CanMask());
  EXPECT_FALSE(*federation.labs[0].member->OnSurvivors(u2_hash, all));
  EXPECT_FALSE(federation.labs[0].member->SealUpload(federation.labs[0].upload.end).ok());
  for (const Unmask& body : bodies) {
    ASSERT_EQ(body.shares.size(), 4U);  // one share of each neighbour, never both
    for (const Unmask::Share& share : body.shares) {
      const bool victim = share.dealer == federation.labs[0].id;
      EXPECT_EQ(share.kind, victim ? ShareKind::kMask : ShareKind::kSelf);
    }
  }
}

TEST_F(MemberHostileTest, ASurvivorThatMaskedAgainstAnotherU2IsNamed) {
  federation.Share();
  const std::set<std::size_t> u2{0, 1, 2, 3};
  for (const std::size_t i : federation.All()) {
    ASSERT_FALSE(federation.labs[i].member->OnInbound(i == 1 ? federation.InboundFor(i, u2)
                                                             : federation.InboundFor(i)));
    federation.Seal(i);
  }
  const Checked<std::optional<SurvivorsAnswer>> answer =
      federation.labs[0].member->OnSurvivors(federation.U2HashOf(0), federation.Ends(u2));
  EXPECT_EQ(NameOf(answer), "bad_masked_end");
  EXPECT_EQ(answer.refusal().concerns, federation.labs[1].id);
  EXPECT_EQ(federation.labs[0].member->state(), MemberState::kAborted);
}

TEST_F(MemberHostileTest, ASetThatDiffersByOneFromASignedOneIsSpent) {
  federation.Mask();
  const std::set<std::size_t> first{0, 1, 2, 3};
  (void)federation.Certify(first);
  for (const std::size_t i : first) federation.labs[i].memory.signed_set = federation.Ids(first);
  // The fifth was kept in the dark. The next attempt invites all of the cohort: who signed does not come.
  federation.offer.attempt.value = 1;
  EXPECT_EQ(NameOf(Member::Open(federation.offer, federation.Inputs(federation.labs[0], federation.offer))),
            "spent_model");
  EXPECT_EQ(NameOf(Member::Open(federation.offer, federation.Inputs(federation.labs[4], federation.offer))),
            "");
}

TEST_F(MemberHostileTest, OnASpentModelASmallerSetOfTheSameCohortIsNotSigned) {
  for (fsa1::Lab& lab : federation.labs) lab.memory.signed_set = federation.offer.cohort;
  federation.Mask();
  const Digest u2_hash = federation.U2HashOf(0);
  const auto all = federation.Ends(federation.All());
  EXPECT_EQ(NameOf(federation.TellSurvivors(0, {0, 1, 2, 3})), "spent_model");
  EXPECT_EQ(federation.labs[0].member->state(), MemberState::kAborted);
  EXPECT_EQ(NameOf(federation.labs[1].member->OnSurvivors(u2_hash, all)), "");
}

TEST_F(MemberHostileTest, MessagesOfAnEarlierAttemptAreNoneOfThisOne) {
  federation.Mask();
  const auto old_roster = [&] {
    std::vector<SignedBody> adverts;
    for (fsa1::Lab& lab : federation.labs) adverts.push_back(lab.member->Advertise());
    return adverts;
  }();
  const auto old_inbound = federation.InboundFor(0);
  const auto old_ends = federation.Ends(federation.All());
  const Digest old_u2 = federation.U2HashOf(0);
  federation.offer.attempt.value = 1;

  (void)federation.Open();
  EXPECT_EQ(NameOf(federation.labs[0].member->OnRoster(old_roster)), "bad_signature");
  for (fsa1::Lab& lab : federation.labs) lab.memory = {};
  federation.Share();
  EXPECT_EQ(NameOf(federation.labs[0].member->OnInbound(old_inbound)), "bad_signature");
  for (fsa1::Lab& lab : federation.labs) lab.memory = {};
  federation.Mask();
  EXPECT_EQ(NameOf(federation.labs[0].member->OnSurvivors(old_u2, old_ends)), "wrong_u2");
  EXPECT_EQ(NameOf(federation.labs[1].member->OnSurvivors(federation.U2HashOf(1), old_ends)),
            "bad_signature");
}

TEST_F(MemberHostileTest, AResultOrACertificateBeforeItsTimeReleasesNothing) {
  federation.Mask();
  Member& member = *federation.labs[0].member;
  const std::vector<std::uint64_t> words(federation.params.encoding.Words());
  EXPECT_EQ(NameOf(member.OnResult({.words = words})), "out_of_phase");
  EXPECT_EQ(NameOf(member.OnCertificate({}, {})), "no_certificate");
  EXPECT_EQ(member.state(), MemberState::kMasked);
  EXPECT_EQ(NameOf(federation.TellSurvivors(0, federation.All())), "");
  EXPECT_EQ(NameOf(member.OnResult({.words = words})), "out_of_phase");
  EXPECT_EQ(member.state(), MemberState::kSigned);
}

TEST_F(MemberHostileTest, ACertificateHoldsOnlySignersOfTheSetInOrder) {
  federation.Mask();
  const std::set<std::size_t> set{0, 1, 2, 3};
  auto certificate = federation.Certify(set);
  auto outsider = certificate;
  const U3Signature body{
      .id = federation.labs[4].id, .u2_hash = federation.U2HashOf(0), .u3_hash = federation.u3_hash};
  outsider.push_back({body.id, federation.SignAs(4, BodyType::kU3, body.Encode()).signature});
  EXPECT_EQ(NameOf(federation.labs[0].member->OnCertificate(federation.u3_hash, outsider)),
            "bad_certificate");
  std::swap(certificate[0], certificate[1]);
  EXPECT_EQ(NameOf(federation.labs[1].member->OnCertificate(federation.u3_hash, certificate)),
            "bad_certificate");
  std::swap(certificate[0], certificate[1]);
  EXPECT_EQ(NameOf(federation.labs[2].member->OnCertificate(federation.u3_hash, certificate)), "");
}

TEST_F(MemberHostileTest, TheSurvivorSetIsASortedSubsetOfThoseWhoShared) {
  const std::set<std::size_t> u2{0, 1, 2, 3};
  federation.Mask(u2);
  auto ends = federation.Ends(u2);
  const Digest u2_hash = federation.U2HashOf(0);
  const auto tell = [&](std::size_t i) {
    return NameOf(federation.labs[i].member->OnSurvivors(u2_hash, ends));
  };
  MaskedEnd stranger = *MaskedEnd::Parse(ends[3].body);
  stranger.id = federation.labs[4].id;
  ends.push_back(federation.SignAs(4, BodyType::kMasked, stranger.Encode()));
  EXPECT_EQ(tell(0), "u3_not_subset");
  EXPECT_FALSE(federation.labs[0].member->CanMask());
  ends.pop_back();
  std::swap(ends[0], ends[1]);
  EXPECT_EQ(tell(1), "bad_encoding");
  std::swap(ends[0], ends[1]);
  ends[0].body.push_back(0);
  EXPECT_EQ(tell(2), "bad_encoding");
  ends[0].body.pop_back();
  MaskedEnd mine = *MaskedEnd::Parse(ends[3].body);
  mine.root.bytes[0] ^= 1;
  ends[3] = federation.SignAs(3, BodyType::kMasked, mine.Encode());
  EXPECT_EQ(tell(3), "own_entry_changed");
}

// A dealer or a relay that lies to lab 0 about shares.
struct MemberSharesTest : testing::Test {
  void SetUp() override { federation.Share(); }
  std::string Deliver(const std::vector<InboundShares>& shares) {
    const Verdict verdict = federation.labs[0].member->OnInbound(shares);
    concerns = verdict ? verdict->concerns : NodeId();
    EXPECT_EQ(federation.labs[0].member->state(), verdict ? MemberState::kAborted : MemberState::kReady);
    return NameOf(verdict);
  }
  std::string Deliver() { return Deliver(federation.InboundFor(0)); }

  Federation federation{{.n = 5, .corrupt = 1}};
  const std::set<std::size_t> dealers = federation.DealerIndexes();
  // A dealer of the MAC's keys, and a node that is none; neither is lab 0.
  const std::size_t dealer = *std::ranges::find_if(dealers, [](std::size_t i) { return i != 0; });
  const std::size_t other = [this] {
    std::size_t i = 1;
    while (dealers.contains(i)) ++i;
    return i;
  }();
  NodeId concerns;
};

TEST_F(MemberSharesTest, HonestSharesAreTaken) { EXPECT_EQ(Deliver(), ""); }

TEST_F(MemberSharesTest, AMissingEntryIsNamed) {
  auto shares = federation.InboundFor(0);
  shares[other].entry.reset();
  EXPECT_EQ(Deliver(shares), "bad_entry");
  EXPECT_EQ(concerns, federation.labs[other].id);
}

TEST_F(MemberSharesTest, AnEntryWithoutADigestIsNamed) {
  federation.ChangeHead(other, [&](SharesHead& head) {
    std::erase_if(head.entries, [&](const auto& e) { return e.receiver == federation.labs[0].id; });
  });
  EXPECT_EQ(Deliver(), "bad_entry");
  EXPECT_EQ(concerns, federation.labs[other].id);
}

TEST_F(MemberSharesTest, AnEntryForAnotherUnderTheRightDigestIsNamed) {
  federation.Deal(other, 0, [&](ShareEntry& entry) { entry.receiver = federation.labs[1].id; });
  EXPECT_EQ(Deliver(), "bad_entry");
  EXPECT_EQ(concerns, federation.labs[other].id);
}

TEST_F(MemberSharesTest, AnEntryWithoutSharesIsNamed) {
  federation.Deal(other, 0, [](ShareEntry& entry) {
    entry.shares.clear();
    entry.com_share_b = entry.com_share_m = {};
  });
  EXPECT_EQ(Deliver(), "bad_share");
  EXPECT_EQ(concerns, federation.labs[other].id);
}

TEST_F(MemberSharesTest, ACiphertextThatDoesNotOpenIsNamed) {
  federation.Deal(other, 0, [](ShareEntry& entry) { entry.shares[7] ^= 1; });
  EXPECT_EQ(Deliver(), "bad_ciphertext");
  EXPECT_EQ(concerns, federation.labs[other].id);
}

TEST_F(MemberSharesTest, ASharesCommitmentThatDoesNotMatchIsNamed) {
  federation.Deal(other, 0, [](ShareEntry& entry) { entry.com_share_m.bytes[0] ^= 1; });
  EXPECT_EQ(Deliver(), "bad_share");
  EXPECT_EQ(concerns, federation.labs[other].id);
}

TEST_F(MemberSharesTest, AKeyOfTheCheckThatIsMissingFalseOrUninvitedIsNamed) {
  const auto fresh = [&] {
    for (fsa1::Lab& lab : federation.labs) lab.memory = {};
    federation.Share();
  };
  federation.Deal(dealer, 0, [](ShareEntry& entry) { entry.mac_key.clear(); });
  EXPECT_EQ(Deliver(), "bad_mac_key");
  EXPECT_EQ(concerns, federation.labs[dealer].id);
  fresh();
  federation.Deal(dealer, 0, [](ShareEntry& entry) { entry.mac_key[0] ^= 1; });
  EXPECT_EQ(Deliver(), "bad_ciphertext");
  fresh();
  federation.ChangeHead(dealer, [](SharesHead& head) { head.com_mac->bytes[0] ^= 1; });
  EXPECT_EQ(Deliver(), "bad_mac_key");
  fresh();
  federation.ChangeHead(dealer, [](SharesHead& head) { head.com_mac.reset(); });
  EXPECT_EQ(Deliver(), "bad_mac_key");
  fresh();
  federation.ChangeHead(other, [](SharesHead& head) { head.com_mac.emplace(); });
  EXPECT_EQ(Deliver(), "bad_mac_key");
  fresh();
  federation.Deal(other, 0, [](ShareEntry& entry) { entry.mac_key.assign(kSealedKeyBytes, 0); });
  EXPECT_EQ(Deliver(), "bad_entry");
}

TEST_F(MemberSharesTest, AHeadOfAnotherRosterIsNamed) {
  federation.ChangeHead(other, [](SharesHead& head) { head.roster_hash.bytes[0] ^= 1; });
  EXPECT_EQ(Deliver(), "wrong_roster");
  EXPECT_EQ(concerns, federation.labs[other].id);
}

TEST_F(MemberSharesTest, OnlyNodesOfTheRosterShare) {
  SharesHead head = *SharesHead::Parse(federation.labs[other].shares.head.body);
  head.id.bytes.fill(0xEE);
  auto shares = federation.InboundFor(0);
  shares.push_back({.head = federation.SignAs(other, BodyType::kShares, head.Encode()), .entry = {}});
  EXPECT_EQ(Deliver(shares), "unknown_node");
  EXPECT_EQ(concerns, head.id);
}

TEST_F(MemberSharesTest, TheHeadsAreSortedAndHoldThisNodesOwn) {
  auto shares = federation.InboundFor(0);
  std::swap(shares[1], shares[2]);
  EXPECT_EQ(Deliver(shares), "bad_encoding");
  for (fsa1::Lab& lab : federation.labs) lab.memory = {};
  federation.Share();
  EXPECT_EQ(Deliver(federation.InboundFor(0, {1, 2, 3, 4})), "own_entry_changed");
  for (fsa1::Lab& lab : federation.labs) lab.memory = {};
  federation.Share();
  federation.ChangeHead(0, [](SharesHead& head) { head.com_b.bytes[0] ^= 1; });
  EXPECT_EQ(Deliver(), "own_entry_changed");
}

TEST(MemberDealerTest, WithoutADealerOfTheCheckTheAttemptEnds) {
  Federation federation({.n = 8});  // u_min = 5: all three dealers may be missing
  federation.Share();
  std::set<std::size_t> rest = federation.All();
  for (const std::size_t i : federation.DealerIndexes()) rest.erase(i);
  const std::size_t to = *rest.begin();
  EXPECT_EQ(NameOf(federation.labs[to].member->OnInbound(federation.InboundFor(to, rest))), "no_dealer");
}

TEST(MemberCheckOffTest, WithoutTheCheckNoKeysAreDealtAndTheSumIsTakenWithoutTags) {
  Federation federation({.n = 3, .verify = false});
  federation.Mask();
  EXPECT_FALSE(SharesHead::Parse(federation.labs[0].shares.head.body)->com_mac);
  const fsa1::FrozenResult result = federation.Sum();
  EXPECT_EQ(NameOf(federation.labs[0].member->OnResult(result.View())), "");
}

}  // namespace
}  // namespace accord::secagg
