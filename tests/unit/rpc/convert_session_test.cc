#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "rpc/convert.h"

namespace accord::rpc {
namespace {

template <class Id>
Id Filled(std::uint8_t byte) {
  Id id;
  id.bytes.fill(byte);
  return id;
}
const JobId kJob = Filled<JobId>(1);
const Digest kHash = Filled<Digest>(2);
const TimePoint kTime{Millis(1'700'000'000'000)};

// Serialized and read again: what the other side gets.
template <class Wire, class Message>
auto Travel(const Message& message) {
  Wire wire, received;
  ToProto(message, &wire);
  received.ParseFromString(wire.SerializeAsString());
  return FromProto(received);
}
// Two messages are equal when their wire forms are.
template <class Wire, class Message>
void ExpectTravels(const Message& message) {
  const auto read = Travel<Wire>(message);
  ASSERT_TRUE(read.ok()) << read.status().message();
  Wire before, after;
  ToProto(message, &before);
  ToProto(*read, &after);
  EXPECT_EQ(message.index(), read->index());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(before, after)) << before.DebugString();
}

// Every kind with every field set.
std::vector<FromNode> AllFromNode() {
  const Status error = Fail(errors::kDataShape, "24 x 24");
  return {
      Hello{.protocol_oldest = 1, .protocol_newest = 3, .version = "0.1.0", .description = "cpu, 2 threads"},
      Heartbeat{{{.job = kJob,
                  .round = {4},
                  .steps_done = 5,
                  .steps_total = 6,
                  .bytes_sent = 7,
                  .bytes_total = 8}}},
      Prepared{kJob},
      Declined{.job = kJob, .round = {0}, .error = error},
      Trained{kJob, {9}},
      Verified{.job = kJob, .round = {9}, .attempt = {1}, .model_hash = kHash},
      Refused{.job = kJob, .round = {9}, .attempt = {0}, .error = error}};
}

Commit FullCommit() {
  return {.job = kJob,
          .round = {2},
          .attempt = {3},
          .cohort = {Filled<NodeId>(1), Filled<NodeId>(2), Filled<NodeId>(3)},
          .survivors = {Filled<NodeId>(1), Filled<NodeId>(3)},
          .words = 2,
          .sum_hash = kHash,
          .sum = Bytes(16, 0x77),
          .model_hash = Filled<Digest>(4)};
}

std::vector<ToNode> AllToNode() {
  return {
      Welcome{.protocol = 1, .node = Filled<NodeId>(5), .heartbeat = Millis(10'000), .time = kTime},
      Prepare{.job = kJob, .plan = Bytes(100, 'p'), .token = Bytes(16, 't')},
      Train{.job = kJob,
            .round = {1},
            .purpose = round::Purpose::kEvaluate,
            .model_hash = kHash,
            .deadline = kTime},
      Collect{.job = kJob, .round = {1}, .attempt = {2}, .cohort = {Filled<NodeId>(9)}, .deadline = kTime},
      FullCommit(),
      Ended{.job = kJob,
            .state = job::Phase::kFailed,
            .model_hash = kHash,
            .reason = Fail(errors::kInternal, "why")},
      Drain{}};
}

TEST(ConvertSessionTest, EveryMessageOfANodeTravels) {
  for (const FromNode& message : AllFromNode()) ExpectTravels<v1::NodeMessage>(message);
  EXPECT_EQ(AllFromNode().size(), std::variant_size_v<FromNode>);
}

TEST(ConvertSessionTest, EveryMessageToANodeTravels) {
  for (const ToNode& message : AllToNode()) ExpectTravels<v1::CoordinatorMessage>(message);
  EXPECT_EQ(AllToNode().size(), std::variant_size_v<ToNode>);
}

TEST(ConvertSessionTest, ValuesComeThroughUnchanged) {
  const auto commit = std::get<Commit>(*Travel<v1::CoordinatorMessage>(ToNode(FullCommit())));
  EXPECT_EQ(commit.survivors, FullCommit().survivors);
  EXPECT_EQ(commit.sum, FullCommit().sum);
  EXPECT_EQ(commit.attempt, AttemptId{3});
  const auto ended = std::get<Ended>(*Travel<v1::CoordinatorMessage>(ToNode(Ended{.job = kJob})));
  EXPECT_TRUE(ended.model_hash.IsZero());
  EXPECT_TRUE(ended.reason.ok());
  const auto all = AllFromNode();
  EXPECT_EQ(std::get<Declined>(*Travel<v1::NodeMessage>(all[3])).error, std::get<Declined>(all[3]).error);
}

// What makes one field of a good message bad, and the field that the complaint must name.
template <class Wire>
struct Spoil {
  std::string field;
  std::function<void(Wire&)> how;
};

template <class Wire, class Message>
void ExpectRefused(const Message& good, const std::vector<Spoil<Wire>>& spoils) {
  for (const auto& [field, how] : spoils) {
    Wire wire;
    ToProto(good, &wire);
    ASSERT_TRUE(FromProto(wire).ok());
    how(wire);
    const auto read = FromProto(wire);
    ASSERT_FALSE(read.ok()) << field;
    EXPECT_EQ(read.status().error(), "rpc.malformed");
    EXPECT_NE(read.status().message().find(field), std::string::npos) << read.status().message();
  }
}

TEST(ConvertSessionTest, NamesTheBadFieldOfANodesMessage) {
  using M = v1::NodeMessage;
  const auto all = AllFromNode();
  ExpectRefused<M>(all[0],
                   {{"Hello.protocol_oldest", [](M& m) { m.mutable_hello()->set_protocol_oldest(0); }},
                    {"Hello.protocol_oldest", [](M& m) { m.mutable_hello()->set_protocol_oldest(9); }},
                    {"Hello.version", [](M& m) { m.mutable_hello()->set_version(std::string(65, 'v')); }}});
  ExpectRefused<M>(
      all[1], {{"progress.job", [](M& m) { m.mutable_heartbeat()->mutable_progress(0)->clear_job(); }},
               {"progress.round", [](M& m) { m.mutable_heartbeat()->mutable_progress(0)->set_round(0); }},
               {"Heartbeat.progress", [](M& m) {
                  for (int i = 0; i < 1'024; ++i) m.mutable_heartbeat()->add_progress();
                }}});
  ExpectRefused<M>(all[2],
                   {{"Prepared.job", [](M& m) { m.mutable_prepared()->set_job(std::string(31, 'x')); }}});
  ExpectRefused<M>(all[3], {{"Declined.error", [](M& m) { m.mutable_declined()->clear_error(); }}});
  ExpectRefused<M>(all[4], {{"Trained.round", [](M& m) { m.mutable_trained()->set_round(0); }}});
  ExpectRefused<M>(all[5],
                   {{"Verified.model_hash", [](M& m) { m.mutable_verified()->set_model_hash("short"); }}});
  ExpectRefused<M>(
      all[6],
      {{"Refused.error", [](M& m) { m.mutable_refused()->mutable_error()->set_id(std::string(65, 'i')); }}});
  ExpectRefused<M>(all[6], {{"NodeMessage.kind", [](M& m) { m.Clear(); }}});
}

TEST(ConvertSessionTest, NamesTheBadFieldOfACoordinatorsMessage) {
  using M = v1::CoordinatorMessage;
  const auto all = AllToNode();
  ExpectRefused<M>(all[0], {{"Welcome.heartbeat_ms", [](M& m) { m.mutable_welcome()->set_heartbeat_ms(0); }},
                            {"Welcome.time_ms", [](M& m) { m.mutable_welcome()->set_time_ms(~0ULL); }}});
  ExpectRefused<M>(all[1],
                   {{"Prepare.token", [](M& m) { m.mutable_prepare()->set_token("15 bytes only.."); }},
                    {"Prepare.plan", [](M& m) { m.mutable_prepare()->set_plan(std::string(65'537, 'p')); }}});
  ExpectRefused<M>(all[2],
                   {{"Train.purpose", [](M& m) { m.mutable_train()->set_purpose(v1::PURPOSE_UNSPECIFIED); }},
                    {"Train.purpose", [](M& m) { m.mutable_train()->set_purpose(v1::Purpose(3)); }}});
  ExpectRefused<M>(all[3],
                   {{"Collect.cohort", [](M& m) { m.mutable_collect()->clear_cohort(); }},
                    {"Collect.cohort", [](M& m) { m.mutable_collect()->add_cohort(std::string(16, 9)); }}});
  ExpectRefused<M>(
      all[4], {{"Commit.cohort", [](M& m) { m.mutable_commit()->mutable_cohort()->SwapElements(0, 1); }},
               {"Commit.survivors", [](M& m) { m.mutable_commit()->set_survivors(1, std::string(16, 4)); }},
               {"Commit.words", [](M& m) { m.mutable_commit()->set_words(0); }},
               {"Commit.sum", [](M& m) { m.mutable_commit()->set_words(3); }},
               {"Commit.sum", [](M& m) { m.mutable_commit()->mutable_sum()->push_back('x'); }}});
  ExpectRefused<M>(all[5], {{"Ended.state", [](M& m) { m.mutable_ended()->set_state(v1::JobState(9)); }}});
  ExpectRefused<M>(all[5], {{"CoordinatorMessage.kind", [](M& m) { m.Clear(); }}});
}

TEST(ConvertSessionTest, LongTextsOfThisSideAreTrimmedNotRefused) {
  const Hello hello{.protocol_oldest = 1,
                    .protocol_newest = 1,
                    .version = std::string(500, 'v'),
                    .description = std::string(5'000, 'd')};
  EXPECT_TRUE(Travel<v1::NodeMessage>(FromNode(hello)).ok());
  const Declined declined{.job = kJob, .error = Fail(errors::kInternal, std::string(50'000, 'e'), "\xFF")};
  EXPECT_TRUE(Travel<v1::NodeMessage>(FromNode(declined)).ok());
}

TEST(ConvertCallsTest, UploadKeyIsStrict) {
  v1::UploadKey wire;
  ToProto(UploadKey{.job = kJob, .round = {3}, .attempt = {4}}, &wire);
  EXPECT_EQ(FromProto(wire)->attempt, AttemptId{4});
  wire.set_round(0);
  EXPECT_EQ(FromProto(wire).status().error(), "rpc.malformed");
}

TEST(ConvertCallsTest, EnrolRequestIsStrict) {
  v1::EnrolRequest wire;
  ToProto(EnrolRequest{.token_secret = Bytes(32, 1), .csr_pem = "csr", .protocol_key = Bytes(32, 2)}, &wire);
  EXPECT_EQ(FromProto(wire)->protocol_key, Bytes(32, 2));
  wire.set_protocol_key("31");
  EXPECT_FALSE(FromProto(wire).ok());
  wire.clear_protocol_key();
  EXPECT_TRUE(FromProto(wire).ok());
  wire.set_token_secret("short");
  EXPECT_NE(FromProto(wire).status().message().find("token_secret"), std::string::npos);
}

}  // namespace
}  // namespace accord::rpc
