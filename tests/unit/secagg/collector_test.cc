// What the coordinator holds against a node, phase by phase: each lie by its name, against its sender.
#include "secagg/collector.h"

#include <gtest/gtest.h>

#include "tests/support/secagg_light.h"

namespace accord::secagg {
namespace {

using fsa1::LightFederation;
using fsa1::TestCollector;

constexpr NeighbourGraph kGraph{.degree = 4, .threshold = 3};

// An attempt that can be taken up to any phase with honest messages.
class CollectorTest : public testing::Test {
 protected:
  void Start(const fsa1::LightOptions& options = {}) {
    federation.emplace(options);
    collector.emplace(federation->offer, federation->registry);
  }
  void Advertise() {
    for (std::size_t i = 0; i < Size(); ++i)
      ASSERT_TRUE(collector->TakeAdvert(Id(i), federation->Advertise(i)));
    collector->CloseAdverts();
  }
  void Link() {
    for (std::size_t i = 0; i < Size(); ++i) {
      ASSERT_TRUE(collector->TakeNonce(Id(i), federation->OpenNonce(i, collector->roster)));
    }
    ASSERT_FALSE(collector->CloseNonces());
  }
  void Share(const std::set<std::size_t>& without = {}) {
    for (std::size_t i = 0; i < Size(); ++i) {
      if (without.contains(i)) continue;
      ASSERT_TRUE(collector->TakeShares(Id(i), federation->Deal(i, collector->roster)));
    }
    collector->CloseShares();
  }
  void Mask(const std::set<std::size_t>& without = {}) {
    for (std::size_t i = 0; i < Size(); ++i) {
      if (without.contains(i) || collector->u2.Find(Id(i)) == nullptr) continue;
      ASSERT_TRUE(collector->TakeUpload(Id(i), federation->Mask(i, collector->roster, collector->u2)));
    }
    collector->CloseUploads();
  }
  void RunToUnmask(const std::set<std::size_t>& dropped = {}) {
    Start();
    Advertise();
    Share();
    Mask(dropped);
  }

  [[nodiscard]] std::size_t Size() const { return federation->nodes.size(); }
  [[nodiscard]] const NodeId& Id(std::size_t i) const { return federation->nodes[i].id; }
  [[nodiscard]] SignedBody As(std::size_t i, const auto& body) const { return federation->SignAs(i, body); }
  [[nodiscard]] std::size_t AnyDealer(bool is_dealer) const {
    for (std::size_t i = 0; i < Size(); ++i) {
      if (collector->roster.IsDealer(Id(i)) == is_dealer) return i;
    }
    return Size();
  }

  // The last thing held is `name`, against `i`.
  void ExpectHeld(const char* name, std::size_t i, Blame blame) {
    ASSERT_FALSE(collector->held.empty());
    EXPECT_EQ(collector->held.back().Name(), name);
    EXPECT_EQ(collector->held.back().concerns, Id(i));
    EXPECT_EQ(BlameOf(collector->held.back()), blame);
  }

