// The messages of the Session stream; what masked rounds add to it is in convert_secagg.cc.
#include <algorithm>

#include "base/errors.h"
#include "base/overloaded.h"
#include "rpc/convert.h"
#include "rpc/convert_secagg.h"
#include "rpc/status_map.h"
#include "rpc/strict.h"

namespace accord::rpc {
namespace {

constexpr std::size_t kMaxVersion = 64;
constexpr std::size_t kMaxDescription = 512;
constexpr int kMaxProgress = 1'024;
constexpr int kMaxHeld = 65'536;

void Fill(const Hello& m, v1::Hello* out) {
  out->set_protocol_oldest(m.protocol_oldest);
  out->set_protocol_newest(m.protocol_newest);
  out->set_version(WireText(m.version, kMaxVersion));
  out->set_description(WireText(m.description, kMaxDescription));
  for (const JobId& job : m.held) out->add_held(std::string(job.View()));
}

void Fill(const Heartbeat& m, v1::Heartbeat* out) {
  for (const Progress& p : m.progress) {
    v1::Heartbeat::Progress* to = out->add_progress();
    to->set_job(std::string(p.job.View()));
    to->set_round(p.round.value);
    to->set_steps_done(p.steps_done);
    to->set_steps_total(p.steps_total);
    to->set_bytes_sent(p.bytes_sent);
    to->set_bytes_total(p.bytes_total);
  }
}

void Fill(const Prepared& m, v1::Prepared* out) {
  out->set_job(std::string(m.job.View()));
  if (!m.registry.IsZero()) out->set_registry(std::string(m.registry.View()));
}

void Fill(const Declined& m, v1::Declined* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  ToProto(m.error, out->mutable_error());
}

void Fill(const Trained& m, v1::Trained* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
}

void Fill(const Verified& m, v1::Verified* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  out->set_model_hash(std::string(m.model_hash.View()));
  if (m.proof) Fill(*m.proof, out->mutable_proof());
}

void Fill(const Refused& m, v1::Refused* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  ToProto(m.error, out->mutable_error());
  if (m.abort) FillSigned(*m.abort, out->mutable_abort());
}

void Fill(const Update& m, v1::Update* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  out->set_words(std::string(AsText(m.words)));
  out->set_root(std::string(m.root.View()));
  if (m.end) FillSigned(*m.end, out->mutable_end());
}

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
}

void Fill(const Train& m, v1::Train* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_purpose(ToWire<v1::Purpose>(m.purpose));
  out->set_model_hash(std::string(m.model_hash.View()));
  out->set_deadline_ms(ToWireMs(m.deadline));
  if (m.proof) Fill(*m.proof, out->mutable_proof());
}

void Fill(const Collect& m, v1::Collect* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  for (const NodeId& node : m.cohort) out->add_cohort(std::string(node.View()));
  out->set_deadline_ms(ToWireMs(m.deadline));
  for (const secagg::InboundShares& shares : m.shares) FillInbound(shares, out->add_shares());
}

void Fill(const Commit& m, v1::Commit* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  for (const NodeId& node : m.cohort) out->add_cohort(std::string(node.View()));
  for (const NodeId& node : m.survivors) out->add_survivors(std::string(node.View()));
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

Result<FromNode> Read(const v1::Hello& m) {
  Strict in("Hello");
  in.Require(m.protocol_oldest() >= 1 && m.protocol_oldest() <= m.protocol_newest(), "protocol_oldest",
             "is 0 or above protocol_newest");
  Hello out{.protocol_oldest = m.protocol_oldest(),
            .protocol_newest = m.protocol_newest(),
            .version = in.Text(m.version(), kMaxVersion, "version"),
            .description = in.Text(m.description(), kMaxDescription, "description"),
            .held = {}};
  in.Require(m.held_size() <= kMaxHeld, "held", "is too long");
  for (const std::string& job : m.held()) {
    if (!in.status().ok()) break;
    out.held.push_back(in.Id<JobId>(job, "held"));
  }
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Heartbeat& m) {
  Strict in("Heartbeat");
  in.Require(m.progress_size() <= kMaxProgress, "progress", "is too long");
  if (!in.status().ok()) return in.status();
  Heartbeat out;
  for (const auto& p : m.progress()) {
    out.progress.push_back({.job = in.Id<JobId>(p.job(), "progress.job"),
                            .round = in.Round(p.round(), "progress.round"),
                            .steps_done = p.steps_done(),
                            .steps_total = p.steps_total(),
                            .bytes_sent = p.bytes_sent(),
                            .bytes_total = p.bytes_total()});
  }
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Prepared& m) {
  Strict in("Prepared");
  return in.Give<FromNode>(
      Prepared{in.Id<JobId>(m.job(), "job"), in.IdOrZero<Digest>(m.registry(), "registry")});
}

Result<FromNode> Read(const v1::Declined& m) {
  Strict in("Declined");
  Declined out{
      .job = in.Id<JobId>(m.job(), "job"), .round = {m.round()}, .error = in.Error(m.error(), "error")};
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Trained& m) {
  Strict in("Trained");
  const Trained out{in.Id<JobId>(m.job(), "job"), in.Round(m.round(), "round")};
  return in.Give<FromNode>(out);
}

Result<FromNode> Read(const v1::Verified& m) {
  Strict in("Verified");
  Verified out{.job = in.Id<JobId>(m.job(), "job"),
               .round = in.Round(m.round(), "round"),
               .attempt = {m.attempt()},
               .model_hash = in.Id<Digest>(m.model_hash(), "model_hash"),
               .proof = {}};
  if (m.has_proof()) out.proof = ReadProof(in, m.proof());
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Refused& m) {
  Strict in("Refused");
  Refused out{.job = in.Id<JobId>(m.job(), "job"),
              .round = in.Round(m.round(), "round"),
              .attempt = {m.attempt()},
              .error = in.Error(m.error(), "error"),
              .abort = {}};
  if (m.has_abort()) out.abort = ReadSigned(in, m.abort(), "abort");
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Update& m) {
  Strict in("Update");
  in.Require(!m.words().empty() && m.words().size() % 8 == 0, "words", "is empty or not of whole words");
  Update out{.job = in.Id<JobId>(m.job(), "job"),
             .round = in.Round(m.round(), "round"),
             .attempt = {m.attempt()},
             .words = in.Bytes(m.words(), kMaxInlineBytes, "words"),
             .root = in.Id<Digest>(m.root(), "root"),
             .end = {}};
  if (m.has_end()) out.end = ReadSigned(in, m.end(), "end");
  return in.Give<FromNode>(std::move(out));
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
  in.Require(m.token().size() == kTokenBytes, "token", "has not 16 bytes");
  Prepare out{.job = in.Id<JobId>(m.job(), "job"),
              .plan = in.Bytes(m.plan(), kMaxPlanBytes, "plan"),
              .token = in.Bytes(m.token(), kTokenBytes, "token")};
  return in.Give<ToNode>(std::move(out));
}

Result<ToNode> Read(const v1::Train& m) {
  Strict in("Train");
  Train out{.job = in.Id<JobId>(m.job(), "job"),
            .round = in.Round(m.round(), "round"),
            .purpose = in.Enum(m.purpose(), round::Purpose::kEvaluate, "purpose"),
            .model_hash = in.Id<Digest>(m.model_hash(), "model_hash"),
            .deadline = in.Time(m.deadline_ms(), "deadline_ms"),
            .proof = {}};
  if (m.has_proof() && in.status().ok()) {
    ACCORD_ASSIGN_OR_RETURN(out.proof, ReadModelProof(m.proof()));
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

Result<ToNode> Read(const v1::Ended& m) {
  Strict in("Ended");
  Ended out{.job = in.Id<JobId>(m.job(), "job"),
            .state = in.Enum(m.state(), job::Phase::kCancelled, "state"),
            .model_hash = in.IdOrZero<Digest>(m.model_hash(), "model_hash"),
            .reason = in.ErrorOrOk(m.reason(), "reason")};
  return in.Give<ToNode>(std::move(out));
}

}  // namespace

void ToProto(const FromNode& message, v1::NodeMessage* out) {
  out->Clear();
  std::visit(overloaded{[&](const Hello& m) { Fill(m, out->mutable_hello()); },
                        [&](const Heartbeat& m) { Fill(m, out->mutable_heartbeat()); },
                        [&](const Prepared& m) { Fill(m, out->mutable_prepared()); },
                        [&](const Declined& m) { Fill(m, out->mutable_declined()); },
                        [&](const Trained& m) { Fill(m, out->mutable_trained()); },
                        [&](const Verified& m) { Fill(m, out->mutable_verified()); },
                        [&](const Refused& m) { Fill(m, out->mutable_refused()); },
                        [&](const Update& m) { Fill(m, out->mutable_update()); },
                        [&](const Advertised& m) { Fill(m, out->mutable_advertised()); },
                        [&](const Shared& m) { Fill(m, out->mutable_shared()); },
                        [&](const Masked& m) { Fill(m, out->mutable_masked()); },
                        [&](const SurvivorsSigned& m) { Fill(m, out->mutable_survivors_signed()); },
                        [&](const Unmasked& m) { Fill(m, out->mutable_unmasked()); },
                        [&](const GraphNonce& m) { Fill(m, out->mutable_graph_nonce()); }},
             message);
}

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
                        [&](const GraphSet& m) { Fill(m, out->mutable_graph_set()); }},
             message);
}

