// Both frozen transcripts replayed as the coordinator, and every hostile message to it.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/fsa1_round.h"
#include "tests/support/secagg_collector.h"

namespace accord::secagg {
namespace {

using fsa1::ArrivedUpload;
using fsa1::TestCollector;
using fsa1::Transcript;
using nlohmann::json;

SharesMessage SharesOf(const json& message) {
  SharesMessage shares{.head = fsa1::SignedOf(message), .entries = {}};
  for (const auto& [receiver, bytes] : message["entries"].items()) {
    shares.entries.push_back({.receiver = *NodeId::FromHex(receiver), .bytes = fsa1::BytesOf(bytes)});
  }
  return shares;
}

ArrivedUpload UploadOf(const json& message) {
  return {.chunks = fsa1::List(message["chunks"], fsa1::Hex), .end = fsa1::SignedOf(message)};
}

// The coordinator of a transcript.
class FrozenCollector : public TestCollector {
 public:
  explicit FrozenCollector(const Transcript& transcript)
      : TestCollector(transcript.offer, transcript.registry), transcript_(transcript) {}

  bool Take(const std::string& step, const NodeId& from, const json& message) {
    if (step == "advertise") return TakeAdvert(from, fsa1::SignedOf(message));
    if (step == "shares") return TakeShares(from, SharesOf(message));
    if (step == "masked") return TakeUpload(from, UploadOf(message));
    if (step == "u3") return TakeU3(from, fsa1::SignedOf(message));
    if (step == "unmask") return TakeUnmask(from, fsa1::SignedOf(message));
    if (step == "z") return TakeZ(from, fsa1::SignedOf(message), sum.root);
    throw std::runtime_error("nodes send no " + step);
  }

  // Takes the transcript's messages of a step, but not those of `except`.
  void TakeStep(const std::string& step, const NodeId& except = {}) {
    for (const auto& [from, message] : transcript_.messages.at(step).items()) {
      const NodeId id = *NodeId::FromHex(from);
      if (id == except) continue;
      EXPECT_TRUE(Take(step, id, message)) << step << " of " << from;
    }
  }
  void Close(const std::string& step) {
    if (step == "advertise") CloseAdverts();
    if (step == "shares") CloseShares();
    if (step == "masked") CloseUploads();
    if (step == "unmask") sum = *Open();
  }

  // All steps before `awaited`; all at all when it is empty.
  void RunUntil(const std::string& awaited) {
    for (const std::string step : {"advertise", "shares", "masked", "u3", "unmask", "z"}) {
      if (step == awaited) return;
      if (!transcript_.messages.contains(step)) continue;
      TakeStep(step);
      Close(step);
    }
  }

  fsa1::OpenedSum sum;