  std::optional<LightFederation> federation;
  std::optional<TestCollector> collector;
};

std::string NameOf(const Verdict& verdict) { return verdict ? verdict->Name() : ""; }
template <class T>
std::string NameOf(const Checked<T>& checked) {
  return checked.ok() ? "" : checked.refusal().Name();
}

TEST_F(CollectorTest, OpensNoAttemptOfAnImpossibleOffer) {
  Start();
  const auto name = [&](const auto& change) {
    Offer offer = federation->offer;
    change(offer);
    return NameOf(OpenAttempt(offer, federation->registry));
  };
  EXPECT_EQ(name([](Offer&) {}), "");
  EXPECT_EQ(name([](Offer& o) { o.params.pop_back(); }), "bad_encoding");
  EXPECT_EQ(name([](Offer& o) {
              o.mode = SecureMode::kSemiHonest;
              o.params[13] ^= 1;
            }),
            "bad_params");
  EXPECT_EQ(name([](Offer& o) { o.cohort.pop_back(); }), "bad_params");
  EXPECT_EQ(name([](Offer& o) { o.cohort[1] = o.cohort[0]; }), "duplicate_node");
  EXPECT_EQ(name([](Offer& o) { std::swap(o.cohort[0], o.cohort[1]); }), "bad_encoding");
  EXPECT_EQ(name([](Offer& o) { o.registry_hash.bytes[0] ^= 1; }), "wrong_registry");
  EXPECT_EQ(name([](Offer& o) { o.cohort.back().bytes.fill(0xFF); }), "unknown_node");
}

TEST_F(CollectorTest, HoldsABadAdvertAgainstItsSender) {
  Start();
  Advertise();
  const auto refuse = [&](const char* name, const NodeId& from, const SignedBody& message, Blame blame) {
    EXPECT_FALSE(collector->TakeAdvert(from, message)) << name;
    EXPECT_EQ(collector->held.back().Name(), name);
    EXPECT_EQ(collector->held.back().concerns, from);
    EXPECT_EQ(BlameOf(collector->held.back()), blame);
  };
  NodeId stranger;
  stranger.bytes.fill(7);
  refuse("not_in_cohort", stranger, federation->Advertise(0), Blame::kNobody);
  refuse("bad_signature", Id(0), federation->Advertise(1), Blame::kNobody);
  refuse("bad_signature", Id(0), As(0, federation->AdvertOf(1)), Blame::kNobody);
  Digest other = federation->ctx;
  other.bytes[0] ^= 1;
  refuse("bad_signature", Id(0),
         Sign(federation->nodes[0].key, BodyType::kAdvertise, other, federation->AdvertOf(0).Encode()),
         Blame::kNobody);
  Bytes cut = federation->AdvertOf(0).Encode();
  cut.pop_back();
  refuse("bad_encoding", Id(0), Sign(federation->nodes[0].key, BodyType::kAdvertise, federation->ctx, cut),
         Blame::kNobody);
  struct Lie {
    const char* name;
    Blame blame;
    std::function<void(secagg::Advertise&)> tell;
  };
  for (const Lie& lie :
       {Lie{"bad_encoding", Blame::kNobody, [](auto& a) { a.graph_commitment.bytes[0] = 1; }},
        Lie{"bad_key", Blame::kProven, [](auto& a) { a.channel_key = {}; }},
        Lie{"bad_key", Blame::kProven, [](auto& a) { a.mask_key = {.bytes = {1}}; }},
        Lie{"duplicate_key", Blame::kProven, [](auto& a) { a.mask_key = a.channel_key; }}}) {
    secagg::Advertise advert = federation->AdvertOf(0);
    lie.tell(advert);
    refuse(lie.name, Id(0), As(0, advert), lie.blame);
  }
}

TEST_F(CollectorTest, AMissingGraphCommitmentIsNoAdvertOfTheGraph) {
  Start({.n = 7, .graph = kGraph});
  secagg::Advertise advert = federation->AdvertOf(0);
  advert.graph_commitment = {};
  EXPECT_FALSE(collector->TakeAdvert(Id(0), As(0, advert)));
  ExpectHeld("bad_encoding", 0, Blame::kNobody);
}

TEST_F(CollectorTest, LeavesOutBothNodesOfOneKey) {
  for (const bool crosswise : {false, true}) {
    Start();
    secagg::Advertise copy = federation->AdvertOf(3);
    (crosswise ? copy.channel_key : copy.mask_key) = federation->AdvertOf(1).mask_key;
    for (std::size_t i = 0; i < Size(); ++i) {
      ASSERT_TRUE(collector->TakeAdvert(Id(i), i == 3 ? As(3, copy) : federation->Advertise(i)));
    }
    collector->CloseAdverts();
    const Roster& roster = collector->roster;
    EXPECT_EQ(roster.Ids(), (std::vector{Id(0), Id(2), Id(4)}));
    ASSERT_EQ(roster.duplicates.size(), 2U);
    for (const auto& [at, node, other] : {std::tuple(0, 1, 3), std::tuple(1, 3, 1)}) {
      const Refusal& refusal = roster.duplicates[static_cast<std::size_t>(at)];
      EXPECT_EQ(refusal.Name(), "duplicate_key");
      EXPECT_EQ(refusal.concerns, Id(static_cast<std::size_t>(node)));
      EXPECT_NE(refusal.status.message().find(Id(static_cast<std::size_t>(other)).Hex()), std::string::npos);
      EXPECT_EQ(BlameOf(refusal), Blame::kProven);
    }
    EXPECT_FALSE(EnoughU1(collector->context, roster));
  }
}

TEST_F(CollectorTest, RosterNeedsUMinAndInTheGraphEverybody) {
  Start();
  for (std::size_t i = 0; i < 3; ++i) {
    collector->CloseAdverts();
    EXPECT_EQ(NameOf(EnoughU1(collector->context, collector->roster)), "roster_too_small") << i;
    ASSERT_TRUE(collector->TakeAdvert(Id(i), federation->Advertise(i)));
  }
  collector->CloseAdverts();
  EXPECT_FALSE(EnoughU1(collector->context, collector->roster));
  EXPECT_EQ(Missing(federation->offer.cohort, collector->adverts), (std::vector{Id(3), Id(4)}));

  Start({.n = 7, .graph = kGraph});
  for (std::size_t i = 0; i < 6; ++i) ASSERT_TRUE(collector->TakeAdvert(Id(i), federation->Advertise(i)));
  collector->CloseAdverts();
  EXPECT_EQ(NameOf(EnoughU1(collector->context, collector->roster)), "roster_too_small");
}

TEST_F(CollectorTest, HoldsABadNonceAgainstItsSenderAndNamesWhoWithheld) {
  Start({.n = 7, .graph = kGraph});
  Advertise();
  const auto opening = [&] {
    return GraphOpening{
        .id = Id(2), .roster_hash = collector->roster.hash, .nonce = federation->nodes[2].nonce};
  };
  GraphOpening other_roster = opening();
  other_roster.roster_hash.bytes[0] ^= 1;
  EXPECT_FALSE(collector->TakeNonce(Id(2), As(2, other_roster)));
  ExpectHeld("wrong_roster", 2, Blame::kProven);
  GraphOpening other_nonce = opening();
  other_nonce.nonce.bytes[0] ^= 1;
  EXPECT_FALSE(collector->TakeNonce(Id(2), As(2, other_nonce)));
  ExpectHeld("bad_graph_nonce", 2, Blame::kProven);
  EXPECT_FALSE(collector->TakeNonce(Id(2), As(3, opening())));
  ExpectHeld("bad_signature", 2, Blame::kNobody);
  for (std::size_t i = 0; i < Size(); ++i) {
    if (i == 4) continue;
    ASSERT_TRUE(collector->TakeNonce(Id(i), federation->OpenNonce(i, collector->roster)));
  }
  const Verdict withheld = collector->CloseNonces();
  EXPECT_EQ(NameOf(withheld), "missing_graph_nonce");
  EXPECT_EQ(withheld->concerns, Id(4));
}

TEST_F(CollectorTest, LinksTheRosterAsTheNoncesSay) {
  Start({.n = 7, .graph = kGraph});
  Advertise();
  Link();
  const Roster& roster = collector->roster;
  std::vector<GraphNonce> nonces;
  for (const auto& node : federation->nodes) nonces.push_back(node.nonce);
  const RingGraph ring(GraphSeed(federation->ctx, roster.hash, nonces), 7, kGraph.degree);
  for (std::uint32_t i = 0; i < 7; ++i) {
    std::vector<NodeId> expected;
    for (const std::uint32_t at : ring.NeighboursOf(i)) expected.push_back(Id(at));
    EXPECT_EQ(roster.NeighboursOf(Id(i)), expected);
    EXPECT_EQ(roster.graph_set[i], federation->OpenNonce(i, roster));
  }
}

struct ShareLie {
  const char* what;
  std::function<void(SharesHead&, SharesMessage&)> tell;  // and the head is signed after
};

TEST_F(CollectorTest, HoldsBadSharesAgainstTheirDealer) {
  Start();
  Advertise();
  const std::size_t dealer = AnyDealer(true);
  const std::size_t plain = AnyDealer(false);
  const auto resign = [](SharesHead& head, SharesMessage& message, std::size_t at, auto change) {
    ShareEntry entry = *ShareEntry::Parse(message.entries[at].bytes);
    change(entry);
    message.entries[at].bytes = entry.Encode();
    head.entries[at].digest = EntryDigest(message.entries[at].bytes);
  };
  const std::vector<ShareLie> lies = {
      {"another roster", [](auto& head, auto&) { head.roster_hash.bytes[0] ^= 1; }},
      {"no receiver in the head", [](auto& head, auto&) { head.entries.pop_back(); }},
      {"no entry", [](auto&, auto& message) { message.entries.pop_back(); }},
      {"entries out of order", [](auto&, auto& m) { std::swap(m.entries[0], m.entries[1]); }},
      {"a digest", [](auto& head, auto&) { head.entries[0].digest.bytes[0] ^= 1; }},
      {"an entry after signing", [](auto&, auto& message) { message.entries[0].bytes.back() ^= 1; }},
      {"an entry for another",
       [&](auto& head, auto& message) {
         resign(head, message, 0, [&](auto& entry) { entry.receiver = head.id; });
       }},
      {"no shares",
       [&](auto& head, auto& message) {
         resign(head, message, 1, [](auto& e) {
           e.shares.clear();
           e.com_share_b = e.com_share_m = {};
         });
       }},
      {"an entry that is none",
       [](auto& head, auto& message) {
         message.entries[0].bytes.push_back(0);
         head.entries[0].digest = EntryDigest(message.entries[0].bytes);
       }},
  };
  for (const std::size_t i : {dealer, plain}) {
    for (const ShareLie& lie : lies) {
      SharesMessage message = federation->Deal(i, collector->roster);
      SharesHead head = *SharesHead::Parse(message.head.body);
      lie.tell(head, message);
      message.head = As(i, head);
      EXPECT_FALSE(collector->TakeShares(Id(i), message)) << lie.what;
      ExpectHeld("bad_entry", i, Blame::kProven);
    }
    SharesMessage message = federation->Deal(i, collector->roster);
    SharesHead head = *SharesHead::Parse(message.head.body);
    head.com_mac = head.com_mac ? std::nullopt : std::optional<Digest>(Digest());
    EXPECT_FALSE(collector->TakeShares(Id(i), {.head = As(i, head), .entries = message.entries}));
    ExpectHeld("bad_entry", i, Blame::kProven);
    resign(head, message, 0, [&](auto& e) { e.mac_key.assign(e.mac_key.empty() ? kSealedKeyBytes : 0, 1); });
    head.com_mac = SharesHead::Parse(message.head.body)->com_mac;
    EXPECT_FALSE(collector->TakeShares(Id(i), {.head = As(i, head), .entries = message.entries}));
    ExpectHeld("bad_entry", i, Blame::kProven);
  }
  EXPECT_TRUE(collector->heads.empty());
}

TEST_F(CollectorTest, OnlyMembersOfTheRosterShare) {
  Start();
  for (std::size_t i = 0; i < 4; ++i) ASSERT_TRUE(collector->TakeAdvert(Id(i), federation->Advertise(i)));
  collector->CloseAdverts();
  const SharesMessage message = federation->Deal(0, collector->roster);
  EXPECT_FALSE(collector->TakeShares(Id(4), message));
  ExpectHeld("unknown_node", 4, Blame::kNobody);
}

TEST_F(CollectorTest, OutsideOfTheGraphADealerSendsItsKeyAlone) {
  Start({.n = 9, .graph = kGraph});
  Advertise();
  Link();
  Share();
  const Roster& roster = collector->roster;
  const std::size_t dealer = AnyDealer(true);
  const std::vector<NodeId> neighbours = roster.NeighboursOf(Id(dealer));
  for (std::size_t to = 0; to < Size(); ++to) {
    if (to == dealer) continue;
    const ShareEntry entry = *ShareEntry::Parse(collector->entries.at({Id(dealer), Id(to)}));
    EXPECT_EQ(!entry.shares.empty(), std::ranges::binary_search(neighbours, Id(to)));
    EXPECT_FALSE(entry.mac_key.empty());
  }
  // What a node gets: of a plain node only where they are neighbours.
  const std::size_t plain = AnyDealer(false);
  const std::vector<InboundShares> inbound = collector->InboundOf(Id(plain));
  for (std::size_t from = 0; from < Size(); ++from) {
    const bool due = from != plain && (roster.IsDealer(Id(from)) ||
                                       std::ranges::binary_search(roster.NeighboursOf(Id(plain)), Id(from)));
    EXPECT_EQ(inbound[from].entry.has_value(), due) << from;
    EXPECT_EQ(inbound[from].head, collector->heads.at(Id(from)));
  }
}

TEST_F(CollectorTest, U2NeedsUMinAndADealer) {
  Start();
  Advertise();
  Share({0, 1, 2});
  EXPECT_EQ(NameOf(EnoughU2(collector->context, collector->roster, collector->u2)), "u2_too_small");

  Start({.n = 9});
  Advertise();
  std::set<std::size_t> dealers;
  for (std::size_t i = 0; i < Size(); ++i) {
    if (collector->roster.IsDealer(Id(i))) dealers.insert(i);
  }
  ASSERT_EQ(dealers.size(), 3U);
  Share(dealers);
  EXPECT_EQ(NameOf(EnoughU2(collector->context, collector->roster, collector->u2)), "no_dealer");
  dealers.erase(dealers.begin());
  Share(dealers);
  EXPECT_FALSE(EnoughU2(collector->context, collector->roster, collector->u2));
}

TEST_F(CollectorTest, HoldsABadEndAgainstItsSender) {
  Start();
  Advertise();
  Share({4});
  const fsa1::ArrivedUpload upload = federation->Mask(0, collector->roster, collector->u2);
  const auto refuse = [&](const char* name, Blame blame, fsa1::ArrivedUpload changed, auto change) {
    MaskedEnd end = *MaskedEnd::Parse(changed.end.body);
    change(end);
    changed.end = As(0, end);
    EXPECT_FALSE(collector->TakeUpload(Id(0), changed)) << name;
    ExpectHeld(name, 0, blame);
  };
  const auto nothing = [](MaskedEnd&) {};
  refuse("wrong_u2", Blame::kProven, upload, [](MaskedEnd& end) { end.u2_hash.bytes[0] ^= 1; });
  refuse("wrong_length", Blame::kProven, upload, [](MaskedEnd& end) { ++end.nwords; });
  refuse("bad_root", Blame::kProven, upload, [](MaskedEnd& end) { end.root.bytes[0] ^= 1; });
  refuse("bad_masked_end", Blame::kProven, upload, [](MaskedEnd& end) { end.tags.clear(); });
  fsa1::ArrivedUpload longer = upload;
  longer.chunks.back().resize(longer.chunks.back().size() + 8);
  refuse("wrong_length", Blame::kProven, longer, nothing);
  fsa1::ArrivedUpload part = upload;
  part.chunks.back().pop_back();
  refuse("wrong_length", Blame::kProven, part, nothing);
  fsa1::ArrivedUpload changed = upload;
  changed.chunks.front()[3] ^= 1;
  refuse("bad_root", Blame::kProven, changed, nothing);
  EXPECT_FALSE(collector->TakeUpload(Id(4), upload));
  ExpectHeld("unknown_node", 4, Blame::kNobody);
  EXPECT_FALSE(collector->TakeUpload(Id(1), upload));
  ExpectHeld("bad_signature", 1, Blame::kNobody);
}

TEST_F(CollectorTest, U3NeedsUMin) {
  RunToUnmask({0, 1, 2});
  EXPECT_EQ(NameOf(EnoughU3(collector->context, collector->Sets())), "u3_too_small");
  RunToUnmask({0, 1});
  EXPECT_FALSE(EnoughU3(collector->context, collector->Sets()));
}

TEST_F(CollectorTest, CertifiesASetWithTSignaturesOnItAndNoOther) {
  RunToUnmask({4});
  const U3& u3 = collector->u3;
  U3 other = u3;
  other.hash.bytes[0] ^= 1;
  EXPECT_FALSE(collector->TakeU3(Id(0), federation->SignU3(0, other)));
  ExpectHeld("wrong_u3", 0, Blame::kNobody);
  other = u3;
  other.u2_hash.bytes[0] ^= 1;
  EXPECT_FALSE(collector->TakeU3(Id(0), federation->SignU3(0, other)));
  ExpectHeld("wrong_u3", 0, Blame::kNobody);
  EXPECT_FALSE(collector->TakeU3(Id(4), federation->SignU3(4, u3)));
  ExpectHeld("unknown_node", 4, Blame::kNobody);
  EXPECT_FALSE(collector->TakeU3(Id(0), federation->SignU3(1, u3)));
  ExpectHeld("bad_signature", 0, Blame::kNobody);
  ASSERT_EQ(federation->params.thresholds.t, 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(NameOf(CertifyU3(collector->context, collector->u3_signatures)), "no_certificate");
    ASSERT_TRUE(collector->TakeU3(Id(i), federation->SignU3(i, u3)));
  }
  const auto certificate = CertifyU3(collector->context, collector->u3_signatures);
  ASSERT_TRUE(certificate.ok());
  ASSERT_EQ(certificate->size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*certificate)[i], (NodeSignature{Id(i), federation->SignU3(i, u3).signature}));
  }
}