Result<FromNode> FromProto(const v1::NodeMessage& message) {
  switch (message.kind_case()) {
    case v1::NodeMessage::kHello:
      return Read(message.hello());
    case v1::NodeMessage::kHeartbeat:
      return Read(message.heartbeat());
    case v1::NodeMessage::kPrepared:
      return Read(message.prepared());
    case v1::NodeMessage::kDeclined:
      return Read(message.declined());
    case v1::NodeMessage::kTrained:
      return Read(message.trained());
    case v1::NodeMessage::kVerified:
      return Read(message.verified());
    case v1::NodeMessage::kRefused:
      return Read(message.refused());
    case v1::NodeMessage::kUpdate:
      return Read(message.update());
    case v1::NodeMessage::kAdvertised:
      return Read(message.advertised());
    case v1::NodeMessage::kShared:
      return Read(message.shared());
    case v1::NodeMessage::kMasked:
      return Read(message.masked());
    case v1::NodeMessage::kSurvivorsSigned:
      return Read(message.survivors_signed());
    case v1::NodeMessage::kUnmasked:
      return Read(message.unmasked());
    case v1::NodeMessage::kGraphNonce:
      return Read(message.graph_nonce());
    case v1::NodeMessage::KIND_NOT_SET:
      break;
  }
  return Fail(errors::kRpcMalformed, "NodeMessage.kind is not set, or of a newer version.");
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
    case v1::CoordinatorMessage::KIND_NOT_SET:
      break;
  }
  return Fail(errors::kRpcMalformed, "CoordinatorMessage.kind is not set, or of a newer version.");
}

}  // namespace accord::rpc
