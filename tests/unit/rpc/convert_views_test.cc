#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "rpc/convert.h"

namespace accord::rpc {
namespace {

using google::protobuf::util::MessageDifferencer;

JobView FullJob() {
  JobView view{.name = "digits",
               .state = job::Phase::kPaused,
               .reason = Fail(errors::kJobState, "no quorum"),
               .secure = SecureMode::kOff,
               .priority = Priority::kHigh,
               .ahead = 2,
               .rounds_total = 20,
               .rounds_done = 3,
               .parameters = 108'000,
               .submitter = "spiffe://accord.internal/researcher/ada",
               .submitted = TimePoint(Millis(1)),
               .started = TimePoint(Millis(2)),
               .finished = TimePoint(Millis(3)),
               .time = TimePoint(Millis(4)),
               .since = TimePoint(Millis(8)),
               .outlook = "2 of 3 nodes are there",
               .upload = {.bytes = 9, .parameters = 10, .tokens = 11}};
  view.id.bytes.fill(7);
  view.model_hash.bytes.fill(8);
  view.current = RoundView{.round = {4},
                           .purpose = round::Purpose::kEvaluate,
                           .attempt = {1},
                           .phase = round::Phase::kClosed,
                           .since = TimePoint(Millis(5)),
                           .deadline = TimePoint(Millis(6)),
                           .why = "waits for berlin",
                           .nodes = {{.name = "berlin",
                                      .connected = true,
                                      .state = "training",
                                      .steps_done = 1,
                                      .steps_total = 2,
                                      .bytes_done = 3,
                                      .bytes_total = 4,
                                      .awaited = true}},
                           .phase_since = TimePoint(Millis(7)),
                           .wait_why = "2 x the 41s"};
  view.history = {{.round = {3},
                   .purpose = round::Purpose::kTrain,
                   .committed = false,
                   .reason = Fail(errors::kJobState, "too few"),
                   .attempts = 2,
                   .cohort = 3,
                   .survivors = 2,
                   .metrics = {{.name = "loss", .value = 0.25, .examples = 10}},
                   .duration = Millis(77),
                   .bytes = 88,
                   .warnings = {"raise the clip"}}};
  view.final_metrics = {{.name = "accuracy", .value = 0.87, .examples = 10'000}};
  return view;
}

// What the other side reads, compared by its own wire form.
template <class Wire, class View>
void ExpectTravels(const View& view) {
  Wire wire, received, again;
  ToProto(view, &wire);
  ASSERT_TRUE(received.ParseFromString(wire.SerializeAsString()));
  const auto read = FromProto(received);
  ASSERT_TRUE(read.ok()) << read.status().message();
  ToProto(*read, &again);
  EXPECT_TRUE(MessageDifferencer::Equals(wire, again)) << wire.DebugString();
}

// Every field of the message (and of those inside it) is set, so that a conversion that forgets one shows.
void ExpectFull(const google::protobuf::Message& message) {
  const auto* type = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    const bool set = field->is_repeated() ? reflection->FieldSize(message, field) > 0
                                          : reflection->HasField(message, field);
    const bool may_be_zero = field->name() == "committed" || field->name() == "model_hash";
    EXPECT_TRUE(set || may_be_zero) << field->full_name();
    if (!set || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    ExpectFull(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, 0)
                                    : reflection->GetMessage(message, field));
  }
}

TEST(ConvertViewsTest, AJobTravelsWithAllItsFields) {
  v1::JobView wire;
  ToProto(FullJob(), &wire);
  ExpectFull(wire);
  ExpectTravels<v1::JobView>(FullJob());
  ExpectTravels<v1::ListJobsReply>(std::vector<JobView>{FullJob(), FullJob()});
  EXPECT_EQ(FromProto(wire)->secure, SecureMode::kOff);
  EXPECT_EQ(FromProto(wire)->state, job::Phase::kPaused);
  EXPECT_EQ(FromProto(wire)->current->phase, round::Phase::kClosed);
  EXPECT_EQ(FromProto(wire)->history[0].duration, Millis(77));
}

TEST(ConvertViewsTest, TheOtherViewsTravelWithAllTheirFields) {
  const ValidationView validation{.name = "n",
                                  .parameters = 1,
                                  .upload = {.bytes = 2, .parameters = 3, .tokens = 4},
                                  .notes = {"a", "b"}};
  const PlanView plan{{1, 2, 3}};
  const LogLineView line{
      .time = TimePoint(Millis(1)), .round = {2}, .node = "n", .event = "e.f", .text = "t"};
  const InviteView invite{
      .token = "accord1_x", .spiffe_id = "spiffe://d/node/n", .expires = TimePoint(Millis(9))};
  const MemberView member{.name = "n",
                          .role = "node",
                          .spiffe_id = "s",
                          .suspended = true,
                          .enrolled = TimePoint(Millis(1)),
                          .certificate_expires = TimePoint(Millis(2))};
  NodeView node{.name = "n",
                .spiffe_id = "s",
                .connected = true,
                .since = TimePoint(Millis(1)),
                .version = "0.1.0",
                .description = "cpu",
                .jobs = {"a"},
                .suspended = true};
  node.id.bytes.fill(3);
  ModelView model{
      .job_name = "j", .round = {1}, .bytes = 2, .final = true, .secure = SecureMode::kSemiHonest};
  model.hash.bytes.fill(1);
  model.job.bytes.fill(2);
  v1::ListModelsReply models;
  ToProto(std::vector<ModelView>{model}, &models);
  ExpectFull(models);
  v1::NodeView node_wire;
  ToProto(node, &node_wire);
  ExpectFull(node_wire);
  ExpectTravels<v1::ValidateJobReply>(validation);
  ExpectTravels<v1::JobPlan>(plan);
  ExpectTravels<v1::LogLine>(line);
  ExpectTravels<v1::InviteReply>(invite);
  ExpectTravels<v1::MemberView>(member);
  ExpectTravels<v1::ListMembersReply>(std::vector<MemberView>{member});
  ExpectTravels<v1::NodeView>(node);
  ExpectTravels<v1::ListNodesReply>(std::vector<NodeView>{node});
  ExpectTravels<v1::ListModelsReply>(std::vector<ModelView>{model});
}

TEST(ConvertViewsTest, SecureModesKeepTheirMeaning) {
  for (const SecureMode mode : {SecureMode::kSemiHonest, SecureMode::kMalicious, SecureMode::kOff}) {
    JobView view = FullJob();
    view.secure = mode;
    v1::JobView wire;
    ToProto(view, &wire);
    EXPECT_EQ(FromProto(wire)->secure, mode);
  }
  v1::JobView wire;
  ToProto(FullJob(), &wire);
  wire.set_secure(v1::SECURE_MODE_UNSPECIFIED);
  EXPECT_NE(FromProto(wire).status().message().find("JobView.secure"), std::string::npos);
}

TEST(ConvertViewsTest, NamesTheBadField) {
  const auto complaint = [](const std::function<void(v1::JobView&)>& spoil) {
    v1::JobView wire;
    ToProto(FullJob(), &wire);
    spoil(wire);
    return FromProto(wire).status().message();
  };
  EXPECT_EQ(complaint([](v1::JobView&) {}), "");
  EXPECT_NE(complaint([](v1::JobView& w) { w.set_id("x"); }).find("JobView.id"), std::string::npos);
  EXPECT_NE(complaint([](v1::JobView& w) { w.set_state(v1::JobState(0)); }).find("state"), std::string::npos);
  EXPECT_NE(
      complaint([](v1::JobView& w) { w.mutable_current()->set_phase(v1::Phase(10)); }).find("current.phase"),
      std::string::npos);
  EXPECT_NE(complaint([](v1::JobView& w) { w.set_time_ms(~0ULL); }).find("time_ms"), std::string::npos);
}

}  // namespace
}  // namespace accord::rpc
