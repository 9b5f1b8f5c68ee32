// What people see of jobs, rounds, nodes, members and models.
#include <algorithm>

#include "rpc/convert.h"
#include "rpc/status_map.h"
#include "rpc/strict.h"

namespace accord::rpc {
namespace {

constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxText = 4'096;

// SecureMode is numbered differently on the wire, where the safest is not the first.
v1::SecureMode ToWireMode(SecureMode mode) {
  switch (mode) {
    case SecureMode::kSemiHonest:
      return v1::SECURE_MODE_SEMI_HONEST;
    case SecureMode::kMalicious:
      return v1::SECURE_MODE_MALICIOUS;
    case SecureMode::kOff:
      return v1::SECURE_MODE_OFF;
  }
  return v1::SECURE_MODE_UNSPECIFIED;
}

SecureMode ReadMode(Strict& in, v1::SecureMode mode) {
  switch (mode) {
    case v1::SECURE_MODE_SEMI_HONEST:
      return SecureMode::kSemiHonest;
    case v1::SECURE_MODE_MALICIOUS:
      return SecureMode::kMalicious;
    case v1::SECURE_MODE_OFF:
      return SecureMode::kOff;
    default:
      in.Refuse("secure", "has an unknown value");
      return SecureMode::kMalicious;
  }
}

std::string DigestBytes(const Digest& digest) {
  return digest.IsZero() ? std::string() : std::string(digest.View());
}

void Fill(const MetricView& view, v1::Metric* out) {
  out->set_name(WireText(view.name, kMaxName));
  out->set_value(view.value);
  out->set_examples(view.examples);
}

MetricView Read(Strict& in, const v1::Metric& metric) {
  return {.name = in.Text(metric.name(), kMaxName, "metric.name"),
          .value = metric.value(),
          .examples = metric.examples()};
}

void Fill(const NodeProgressView& view, v1::NodeProgress* out) {
  out->set_name(WireText(view.name, kMaxName));
  out->set_connected(view.connected);
  out->set_state(WireText(view.state, kMaxName));
  out->set_steps_done(view.steps_done);
  out->set_steps_total(view.steps_total);
  out->set_bytes_done(view.bytes_done);
  out->set_bytes_total(view.bytes_total);
  out->set_awaited(view.awaited);
}

NodeProgressView Read(Strict& in, const v1::NodeProgress& progress) {
  return {.name = in.Text(progress.name(), kMaxName, "node.name"),
          .connected = progress.connected(),
          .state = in.Text(progress.state(), kMaxName, "node.state"),
          .steps_done = progress.steps_done(),
          .steps_total = progress.steps_total(),
          .bytes_done = progress.bytes_done(),
          .bytes_total = progress.bytes_total(),
          .awaited = progress.awaited()};
}

void Fill(const RoundView& view, v1::RoundView* out) {
  out->set_round(view.round.value);
  out->set_purpose(ToWire<v1::Purpose>(view.purpose));
  out->set_attempt(view.attempt.value);
  out->set_phase(ToWire<v1::Phase>(view.phase));
  out->set_since_ms(ToWireMs(view.since));
  out->set_deadline_ms(ToWireMs(view.deadline));
  out->set_why(WireText(view.why, kMaxText));
  for (const auto& node : view.nodes) Fill(node, out->add_nodes());
  out->set_phase_since_ms(ToWireMs(view.phase_since));
  out->set_wait_why(WireText(view.wait_why, kMaxText));
}

RoundView Read(Strict& in, const v1::RoundView& round) {
  RoundView view{.round = in.Round(round.round(), "current.round"),
                 .purpose = in.Enum(round.purpose(), round::Purpose::kEvaluate, "current.purpose"),
                 .attempt = {round.attempt()},
                 .phase = in.Enum(round.phase(), round::Phase::kClosed, "current.phase"),
                 .since = in.Time(round.since_ms(), "current.since_ms"),
                 .deadline = in.Time(round.deadline_ms(), "current.deadline_ms"),
                 .why = in.Text(round.why(), kMaxText, "current.why"),
                 .phase_since = in.Time(round.phase_since_ms(), "current.phase_since_ms"),
                 .wait_why = in.Text(round.wait_why(), kMaxText, "current.wait_why")};
  for (const auto& node : round.nodes()) view.nodes.push_back(Read(in, node));
  return view;
}

void Fill(const RoundResultView& view, v1::RoundResult* out) {
  out->set_round(view.round.value);
  out->set_purpose(ToWire<v1::Purpose>(view.purpose));
  out->set_committed(view.committed);
  if (!view.reason.ok()) ToProto(view.reason, out->mutable_reason());
  out->set_attempts(view.attempts);
  out->set_cohort(view.cohort);
  out->set_survivors(view.survivors);
  for (const auto& metric : view.metrics) Fill(metric, out->add_metrics());
  out->set_duration_ms(static_cast<std::uint64_t>(view.duration.count()));
  out->set_bytes(view.bytes);
  out->set_model_hash(DigestBytes(view.model_hash));
  for (const std::string& warning : view.warnings) out->add_warnings(warning);
}

RoundResultView Read(Strict& in, const v1::RoundResult& result) {
  RoundResultView view{.round = in.Round(result.round(), "history.round"),
                       .purpose = in.Enum(result.purpose(), round::Purpose::kEvaluate, "history.purpose"),
                       .committed = result.committed(),
                       .reason = in.ErrorOrOk(result.reason(), "history.reason"),
                       .attempts = result.attempts(),
                       .cohort = result.cohort(),
                       .survivors = result.survivors(),
                       .duration = in.Duration(result.duration_ms(), "history.duration_ms"),
                       .bytes = result.bytes(),
                       .model_hash = in.IdOrZero<Digest>(result.model_hash(), "history.model_hash")};
  for (const auto& metric : result.metrics()) view.metrics.push_back(Read(in, metric));
  for (const auto& warning : result.warnings())
    view.warnings.push_back(in.Text(warning, kMaxText, "history.warnings"));
  return view;
}

void Fill(const update::Upload& upload, v1::Upload* out) {
  out->set_bytes(upload.bytes);
  out->set_parameters(upload.parameters);
  out->set_tokens(upload.tokens);
}

update::Upload Read(const v1::Upload& upload) {
  return {.bytes = upload.bytes(), .parameters = upload.parameters(), .tokens = upload.tokens()};
}

JobView Read(Strict& in, const v1::JobView& job) {
  JobView view{.id = in.Id<JobId>(job.id(), "id"),
               .name = in.Text(job.name(), kMaxName, "name"),
               .state = in.Enum(job.state(), job::Phase::kCancelled, "state"),
               .reason = in.ErrorOrOk(job.reason(), "reason"),
               .secure = ReadMode(in, job.secure()),
               .priority = in.Enum(job.priority(), Priority::kHigh, "priority"),
               .ahead = job.ahead(),
               .rounds_total = job.rounds_total(),
               .rounds_done = job.rounds_done(),
               .parameters = job.parameters(),
               .model_hash = in.IdOrZero<Digest>(job.model_hash(), "model_hash"),
               .submitter = in.Text(job.submitter(), kMaxSpiffeBytes, "submitter"),
               .submitted = in.Time(job.submitted_ms(), "submitted_ms"),
               .started = in.Time(job.started_ms(), "started_ms"),
               .finished = in.Time(job.finished_ms(), "finished_ms"),
               .time = in.Time(job.time_ms(), "time_ms"),
               .since = in.Time(job.since_ms(), "since_ms"),
               .outlook = in.Text(job.outlook(), kMaxText, "outlook"),
               .upload = Read(job.upload())};
  if (job.has_current()) view.current = Read(in, job.current());
  for (const auto& result : job.history()) view.history.push_back(Read(in, result));
  for (const auto& metric : job.final()) view.final_metrics.push_back(Read(in, metric));
  return view;
}

MemberView Read(Strict& in, const v1::MemberView& member) {
  return {.name = in.Text(member.name(), kMaxName, "name"),
          .role = in.Text(member.role(), kMaxName, "role"),
          .spiffe_id = in.Text(member.spiffe_id(), kMaxSpiffeBytes, "spiffe_id"),
          .suspended = member.suspended(),
          .enrolled = in.Time(member.enrolled_ms(), "enrolled_ms"),
          .certificate_expires = in.Time(member.certificate_expires_ms(), "certificate_expires_ms")};
}

NodeView Read(Strict& in, const v1::NodeView& node) {
  NodeView view{.name = in.Text(node.name(), kMaxName, "name"),
                .spiffe_id = in.Text(node.spiffe_id(), kMaxSpiffeBytes, "spiffe_id"),
                .id = in.Id<NodeId>(node.id(), "id"),
                .connected = node.connected(),
                .since = in.Time(node.since_ms(), "since_ms"),
                .version = in.Text(node.version(), kMaxName, "version"),
                .description = in.Text(node.description(), kMaxText, "description"),
                .suspended = node.suspended()};
  for (const auto& job : node.jobs()) view.jobs.push_back(in.Text(job, kMaxName, "jobs"));
  return view;
}

ModelView Read(Strict& in, const v1::ModelView& model) {
  return {.hash = in.Id<Digest>(model.hash(), "hash"),
          .job = in.Id<JobId>(model.job(), "job"),
          .job_name = in.Text(model.job_name(), kMaxName, "job_name"),
          .round = {model.round()},
          .bytes = model.bytes(),
          .final = model.final(),
          .secure = ReadMode(in, model.secure())};
}

// A list of views out of a reply's repeated field.
template <class View, class Items>
Result<std::vector<View>> ReadAll(std::string_view message, const Items& items) {
  Strict in(message);
  std::vector<View> views;
  views.reserve(static_cast<std::size_t>(items.size()));
  for (const auto& item : items) views.push_back(Read(in, item));
  return in.Give(std::move(views));
}

}  // namespace

void ToProto(const JobView& view, v1::JobView* out) {
  out->Clear();
  out->set_id(std::string(view.id.View()));
  out->set_name(WireText(view.name, kMaxName));
  out->set_state(ToWire<v1::JobState>(view.state));
  if (!view.reason.ok()) ToProto(view.reason, out->mutable_reason());
  out->set_secure(ToWireMode(view.secure));
  out->set_rounds_total(view.rounds_total);
  out->set_rounds_done(view.rounds_done);
  out->set_parameters(view.parameters);
  out->set_model_hash(DigestBytes(view.model_hash));
  out->set_submitter(WireText(view.submitter, kMaxSpiffeBytes));
  out->set_submitted_ms(ToWireMs(view.submitted));
  out->set_started_ms(ToWireMs(view.started));
  out->set_finished_ms(ToWireMs(view.finished));
  if (view.current) Fill(*view.current, out->mutable_current());
  for (const auto& result : view.history) Fill(result, out->add_history());
  for (const auto& metric : view.final_metrics) Fill(metric, out->add_final());
  out->set_time_ms(ToWireMs(view.time));
  out->set_priority(ToWire<v1::Priority>(view.priority));
  out->set_ahead(view.ahead);
  out->set_since_ms(ToWireMs(view.since));
  out->set_outlook(WireText(view.outlook, kMaxText));
  Fill(view.upload, out->mutable_upload());
}

void ToProto(const std::vector<JobView>& views, v1::ListJobsReply* out) {
  for (const auto& view : views) ToProto(view, out->add_jobs());
}

void ToProto(const PlanView& view, v1::JobPlan* out) { out->set_plan(std::string(AsText(view.plan))); }

void ToProto(const ValidationView& view, v1::ValidateJobReply* out) {
  out->set_name(WireText(view.name, kMaxName));
  out->set_parameters(view.parameters);
  out->set_upload_bytes(view.upload.bytes);
  Fill(view.upload, out->mutable_upload());
  for (const auto& note : view.notes) out->add_notes(WireText(note, kMaxText));
}

void ToProto(const LogLineView& view, v1::LogLine* out) {
  out->set_time_ms(ToWireMs(view.time));
  out->set_round(view.round.value);
  out->set_node(WireText(view.node, kMaxName));
  out->set_event(WireText(view.event, kMaxName));
  out->set_text(WireText(view.text, kMaxText));
}

void ToProto(const InviteView& view, v1::InviteReply* out) {
  out->set_token(view.token);
  out->set_spiffe_id(WireText(view.spiffe_id, kMaxSpiffeBytes));
  out->set_expires_ms(ToWireMs(view.expires));
}

void ToProto(const MemberView& view, v1::MemberView* out) {
  out->set_name(WireText(view.name, kMaxName));
  out->set_role(WireText(view.role, kMaxName));
  out->set_spiffe_id(WireText(view.spiffe_id, kMaxSpiffeBytes));
  out->set_suspended(view.suspended);
  out->set_enrolled_ms(ToWireMs(view.enrolled));
  out->set_certificate_expires_ms(ToWireMs(view.certificate_expires));
}

void ToProto(const std::vector<MemberView>& views, v1::ListMembersReply* out) {
  for (const auto& view : views) ToProto(view, out->add_members());
}

void ToProto(const NodeView& view, v1::NodeView* out) {
  out->set_name(WireText(view.name, kMaxName));
  out->set_spiffe_id(WireText(view.spiffe_id, kMaxSpiffeBytes));
  out->set_id(std::string(view.id.View()));
  out->set_connected(view.connected);
  out->set_since_ms(ToWireMs(view.since));
  out->set_version(WireText(view.version, kMaxName));
  out->set_description(WireText(view.description, kMaxText));
  for (const auto& job : view.jobs) out->add_jobs(WireText(job, kMaxName));
  out->set_suspended(view.suspended);
}

void ToProto(const std::vector<NodeView>& views, v1::ListNodesReply* out) {
  for (const auto& view : views) ToProto(view, out->add_nodes());
}

void ToProto(const std::vector<ModelView>& views, v1::ListModelsReply* out) {
  for (const auto& view : views) {
    v1::ModelView* model = out->add_models();
    model->set_hash(std::string(view.hash.View()));
    model->set_job(std::string(view.job.View()));
    model->set_job_name(WireText(view.job_name, kMaxName));
    model->set_round(view.round.value);
    model->set_bytes(view.bytes);
    model->set_final(view.final);
    model->set_secure(ToWireMode(view.secure));
  }
}

Result<JobView> FromProto(const v1::JobView& view) {
  Strict in("JobView");
  JobView out = Read(in, view);
  return in.Give(std::move(out));
}

Result<std::vector<JobView>> FromProto(const v1::ListJobsReply& reply) {
  return ReadAll<JobView>("JobView", reply.jobs());
}

Result<PlanView> FromProto(const v1::JobPlan& reply) {
  Strict in("JobPlan");
  PlanView out{in.Bytes(reply.plan(), kMaxPlanBytes, "plan")};
  return in.Give(std::move(out));
}

Result<ValidationView> FromProto(const v1::ValidateJobReply& reply) {
  Strict in("ValidateJobReply");
  ValidationView out{.name = in.Text(reply.name(), kMaxName, "name"),
                     .parameters = reply.parameters(),
                     .upload = Read(reply.upload())};
  out.upload.bytes = reply.upload_bytes();  // an older coordinator says no more
  for (const auto& note : reply.notes()) out.notes.push_back(in.Text(note, kMaxText, "notes"));
  return in.Give(std::move(out));
}

Result<LogLineView> FromProto(const v1::LogLine& line) {
  Strict in("LogLine");
  LogLineView out{.time = in.Time(line.time_ms(), "time_ms"),
                  .round = {line.round()},
                  .node = in.Text(line.node(), kMaxName, "node"),
                  .event = in.Text(line.event(), kMaxName, "event"),
                  .text = in.Text(line.text(), kMaxText, "text")};
  return in.Give(std::move(out));
}

Result<InviteView> FromProto(const v1::InviteReply& reply) {
  Strict in("InviteReply");
  InviteView out{.token = in.Text(reply.token(), kMaxText, "token"),
                 .spiffe_id = in.Text(reply.spiffe_id(), kMaxSpiffeBytes, "spiffe_id"),
                 .expires = in.Time(reply.expires_ms(), "expires_ms")};
  return in.Give(std::move(out));
}

Result<MemberView> FromProto(const v1::MemberView& view) {
  Strict in("MemberView");
  MemberView out = Read(in, view);
  return in.Give(std::move(out));
}

Result<std::vector<MemberView>> FromProto(const v1::ListMembersReply& reply) {
  return ReadAll<MemberView>("MemberView", reply.members());
}

Result<NodeView> FromProto(const v1::NodeView& view) {
  Strict in("NodeView");
  NodeView out = Read(in, view);
  return in.Give(std::move(out));
}

Result<std::vector<NodeView>> FromProto(const v1::ListNodesReply& reply) {
  return ReadAll<NodeView>("NodeView", reply.nodes());
}

Result<std::vector<ModelView>> FromProto(const v1::ListModelsReply& reply) {
  return ReadAll<ModelView>("ModelView", reply.models());
}

}  // namespace accord::rpc
