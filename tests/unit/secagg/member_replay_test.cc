// Both frozen transcripts, message by message, for every node; and every hostile message to a node.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/fsa1_member.h"

namespace accord::secagg {
namespace {

using fsa1::FrozenNode;
using fsa1::Transcript;
using nlohmann::json;

class MemberReplayTest : public testing::TestWithParam<const char*> {};

TEST_P(MemberReplayTest, EveryNodeSendsTheFrozenBytes) {
  const Transcript transcript(GetParam());
  for (const NodeId& id : transcript.nodes) {
    FrozenNode node(transcript, id);
    ASSERT_TRUE(node.RunUntil("")) << id.Hex();
    for (const auto& [step, message] : node.sent) {
      EXPECT_EQ(message, fsa1::SignedOf(transcript.Of(step, id))) << step;
    }
    EXPECT_EQ(node.sent.size(), transcript.offer.mode == SecureMode::kMalicious ? 5U : 4U);
    const json& shares = transcript.Of("shares", id);
    EXPECT_EQ(node.shares.head, fsa1::SignedOf(shares));
    ASSERT_EQ(node.shares.entries.size(), shares["entries"].size());
    for (const auto& entry : node.shares.entries) {
      EXPECT_EQ(fsa1::ToHex(entry.bytes), shares["entries"][entry.receiver.Hex()]);
    }
    EXPECT_EQ(node.upload.chunks, fsa1::List(transcript.Of("masked", id)["chunks"], fsa1::Hex));
    EXPECT_EQ(MemberStateName(node.member->state()), transcript.Private(id)["final_state"]);
  }
}

TEST_P(MemberReplayTest, TheContextAndTheSetsAreTheFrozenOnes) {
  const Transcript transcript(GetParam());
  FrozenNode node(transcript, transcript.nodes.front());
  ASSERT_TRUE(node.RunUntil(""));
  const auto ids = [&](const char* name) {
    std::vector<NodeId> out;
    for (const json& id : transcript.all[name]) out.push_back(fsa1::IdOf(id));
    return out;
  };
  EXPECT_EQ(node.member->context().ctx, transcript.ctx);
  EXPECT_EQ(node.member->u1(), ids("u1"));
  EXPECT_EQ(node.member->u2(), ids("u2"));
  EXPECT_EQ(node.member->u3(), ids("u3"));
}

INSTANTIATE_TEST_SUITE_P(Transcripts, MemberReplayTest,
                         testing::Values("transcript_3_mc.json", "transcript_3_sh.json"),
                         [](const auto& param) { return std::string(param.param).substr(13, 2); });

// Delivers a hostile message; the refusal, or nothing when it was taken.
Verdict Deliver(FrozenNode& node, const std::string& kind, const json& message) {
  const auto refusal = [](const auto& answer) { return answer.ok() ? Verdict() : Verdict(answer.refusal()); };
  Member& member = *node.member;
  if (kind == "roster") return refusal(member.OnRoster(fsa1::SignedListOf(message["adverts"])));
  if (kind == "inbound") return member.OnInbound(fsa1::InboundOf(message["heads"]));
  if (kind == "survivors") {
    return refusal(
        member.OnSurvivors(fsa1::DigestOf(message["u2_hash"]), fsa1::SignedListOf(message["ends"])));
  }
  if (kind == "survivors_cert") {
    return refusal(
        member.OnCertificate(fsa1::DigestOf(message["u3_hash"]), fsa1::SignaturesOf(message["sigs"])));
  }
  if (kind == "result") return refusal(member.OnResult(fsa1::FrozenResult(message).View()));
  if (kind == "result_cert") {
    return member.OnResultCertificate(fsa1::DigestOf(message["u3_hash"]), fsa1::DigestOf(message["z_root"]),
                                      fsa1::SignaturesOf(message["sigs"]));
  }
  ADD_FAILURE() << "no message kind " << kind;
  return {};
}

// Everything that the node could still send, asked for with the frozen messages: after a refusal that ended
// the attempt nothing comes.
void ExpectNothingComesOut(FrozenNode& node, const Transcript& transcript, const NodeId& id) {
  for (const char* kind : {"roster", "survivors", "survivors_cert", "result", "result_cert"}) {
    const Verdict verdict = Deliver(node, kind, transcript.messages.at(kind));
    ASSERT_TRUE(verdict) << kind;
    EXPECT_EQ(verdict->Name(), "out_of_phase") << kind;
  }
  EXPECT_TRUE(Deliver(node, "inbound", transcript.Of("inbound", id)));
  EXPECT_FALSE(node.member->CanMask());
  EXPECT_FALSE(node.member->SealUpload(node.upload.end).ok());
}

// Names that 7.6 gives to messages out of their phase: they change nothing.
bool ChangesNothing(const std::string& awaited, const json& vector) {
  const std::string error = vector["expect_error"];
  return error == "no_certificate" || (error == "second_u3" && awaited != vector["message_kind"]);
}

void RunVector(const json& vector) {
  const Transcript transcript(vector["transcript"]);
  const NodeId id = fsa1::IdOf(vector["node"]);
  const std::string awaited = vector["node_awaits"];
  FrozenNode node(transcript, id);
  ASSERT_TRUE(node.RunUntil(awaited));
  Verdict verdict;
  if (vector["message_kind"] == "offer") {
    const auto opened = node.Open(fsa1::OfferOf(vector["message"]));
    ASSERT_FALSE(opened.ok());
    verdict = opened.refusal();
  } else {
    verdict = Deliver(node, vector["message_kind"], vector["message"]);
  }
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->Name(), vector["expect_error"]);
  const json& concerns = vector["expect_concerns"];
  EXPECT_EQ(verdict->concerns, concerns.is_null() ? NodeId() : fsa1::IdOf(concerns));
  if (vector["message_kind"] == "offer") return;
  if (!ChangesNothing(awaited, vector)) {
    EXPECT_EQ(node.member->state(), MemberState::kAborted);
    ExpectNothingComesOut(node, transcript, id);
  } else if (awaited != "result") {  // the frozen message is still taken
    EXPECT_FALSE(Deliver(node, awaited, transcript.messages.at(awaited)));
  }
}

TEST(MemberHostileVectorsTest, EveryHostileMessageToANodeIsRefusedByItsName) {
  int seen = 0;
  const std::string directory = std::string(ACCORD_SOURCE_DIR) + "/tests/golden/fsa1";
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    const std::string name = file.path().filename();
    if (!name.starts_with("bad_") || name.starts_with("bad_node_")) continue;
    SCOPED_TRACE(name);
    RunVector(fsa1::Load(name));
    ++seen;
  }
  EXPECT_EQ(seen, 52);
}

}  // namespace
}  // namespace accord::secagg