TEST_F(CollectorTest, HoldsABadUnmaskAgainstItsSender) {
  RunToUnmask({4});
  const AttemptSets sets = collector->Sets();
  const auto refuse = [&](const char* name, auto change) {
    Unmask body = federation->RevealOf(0, sets);
    change(body);
    EXPECT_FALSE(collector->TakeUnmask(Id(0), As(0, body))) << name;
    EXPECT_EQ(collector->held.back().Name(), name);
    EXPECT_EQ(collector->held.back().concerns, Id(0));
  };
  refuse("wrong_u3", [](Unmask& body) { body.u3_hash.bytes[0] ^= 1; });
  refuse("bad_share", [](Unmask& body) { body.shares.pop_back(); });
  refuse("bad_share", [](Unmask& body) { body.shares.front().kind = ShareKind::kMask; });
  refuse("bad_share", [](Unmask& body) { body.shares.back().kind = ShareKind::kSelf; });
  refuse("bad_share", [&](Unmask& body) { body.shares.back().dealer.bytes.fill(0xFF); });
  EXPECT_FALSE(collector->TakeUnmask(Id(4), federation->Reveal(4, sets)));
  ExpectHeld("unknown_node", 4, Blame::kNobody);
  EXPECT_FALSE(collector->TakeUnmask(Id(1), federation->Reveal(0, sets)));
  ExpectHeld("bad_signature", 1, Blame::kNobody);
  EXPECT_TRUE(collector->unmasks.empty());
}

