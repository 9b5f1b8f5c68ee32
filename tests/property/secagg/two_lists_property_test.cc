// The attack on two unchecked lists: a coordinator names one node as surviving and as dropped, collects both
// of its secrets, and takes its masks away. It opens the victim of nodes that believe both lists, and nothing
// at our members, however the cohort is split and although a corrupt node helps (secagg.md 1 and section 6,
// Break regression).
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "secagg/recover.h"
#include "secagg/sum.h"
#include "tests/support/secagg_colluder.h"
#include "tests/support/secagg_federation.h"
#include "tests/support/secagg_light_round.h"

namespace accord::secagg {
namespace {

using fsa1::Federation;
using Words = std::vector<std::uint64_t>;

constexpr std::uint32_t kNodes = 5;
constexpr std::uint32_t kCorrupt = 1;  // t = u_min = 4
constexpr std::size_t kVictim = 0;
constexpr std::size_t kColluder = 4;
const std::set<std::size_t> kWithVictim{0, 1, 2, 3, 4};
const std::set<std::size_t> kWithoutVictim{1, 2, 3, 4};

// What the coordinator knows of the victim's secrets.
struct Loot {
  std::optional<crypto::ZeroizingBytes> self_seed;
  std::map<std::uint32_t, crypto::ZeroizingBytes> of_b;  // shares by x
  std::map<std::uint32_t, crypto::ZeroizingBytes> of_m;

  void Take(std::uint32_t x, ShareKind kind, ByteView share) {
    (kind == ShareKind::kSelf ? of_b : of_m).insert_or_assign(x, crypto::ZeroizingBytes::CopyOf(share));
  }
  void Take(std::uint32_t x, const NodeId& victim, Unmask unmask) {
    if (unmask.id == victim) self_seed = std::move(unmask.self_seed);
    for (const Unmask::Share& share : unmask.shares) {
      if (share.dealer == victim) Take(x, share.kind, share.share.view());
    }
  }
};

std::optional<crypto::ZeroizingBytes> Opened(const std::map<std::uint32_t, crypto::ZeroizingBytes>& of,
                                             std::uint32_t threshold) {
  std::vector<IndexedShare> shares;
  for (const auto& [x, share] : of) shares.push_back({x, share.view()});
  Result<crypto::ZeroizingBytes> secret = RecoverSecret(threshold, shares);
  if (!secret.ok()) return std::nullopt;
  return std::move(secret).value();
}

struct Target {
  Digest ctx;
  NodeId victim;
  std::vector<KeyPeer> others;  // the rest of U2
  std::uint32_t threshold = 0;
  Words upload;  // of the victim, masked
};

// The attack: the victim's words without its masks, if both of its secrets can be opened.
std::optional<Words> Unmasked(const Target& target, const Loot& loot) {
  auto b = loot.self_seed ? loot.self_seed->Clone() : Opened(loot.of_b, target.threshold);
  const auto m = Opened(loot.of_m, target.threshold);
  if (!b || !m) return std::nullopt;
  const crypto::X25519Key key = MaskKeyPair(m->view());
  OpenedMasks masks;
  masks.Add(SelfMaskKeys(target.ctx, b->view(), target.victim), MaskSign::kSubtract);
  for (const KeyPeer& other : target.others) {
    masks.Add(*PairMaskKeys(target.ctx, {.id = target.victim, .key = key}, other),
              Opposite(SignOf(target.victim, other.id)));
  }
  Words words = target.upload;
  MaskSet(masks.DataKeys()).Apply(0, words);
  return words;
}

TEST(TwoListsAttackTest, OpensTheVictimOfNodesThatBelieveBothLists) {
  fsa1::LightRound round({.n = kNodes, .corrupt = kCorrupt}, {});
  ASSERT_FALSE(round.RunToUnmask());
  const fsa1::LightNode& victim = round.federation.nodes[kVictim];
  BodiesByNode others = round.collector.ends;
  others.erase(victim.id);
  const U3 without = FixU3(round.collector.u2, others);

  Target target{.ctx = round.federation.ctx,
                .victim = victim.id,
                .others = {},
                .threshold = round.federation.params.ShareThreshold(),
                .upload = victim.masked};
  Loot loot;
  for (const std::size_t i : kWithoutVictim) {  // light nodes check nothing
    const fsa1::LightNode& node = round.federation.nodes[i];
    target.others.push_back({.id = node.id, .key = node.mask.PublicKey()});
    const auto x = static_cast<std::uint32_t>(i + 1);
    loot.Take(x, victim.id, round.federation.RevealOf(i, round.collector.Sets()));
    EXPECT_FALSE(Unmasked(target, loot));
    loot.Take(x, victim.id,
              round.federation.RevealOf(i, {round.collector.roster, round.collector.u2, without}));
  }
  EXPECT_EQ(Unmasked(target, loot), victim.plain);
}

// One attempt of real members under attack.
class Attack {
 public:
  Attack() {
    for (Federation* world : {&world_, &fork_}) world->Mask();
    target_ = {.ctx = world_.Context(),
               .victim = world_.labs[kVictim].id,
               .others = {},
               .threshold = world_.params.ShareThreshold(),
               .upload = Words(world_.params.encoding.Words())};
    for (const std::size_t i : kWithoutVictim) {
      target_.others.push_back({.id = world_.labs[i].id, .key = fsa1::MaskKeyOf(world_, i).PublicKey()});
    }
    std::uint64_t at = 0;
    for (const Bytes& chunk : world_.labs[kVictim].upload.chunks) {
      AddBytes(target_.upload, at, chunk);
      at += chunk.size();
    }
    const auto shares = fsa1::SharesOfColluder(world_, kColluder, kVictim);
    loot_.Take(kColluder + 1, ShareKind::kSelf, SplitShares(shares.view())->share_b);
    loot_.Take(kColluder + 1, ShareKind::kMask, SplitShares(shares.view())->share_m);
    u2_hash_ = world_.U2HashOf(kVictim);
    lists_ = {List{.ends = world_.Ends(kWithVictim)}, List{.ends = world_.Ends(kWithoutVictim)}};
  }

