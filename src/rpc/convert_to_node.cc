// What the coordinator says on the Session stream; what masked rounds add to it is in convert_secagg.cc.
#include <algorithm>

#include "base/errors.h"
#include "base/overloaded.h"
#include "rpc/convert.h"
#include "rpc/convert_ledger.h"
#include "rpc/convert_secagg.h"
#include "rpc/status_map.h"
#include "rpc/strict.h"

namespace accord::rpc {
namespace {

constexpr int kMaxGroups = 65'536;

void Fill(const Welcome& m, v1::Welcome* out) {
  out->set_protocol(m.protocol);
  out->set_node(std::string(m.node.View()));
  out->set_heartbeat_ms(static_cast<std::uint64_t>(m.heartbeat.count()));
  out->set_time_ms(ToWireMs(m.time));
}

void Fill(const Prepare& m, v1::Prepare* out) {
  out->set_job(std::string(m.job.View()));
  out->set_plan(std::string(AsText(m.plan)));
  out->set_token(std::string(AsText(m.token)));
  out->set_standing(m.standing);
  if (m.bundle) rpc::Fill(*m.bundle, out->mutable_bundle());
}

void Fill(const SendModel& m, v1::SendModel* out) {
  out->set_job(std::string(m.job.View()));
  out->set_model_hash(std::string(m.model_hash.View()));
  out->set_offset(m.offset);
}

void Fill(const std::vector<NodeId>& nodes, google::protobuf::RepeatedPtrField<std::string>* out) {
  for (const NodeId& node : nodes) out->Add(std::string(node.View()));
}

void Fill(const Train& m, v1::Train* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_purpose(ToWire<v1::Purpose>(m.purpose));
  out->set_model_hash(std::string(m.model_hash.View()));
  out->set_deadline_ms(ToWireMs(m.deadline));
  if (m.proof) Fill(*m.proof, out->mutable_proof());
  if (m.logged) rpc::Fill(*m.logged, out->mutable_logged());
  for (const GroupSum& sum : m.groups) Fill(sum, out->add_groups());
  if (m.collect) {
    out->mutable_collect()->set_attempt(m.collect->attempt.value);
    Fill(m.collect->cohort, out->mutable_collect()->mutable_cohort());
  }
}

void Fill(const Collect& m, v1::Collect* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  Fill(m.cohort, out->mutable_cohort());
  out->set_deadline_ms(ToWireMs(m.deadline));
  for (const secagg::InboundShares& shares : m.shares) FillInbound(shares, out->add_shares());
}

void Fill(const Commit& m, v1::Commit* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  Fill(m.cohort, out->mutable_cohort());
  Fill(m.survivors, out->mutable_survivors());
  out->set_words(m.words);
  out->set_sum_hash(std::string(m.sum_hash.View()));
  out->set_sum(std::string(AsText(m.sum)));
  out->set_model_hash(std::string(m.model_hash.View()));
  if (m.opened) Fill(*m.opened, out->mutable_opened());
}

void Fill(const Ended& m, v1::Ended* out) {
  out->set_job(std::string(m.job.View()));
  out->set_state(ToWire<v1::JobState>(m.state));
  if (!m.model_hash.IsZero()) out->set_model_hash(std::string(m.model_hash.View()));
  ToProto(m.reason, out->mutable_reason());
}

Result<ToNode> Read(const v1::Welcome& m) {
  Strict in("Welcome");
  in.Require(m.protocol() != 0, "protocol", "is 0");
  in.Require(m.heartbeat_ms() != 0, "heartbeat_ms", "is 0");
  const Welcome out{.protocol = m.protocol(),
                    .node = in.Id<NodeId>(m.node(), "node"),
                    .heartbeat = in.Duration(m.heartbeat_ms(), "heartbeat_ms"),
                    .time = in.Time(m.time_ms(), "time_ms")};
  return in.Give<ToNode>(out);
}

Result<ToNode> Read(const v1::Prepare& m) {
  Strict in("Prepare");
  in.Require(m.token().size() == (m.has_bundle() ? 0 : kTokenBytes), "token",
             m.has_bundle() ? "is beside a bundle" : "has not 16 bytes");
  Prepare out{.job = in.Id<JobId>(m.job(), "job"),
              .plan = in.Bytes(m.plan(), kMaxPlanBytes, "plan"),
              .token = in.Bytes(m.token(), kTokenBytes, "token"),
              .standing = m.standing()};
  if (m.has_bundle() && in.status().ok()) {
    ACCORD_ASSIGN_OR_RETURN(charter::JobBundle bundle, ReadBundle(m.bundle()));
    out.bundle = std::make_shared<const charter::JobBundle>(std::move(bundle));
  }
  return in.Give<ToNode>(std::move(out));
}

Result<ToNode> Read(const v1::Train& m) {
  Strict in("Train");
  Train out{.job = in.Id<JobId>(m.job(), "job"),
            .round = in.Round(m.round(), "round"),
            .purpose = in.Enum(m.purpose(), round::Purpose::kEvaluate, "purpose"),
            .model_hash = in.Id<Digest>(m.model_hash(), "model_hash"),
            .deadline = in.Time(m.deadline_ms(), "deadline_ms"),
            .proof = {},
            .collect = {},
            .groups = {}};
  in.Require(m.groups().size() <= kMaxGroups, "groups", "is too long");
  for (const v1::GroupSum& sum : m.groups()) {
    if (!in.status().ok()) break;
    ACCORD_ASSIGN_OR_RETURN(GroupSum one, ReadGroupSum(sum));
    out.groups.push_back(std::move(one));
  }
  if (m.has_collect()) {
    out.collect = Train::Collect{{m.collect().attempt()}, in.Cohort(m.collect().cohort(), "collect.cohort")};
  }
  if (m.has_proof() && in.status().ok()) {
    ACCORD_ASSIGN_OR_RETURN(out.proof, ReadModelProof(m.proof()));
  }
  if (m.has_logged() && in.status().ok()) {
    ACCORD_ASSIGN_OR_RETURN(charter::RoundProof logged, ReadRoundProof(m.logged()));
    out.logged = std::make_shared<const charter::RoundProof>(std::move(logged));
  }
  return in.Give<ToNode>(std::move(out));
}

Result<ToNode> Read(const v1::Collect& m) {
  Strict in("Collect");
  Collect out{.job = in.Id<JobId>(m.job(), "job"),
              .round = in.Round(m.round(), "round"),
              .attempt = {m.attempt()},
              .cohort = in.Cohort(m.cohort(), "cohort"),
              .deadline = in.Time(m.deadline_ms(), "deadline_ms"),
              .shares = ReadInbound(in, m.shares())};
  return in.Give<ToNode>(std::move(out));
}

Result<ToNode> Read(const v1::Commit& m) {
  Strict in("Commit");
  in.Require(m.words() != 0, "words", "is 0");
  in.Require(m.sum().empty() || (m.sum().size() <= kMaxInlineBytes && m.sum().size() / 8 == m.words() &&
                                 m.sum().size() % 8 == 0),
             "sum", "has not the length of `words`, or is too long to be inline");
  Commit out{.job = in.Id<JobId>(m.job(), "job"),
             .round = in.Round(m.round(), "round"),
             .attempt = {m.attempt()},
             .cohort = in.Cohort(m.cohort(), "cohort"),
             .survivors = in.Cohort(m.survivors(), "survivors"),
             .words = m.words(),
             .sum_hash = in.Id<Digest>(m.sum_hash(), "sum_hash"),
             .sum = in.Bytes(m.sum(), kMaxInlineBytes, "sum"),
             .model_hash = in.Id<Digest>(m.model_hash(), "model_hash"),
             .opened = {}};
  if (m.has_opened()) out.opened = ReadOpened(in, m.opened());
  in.Require(std::ranges::includes(out.cohort, out.survivors), "survivors", "is not a part of the cohort");
  return in.Give<ToNode>(std::move(out));
}

Result<ToNode> Read(const v1::SendModel& m) {
  Strict in("SendModel");
  const SendModel out{in.Id<JobId>(m.job(), "job"), in.Id<Digest>(m.model_hash(), "model_hash"), m.offset()};
  return in.Give<ToNode>(out);
}

Result<ToNode> Read(const v1::Ended& m) {
  Strict in("Ended");
  Ended out{.job = in.Id<JobId>(m.job(), "job"),
            .state = in.Enum(m.state(), job::Phase::kCancelled, "state"),
            .model_hash = in.IdOrZero<Digest>(m.model_hash(), "model_hash"),
            .reason = in.ErrorOrOk(m.reason(), "reason")};
  return in.Give<ToNode>(std::move(out));
}

}  // namespace

void ToProto(const ToNode& message, v1::CoordinatorMessage* out) {
  out->Clear();
  std::visit(overloaded{[&](const Welcome& m) { Fill(m, out->mutable_welcome()); },
                        [&](const Prepare& m) { Fill(m, out->mutable_prepare()); },
                        [&](const Train& m) { Fill(m, out->mutable_train()); },
                        [&](const Collect& m) { Fill(m, out->mutable_collect()); },
                        [&](const Commit& m) { Fill(m, out->mutable_commit()); },
                        [&](const Ended& m) { Fill(m, out->mutable_ended()); },
                        [&](const Drain&) { out->mutable_drain(); },
                        [&](const Offer& m) { Fill(m, out->mutable_offer()); },
                        [&](const Roster& m) { Fill(m, out->mutable_roster()); },
                        [&](const Survivors& m) { Fill(m, out->mutable_survivors()); },
                        [&](const Certificate& m) { Fill(m, out->mutable_certificate()); },
                        [&](const GraphSet& m) { Fill(m, out->mutable_graph_set()); },
                        [&](const SendModel& m) { Fill(m, out->mutable_send_model()); },
                        [&](const AddCheckpoint& m) { Fill(m, out->mutable_add_checkpoint()); }},
             message);
}

Result<ToNode> FromProto(const v1::CoordinatorMessage& message) {
  switch (message.kind_case()) {
    case v1::CoordinatorMessage::kWelcome:
      return Read(message.welcome());
    case v1::CoordinatorMessage::kPrepare:
      return Read(message.prepare());
    case v1::CoordinatorMessage::kTrain:
      return Read(message.train());
    case v1::CoordinatorMessage::kCollect:
      return Read(message.collect());
    case v1::CoordinatorMessage::kCommit:
      return Read(message.commit());
    case v1::CoordinatorMessage::kEnded:
      return Read(message.ended());
    case v1::CoordinatorMessage::kDrain:
      return ToNode(Drain{});
    case v1::CoordinatorMessage::kOffer:
      return Read(message.offer());
    case v1::CoordinatorMessage::kRoster:
      return Read(message.roster());
    case v1::CoordinatorMessage::kSurvivors:
      return Read(message.survivors());
    case v1::CoordinatorMessage::kCertificate:
      return Read(message.certificate());
    case v1::CoordinatorMessage::kGraphSet:
      return Read(message.graph_set());
    case v1::CoordinatorMessage::kSendModel:
      return Read(message.send_model());
    case v1::CoordinatorMessage::kAddCheckpoint:
      return ReadAddCheckpoint(message.add_checkpoint());
    case v1::CoordinatorMessage::KIND_NOT_SET:
      break;
  }
  return Fail(errors::kRpcMalformed, "CoordinatorMessage.kind is not set, or of a newer version.");
}

}  // namespace accord::rpc