TEST_F(CollectorTest, UsesTheValidRestOfAnUnmask) {
  RunToUnmask({4});
  Unmask body = federation->RevealOf(0, collector->Sets());
  body.self_seed.bytes()[0] ^= 1;
  body.shares[1].share.bytes()[39] ^= 1;
  body.shares[2].blind.bytes()[0] ^= 1;
  ASSERT_TRUE(collector->TakeUnmask(Id(0), As(0, body)));
  const CheckedUnmask& rest = collector->unmasks.front();
  EXPECT_TRUE(rest.self_seed.empty());
  ASSERT_EQ(rest.shares.size(), 2U);
  EXPECT_EQ(rest.shares[0].dealer, body.shares[0].dealer);
  EXPECT_EQ(rest.shares[1].dealer, body.shares[3].dealer);
  ASSERT_EQ(rest.held.size(), 3U);
  EXPECT_EQ(rest.held[0].Name(), "bad_secret");
  EXPECT_EQ(rest.held[1].Name(), "bad_share");
  EXPECT_EQ(rest.held[2].Name(), "bad_share");
  for (const Refusal& refusal : rest.held) EXPECT_EQ(BlameOf(refusal), Blame::kProven);
}

TEST_F(CollectorTest, AShareWhoseEntryIsLostIsUnusedAndNobodysFault) {
  RunToUnmask();
  collector->entries.erase({Id(2), Id(0)});
  ASSERT_TRUE(collector->TakeUnmask(Id(0), federation->Reveal(0, collector->Sets())));
  EXPECT_EQ(collector->unmasks.front().shares.size(), 3U);
  EXPECT_TRUE(collector->unmasks.front().held.empty());
}