  // Bit i of `split`: the honest node i hears that the victim was dropped. The corrupt one signs both lists.
  void Run(unsigned split) {
    for (std::size_t i = 0; i < kColluder; ++i) Tell(world_, i, split >> i & 1);
    Tell(world_, kColluder, 0);
    Tell(fork_, kColluder, 1);  // the same node with the same secrets, a second time
    for (std::size_t i = 0; i < kColluder; ++i) {
      Release(i, split >> i & 1);
      Release(i, 1 - (split >> i & 1));
    }
  }

  [[nodiscard]] bool SelfIsOpen() const { return loot_.self_seed || Opened(loot_.of_b, target_.threshold); }
  [[nodiscard]] bool MaskIsOpen() const { return Opened(loot_.of_m, target_.threshold).has_value(); }
  [[nodiscard]] bool HonestNodesOpenedBothKinds() const {
    return (loot_.self_seed || loot_.of_b.size() > kCorrupt) && loot_.of_m.size() > kCorrupt;
  }
  [[nodiscard]] std::optional<Words> VictimsWords() const { return Unmasked(target_, loot_); }

 private:
  struct List {
    std::vector<SignedBody> ends;
    Digest hash = {};
    std::vector<NodeSignature> certificate = {};
  };

  void Tell(Federation& world, std::size_t i, unsigned list) {
    const auto answer = world.labs[i].member->OnSurvivors(u2_hash_, lists_[list].ends);
    ASSERT_TRUE(answer.ok());
    ASSERT_EQ(answer->has_value(), list == 0 || i != kVictim);
    if (!*answer) return;
    lists_[list].hash = (*answer)->u3_hash;
    lists_[list].certificate.push_back({world.labs[i].id, (*answer)->answer.signature});
  }
  void Release(std::size_t i, unsigned list) {
    const auto answer = world_.labs[i].member->OnCertificate(lists_[list].hash, lists_[list].certificate);
    if (!answer.ok()) return;
    loot_.Take(static_cast<std::uint32_t>(i + 1), target_.victim, *Unmask::Parse(answer->body));
  }

