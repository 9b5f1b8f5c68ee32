#include "cli/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/words.h"
#include "config/job_file.h"

namespace accord::cli {
namespace {

using nlohmann::ordered_json;

// Peers may send bytes that are not UTF-8: they are replaced, not refused.
std::string Text(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json Time(TimePoint time) {
  return time == TimePoint{} ? ordered_json(nullptr) : ordered_json(FormatTime(time));
}

template <class Tag, std::size_t N>
ordered_json Hex(const FixedBytes<Tag, N>& bytes) {
  return bytes.IsZero() ? ordered_json(nullptr) : ordered_json(bytes.Hex());
}

ordered_json Reason(const Status& status) {
  if (status.ok()) return nullptr;
  return {{"code", status.error()}, {"message", status.message()}, {"hint", status.hint()}};
}

// null where it is of nothing, or not told.
ordered_json Per(std::uint64_t bytes, std::uint64_t count) {
  if (count == 0) return nullptr;
  return static_cast<double>(bytes) / static_cast<double>(count);
}

ordered_json Metrics(const std::vector<rpc::MetricView>& metrics) {
  ordered_json out = ordered_json::object();
  for (const rpc::MetricView& metric : metrics)
    out[metric.name] = {{"value", metric.value}, {"examples", metric.examples}};
  return out;
}

std::string_view PurposeName(round::Purpose purpose) {
  return purpose == round::Purpose::kTrain ? "train" : "evaluate";
}

ordered_json Node(const rpc::NodeProgressView& node) {
  return {{"name", node.name},
          {"connected", node.connected},
          {"state", node.state},
          {"steps_done", node.steps_done},
          {"steps_total", node.steps_total},
          {"bytes_done", node.bytes_done},
          {"bytes_total", node.bytes_total},
          {"awaited", node.awaited}};
}

ordered_json Current(const std::optional<rpc::RoundView>& round) {
  if (!round) return nullptr;
  ordered_json nodes = ordered_json::array();
  for (const rpc::NodeProgressView& node : round->nodes) nodes.push_back(Node(node));
  return {{"round", round->round.value},       {"purpose", PurposeName(round->purpose)},
          {"attempt", round->attempt.value},   {"phase", PhaseName(round->phase)},
          {"since", Time(round->since)},       {"phase_since", Time(round->phase_since)},
          {"deadline", Time(round->deadline)}, {"why", round->why},
          {"wait_why", round->wait_why},       {"nodes", std::move(nodes)}};
}

ordered_json History(const std::vector<rpc::RoundResultView>& rounds) {
  ordered_json out = ordered_json::array();
  for (const rpc::RoundResultView& round : rounds) {
    out.push_back({{"round", round.round.value},
                   {"purpose", PurposeName(round.purpose)},
                   {"committed", round.committed},
                   {"reason", Reason(round.reason)},
                   {"attempts", round.attempts},
                   {"cohort", round.cohort},
                   {"survivors", round.survivors},
                   {"metrics", Metrics(round.metrics)},
                   {"duration_ms", round.duration.count()},
                   {"bytes", round.bytes},
                   {"model_hash", Hex(round.model_hash)},
                   {"warnings", round.warnings}});
  }
  return out;
}

}  // namespace

std::string JsonAnswer(std::string_view data, bool end) {
  return R"({"ok":true,"data":)" + std::string(data) + R"(,"end":)" + (end ? "true" : "false") + "}";
}

std::string JsonFailure(const Status& status) {
  return Text({{"ok", false}, {"error", Reason(status)}, {"end", true}});
}

std::string Json(const rpc::JobView& job) {
  return Text({{"id", job.id.Hex()},
               {"name", job.name},
               {"state", StateName(job.state)},
               {"reason", Reason(job.reason)},
               {"secure", config::SecureName(job.secure)},
               {"priority", config::PriorityName(job.priority)},
               {"ahead", job.ahead},
               {"rounds_total", job.rounds_total},
               {"rounds_done", job.rounds_done},
               {"parameters", job.parameters},
               {"model_hash", Hex(job.model_hash)},
               {"submitter", job.submitter},
               {"submitted", Time(job.submitted)},
               {"started", Time(job.started)},
               {"finished", Time(job.finished)},
               {"current", Current(job.current)},
               {"history", History(job.history)},
               {"final_metrics", Metrics(job.final_metrics)},
               {"since", Time(job.since)},
               {"outlook", job.outlook},
               {"upload_bytes", job.upload.bytes},
               {"bytes_per_parameter", Per(job.upload.bytes, job.upload.parameters)},
               {"bytes_per_token", Per(job.upload.bytes, job.upload.tokens)},
               {"time", Time(job.time)}});
}

std::string Json(const Explained& explained) {
  const rpc::JobView& job = explained.job;
  ordered_json awaited = ordered_json::array();
  ordered_json round = nullptr;
  if (job.current) {
    for (const rpc::NodeProgressView& node : job.current->nodes) {
      if (node.awaited) awaited.push_back(Node(node));
    }
    const bool open = job.current->deadline != TimePoint{};
    round = {{"round", job.current->round.value},
             {"phase", PhaseName(job.current->phase)},
             {"since", Time(job.current->phase_since)},
             {"deadline", Time(job.current->deadline)},
             {"remaining_ms",
              open ? ordered_json(std::max<std::int64_t>(0, (job.current->deadline - job.time).count()))
                   : ordered_json(nullptr)},
             {"wait_why", job.current->wait_why}};
  }
  return Text({{"id", job.id.Hex()},
               {"name", job.name},
               {"state", StateName(job.state)},
               {"since", Time(job.since)},
               {"sentence", Sentence(job)},
               {"reason", Reason(job.reason)},
               {"current", std::move(round)},
               {"awaited", std::move(awaited)},
               {"time", Time(job.time)}});
}

std::string Json(const rpc::ValidationView& validation) {
  return Text({{"name", validation.name},
               {"parameters", validation.parameters},
               {"upload_bytes", validation.upload.bytes},
               {"bytes_per_parameter", Per(validation.upload.bytes, validation.upload.parameters)},
               {"bytes_per_token", Per(validation.upload.bytes, validation.upload.tokens)},
               {"notes", validation.notes}});
}

std::string Json(const rpc::LogLineView& line) {
  return Text({{"time", Time(line.time)},
               {"round", line.round.value},
               {"node", line.node},
               {"event", line.event},
               {"text", line.text}});
}

std::string Json(const rpc::NodeView& node) {
  return Text({{"name", node.name},
               {"spiffe_id", node.spiffe_id},
               {"id", node.id.Hex()},
               {"connected", node.connected},
               {"since", Time(node.since)},
               {"version", node.version},
               {"description", node.description},
               {"jobs", node.jobs},
               {"suspended", node.suspended}});
}

std::string Json(const rpc::MemberView& member) {
  return Text({{"name", member.name},
               {"role", member.role},
               {"spiffe_id", member.spiffe_id},
               {"suspended", member.suspended},
               {"enrolled", Time(member.enrolled)},
               {"certificate_expires", Time(member.certificate_expires)}});
}

std::string Json(const rpc::InviteView& invite) {
  return Text({{"token", invite.token}, {"spiffe_id", invite.spiffe_id}, {"expires", Time(invite.expires)}});
}

std::string Json(const rpc::ModelView& model) {
  return Text({{"hash", model.hash.Hex()},
               {"job", model.job.Hex()},
               {"job_name", model.job_name},
               {"round", model.round.value},
               {"bytes", model.bytes},
               {"final", model.final},
               {"secure", config::SecureName(model.secure)}});
}

std::string Json(const Context& context) {
  return Text({{"name", context.name},
               {"coordinator", context.coordinator},
               {"spiffe_id", context.spiffe_id},
               {"certificate_expires", Time(context.expires)},
               {"directory", context.directory.string()}});
}

std::string JsonObject(const std::vector<Field>& fields) {
  ordered_json out = ordered_json::object();
  for (const Field& field : fields) {
    auto& value = out[std::string(field.name)];
    if (field.value) value = *field.value;
  }
  return Text(out);
}

}  // namespace accord::cli