TEST_F(CollectorTest, CertifiesTheSumThatWasSentAndNoOther) {
  RunToUnmask({4});
  const U3& u3 = collector->u3;
  fsa1::OpenedSum sum{
      .words = std::vector<std::uint64_t>(federation->params.encoding.Words()), .tau = {}, .root = {}};
  sum.root.bytes[0] = 5;
  fsa1::OpenedSum other = sum;
  other.root.bytes[0] = 6;
  EXPECT_FALSE(collector->TakeZ(Id(0), federation->SignZ(0, u3, other), sum.root));
  ExpectHeld("forked_result", 0, Blame::kNobody);
  other = sum;
  other.words.pop_back();
  EXPECT_FALSE(collector->TakeZ(Id(0), federation->SignZ(0, u3, other), sum.root));
  ExpectHeld("forked_result", 0, Blame::kNobody);
  U3 another = u3;
  another.hash.bytes[0] ^= 1;
  EXPECT_FALSE(collector->TakeZ(Id(0), federation->SignZ(0, another, sum), sum.root));
  ExpectHeld("wrong_u3", 0, Blame::kNobody);
  EXPECT_FALSE(collector->TakeZ(Id(4), federation->SignZ(4, u3, sum), sum.root));
  ExpectHeld("unknown_node", 4, Blame::kNobody);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(NameOf(CertifyResult(collector->context, collector->zs)), "no_certificate");
    ASSERT_TRUE(collector->TakeZ(Id(i), federation->SignZ(i, u3, sum), sum.root));
  }
  EXPECT_TRUE(CertifyResult(collector->context, collector->zs).ok());
}