  Federation world_{{.n = kNodes, .corrupt = kCorrupt}};
  Federation fork_{{.n = kNodes, .corrupt = kCorrupt}};  // the same seeds, so the same nodes
  Target target_;
  Loot loot_;
  Digest u2_hash_;
  std::array<List, 2> lists_;
};

TEST(TwoListsAttackTest, OpensNothingOfMembersHoweverTheyAreSplit) {
  int self_opened = 0;
  int mask_opened = 0;
  for (unsigned split = 0; split < 1U << kColluder; ++split) {
    SCOPED_TRACE("split " + std::to_string(split));
    Attack attack;
    ASSERT_NO_FATAL_FAILURE(attack.Run(split));
    EXPECT_FALSE(attack.HonestNodesOpenedBothKinds());
    EXPECT_FALSE(attack.VictimsWords());
    self_opened += attack.SelfIsOpen() ? 1 : 0;
    mask_opened += attack.MaskIsOpen() ? 1 : 0;
  }
  // The split can get one kind: "surviving" is certified where at most one of four honest nodes hears the
  // other list, "dropped" where all but the victim hear that, whatever the victim hears.
  EXPECT_EQ(self_opened, 1 + 4);
  EXPECT_EQ(mask_opened, 2);
}

TEST(TwoListsAttackTest, WhoOpenedOneKindOpensNoOtherEvenUnderAValidCertificate) {
  Federation world({.n = kNodes, .corrupt = kCorrupt});
  Federation fork({.n = kNodes, .corrupt = kCorrupt});  // all others, a second time
  world.Mask();
  fork.Mask();
  const Digest u2_hash = world.U2HashOf(1);
  const auto with_victim = world.Ends(kWithVictim);
  const auto without = world.Ends(kWithoutVictim);
  const auto other_certificate = fork.Certify(kWithoutVictim);
  const auto certificate = world.Certify(kWithVictim);

  Member& member = *world.labs[1].member;
  const SignedBody opened = *member.OnCertificate(world.u3_hash, certificate);
  EXPECT_EQ(member.OnSurvivors(u2_hash, without).refusal().Name(), "second_u3");
  EXPECT_EQ(member.OnCertificate(fork.u3_hash, other_certificate).refusal().Name(), "second_u3");
  EXPECT_EQ(*member.OnCertificate(world.u3_hash, certificate), opened);
  // Nor does who only signed the one set take the other's certificate, and that ends the attempt there.
  Member& signer = *world.labs[2].member;
  EXPECT_EQ(signer.OnCertificate(fork.u3_hash, other_certificate).refusal().Name(), "second_u3");
  EXPECT_EQ(signer.OnCertificate(world.u3_hash, certificate).refusal().Name(), "out_of_phase");
  // The certificate is good: whoever signed that set takes it.
  EXPECT_TRUE(fork.labs[1].member->OnCertificate(fork.u3_hash, other_certificate).ok());
}

TEST(TwoListsAttackTest, OneListThatNamesTheVictimTwiceIsNone) {
  Federation world({.n = kNodes, .corrupt = kCorrupt});
  world.Mask();
  const Digest u2_hash = world.U2HashOf(1);
  auto ends = world.Ends(kWithVictim);
  ends.insert(ends.begin(), ends[kVictim]);
  EXPECT_EQ(world.labs[1].member->OnSurvivors(u2_hash, ends).refusal().Name(), "bad_encoding");
  EXPECT_EQ(world.labs[1].member->state(), MemberState::kAborted);
}

}  // namespace
}  // namespace accord::secagg