 private:
  const Transcript& transcript_;
};

class CollectorReplayTest : public testing::TestWithParam<const char*> {};

TEST_P(CollectorReplayTest, RelaysTheFrozenMessages) {
  const Transcript transcript(GetParam());
  FrozenCollector collector(transcript);
  collector.RunUntil("");
  EXPECT_TRUE(collector.held.empty());
  const json& all = transcript.all;
  EXPECT_EQ(collector.context.ctx, transcript.ctx);
  EXPECT_EQ(collector.roster.hash, fsa1::DigestOf(all["roster_hash"]));
  EXPECT_EQ(collector.u2.hash, fsa1::DigestOf(all["u2_hash"]));
  EXPECT_EQ(collector.u3.hash, fsa1::DigestOf(all["u3_hash"]));
  std::vector<std::string> dealers;
  for (const NodeId& id : collector.roster.dealers) dealers.push_back(id.Hex());
  const bool with_mac = collector.context.params.verify;
  EXPECT_EQ(dealers, with_mac ? all["dealers"].get<std::vector<std::string>>() : std::vector<std::string>());

  const auto& messages = transcript.messages;
  EXPECT_EQ(collector.roster.adverts, fsa1::SignedListOf(messages.at("roster")["adverts"]));
  EXPECT_EQ(collector.u3.ends, fsa1::SignedListOf(messages.at("survivors")["ends"]));
  for (const auto& [to, inbound] : messages.at("inbound").items()) {
    EXPECT_EQ(collector.InboundOf(*NodeId::FromHex(to)), fsa1::InboundOf(inbound["heads"])) << to;
  }
}

TEST_P(CollectorReplayTest, EveryPhaseHasEnough) {
  const Transcript transcript(GetParam());
  FrozenCollector collector(transcript);
  collector.RunUntil("");
  EXPECT_FALSE(EnoughU1(collector.context, collector.roster));
  EXPECT_FALSE(EnoughU2(collector.context, collector.roster, collector.u2));
  EXPECT_FALSE(EnoughU3(collector.context, collector.Sets()));
  EXPECT_TRUE(StillMissing(collector.context, collector.Sets(), collector.unmasks).empty());
}

TEST_P(CollectorReplayTest, CertifiesWithTheFrozenSignatures) {
  const Transcript transcript(GetParam());
  FrozenCollector collector(transcript);
  collector.RunUntil("");
  const auto& messages = transcript.messages;
  EXPECT_EQ(*CertifyResult(collector.context, collector.zs),
            fsa1::SignaturesOf(messages.at("result_cert")["sigs"]));
  if (!messages.contains("survivors_cert")) {
    EXPECT_EQ(transcript.offer.mode, SecureMode::kSemiHonest);
    return;
  }
  EXPECT_EQ(*CertifyU3(collector.context, collector.u3_signatures),
            fsa1::SignaturesOf(messages.at("survivors_cert")["sigs"]));
}

TEST_P(CollectorReplayTest, OpensTheFrozenSumAndTags) {
  const Transcript transcript(GetParam());
  FrozenCollector collector(transcript);
  collector.RunUntil("");
  const fsa1::FrozenResult frozen(transcript.messages.at("result"));
  EXPECT_EQ(collector.sum.words, frozen.words);
  EXPECT_EQ(collector.sum.words, fsa1::List(transcript.all["sum"]["words"], fsa1::Word));
  EXPECT_EQ(collector.sum.tau, frozen.message.tau);
  EXPECT_EQ(collector.sum.tau, fsa1::List(transcript.all["sum"]["tau"], fsa1::Word));
  EXPECT_EQ(collector.sum.root, frozen.message.z_root);
  EXPECT_EQ(collector.u3.hash, frozen.message.u3_hash);
}

// A node that opens nothing itself: its b comes out of shares, and the sum is the same.
TEST_P(CollectorReplayTest, OpensTheFrozenSumFromSharesOfOneSurvivor) {
  const Transcript transcript(GetParam());
  for (const NodeId& silent : transcript.nodes) {
    FrozenCollector collector(transcript);
    collector.RunUntil("unmask");
    collector.TakeStep("unmask", silent);
    const auto missing = StillMissing(collector.context, collector.Sets(), collector.unmasks);
    ASSERT_TRUE(missing.empty());
    EXPECT_EQ(collector.Open()->words, fsa1::List(transcript.all["sum"]["words"], fsa1::Word));
  }
}

INSTANTIATE_TEST_SUITE_P(Transcripts, CollectorReplayTest,
                         testing::Values("transcript_3_mc.json", "transcript_3_sh.json"),
                         [](const auto& param) { return std::string(param.param).substr(13, 2); });

void RunVector(const json& vector) {
  const Transcript transcript(vector["transcript"]);
  const NodeId sender = fsa1::IdOf(vector["sender"]);
  const std::string step = vector["coordinator_awaits"];
  FrozenCollector collector(transcript);
  collector.RunUntil(step);
  collector.TakeStep(step, sender);
  const bool taken = collector.Take(vector["message_kind"], sender, vector["message"]);
  ASSERT_FALSE(collector.held.empty());
  const Refusal& held = collector.held.front();
  EXPECT_EQ(held.Name(), vector["expect_error"]);
  EXPECT_EQ(held.concerns, fsa1::IdOf(vector["expect_concerns"]));
  const bool by_signature = held.Name() != "bad_signature";
  EXPECT_EQ(BlameOf(held), by_signature ? Blame::kProven : Blame::kNobody);
  if (step != "unmask") {
    EXPECT_FALSE(taken);
    return;
  }
  // The rest gives the sum all the same: two nodes are enough.
  EXPECT_EQ(collector.Open()->words, fsa1::List(transcript.all["sum"]["words"], fsa1::Word));
}

TEST(CollectorHostileVectorsTest, EveryHostileMessageIsHeldAgainstItsSenderByItsName) {
  int seen = 0;
  const std::string directory = std::string(ACCORD_SOURCE_DIR) + "/tests/golden/fsa1";
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    const std::string name = file.path().filename();
    if (!name.starts_with("bad_node_")) continue;
    SCOPED_TRACE(name);
    RunVector(fsa1::Load(name));
    ++seen;
  }
  EXPECT_EQ(seen, 8);
}

// README: of these two the valid rest is used.
TEST(CollectorHostileVectorsTest, TheValidRestOfAnUnmaskIsUsed) {
  struct Case {
    const char* name;
    bool seed;
    std::size_t shares, held;
  };
  for (const Case& c :
       {Case{"bad_node_wrong_b.json", false, 2, 1}, Case{"bad_node_share_altered.json", true, 0, 2}}) {
    const json& vector = fsa1::Load(c.name);
    const Transcript transcript(vector["transcript"]);
    FrozenCollector collector(transcript);
    collector.RunUntil("unmask");
    ASSERT_TRUE(collector.Take("unmask", fsa1::IdOf(vector["sender"]), vector["message"])) << c.name;
    const CheckedUnmask& rest = collector.unmasks.front();
    EXPECT_EQ(!rest.self_seed.empty(), c.seed) << c.name;
    EXPECT_EQ(rest.shares.size(), c.shares) << c.name;
    EXPECT_EQ(rest.held.size(), c.held) << c.name;
  }
}

}  // namespace
}  // namespace accord::secagg