TEST_F(CollectorTest, HearsAnAbortUnderTheAttemptOrBeforeIt) {
  Start();
  const Abort abort{.id = Id(1), .reason = "bad_ciphertext", .concerns = Id(2)};
  const auto under = [&](const Digest& ctx) {
    return CheckAbort(collector->context, Id(1),
                      Sign(federation->nodes[1].key, BodyType::kAbort, ctx, abort.Encode()));
  };
  EXPECT_EQ(*under(federation->ctx), abort);
  EXPECT_EQ(*under(Digest()), abort);
  Digest other = federation->ctx;
  other.bytes[0] ^= 1;
  EXPECT_EQ(NameOf(under(other)), "bad_signature");
  NodeId stranger;
  EXPECT_EQ(NameOf(CheckAbort(collector->context, stranger, As(1, abort))), "not_in_cohort");
}

TEST_F(CollectorTest, AComplaintNamesButProvesNothing) {
  Start();
  const auto blame = [&](const char* reason, const NodeId& concerns) {
    return BlameOf(Abort{.id = Id(0), .reason = reason, .concerns = concerns});
  };
  for (const char* named : {"bad_ciphertext", "bad_share", "bad_mac_key", "bad_key", "wrong_roster"}) {
    EXPECT_EQ(blame(named, Id(1)), Blame::kNamed) << named;
    EXPECT_EQ(blame(named, {}), Blame::kNobody) << named;
  }
  EXPECT_EQ(blame("bad_signature", Id(1)), Blame::kNobody);
  EXPECT_EQ(blame("second_u3", Id(1)), Blame::kNobody);
}

// Everything that is fixed is a function of bodies that are kept: the same after a restart, in any order.
TEST_F(CollectorTest, TheSameBodiesGiveTheSameSetsAgain) {
  RunToUnmask({2});
  TestCollector again(federation->offer, federation->registry);
  again.adverts = collector->adverts;
  again.CloseAdverts();
  again.heads = collector->heads;
  again.entries = collector->entries;
  again.CloseShares();
  again.ends = collector->ends;
  again.CloseUploads();
  EXPECT_EQ(again.roster.hash, collector->roster.hash);
  EXPECT_EQ(again.u2.hash, collector->u2.hash);
  EXPECT_EQ(again.u3.hash, collector->u3.hash);
  EXPECT_EQ(again.InboundOf(Id(0)), collector->InboundOf(Id(0)));
}

}  // namespace
}  // namespace accord::secagg
