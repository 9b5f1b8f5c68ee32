// What people see of jobs, rounds, nodes, members and models: domain mirrors of
// proto/accord/v1/operator.proto. The coordinator makes them, the CLI renders them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/status.h"
#include "base/text.h"
#include "job/job.h"
#include "round/round.h"
#include "update/upload.h"

namespace accord::rpc {

struct MetricView {
  std::string name;
  double value = 0.0;
  std::uint64_t examples = 0;
};

struct NodeProgressView {
  std::string name;
  bool connected = false;
  // ready | waiting (for a training slot) | training | trained | uploading | stalled | uploaded | verified |
  // late | dropped
  std::string state;
  std::uint64_t steps_done = 0;
  std::uint64_t steps_total = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
  bool awaited = false;  // the phase waits for it
};

struct RoundView {
  RoundId round;
  round::Purpose purpose = round::Purpose::kTrain;
  AttemptId attempt;
  round::Phase phase = round::Phase::kGather;
  TimePoint since;
  TimePoint deadline;  // epoch: none
  std::string why;
  std::vector<NodeProgressView> nodes;
  TimePoint phase_since;
  std::string wait_why;  // why the deadline is when it is
};

struct RoundResultView {
  RoundId round;
  round::Purpose purpose = round::Purpose::kTrain;
  bool committed = false;
  Status reason;
  std::uint32_t attempts = 0;
  std::uint32_t cohort = 0;
  std::uint32_t survivors = 0;
  std::vector<MetricView> metrics;
  Millis duration{0};
  std::uint64_t bytes = 0;
  Digest model_hash;
  std::vector<std::string> warnings;  // sentences for people, each with what to do
};

struct JobView {
  JobId id;
  std::string name;
  job::Phase state = job::Phase::kProposed;
  Status reason;
  SecureMode secure = SecureMode::kMalicious;
  Priority priority = Priority::kNormal;
  std::uint32_t ahead = 0;  // in the queue: jobs that go before it
  std::uint64_t rounds_total = 0;
  std::uint64_t rounds_done = 0;
  std::uint64_t parameters = 0;
  Digest model_hash;
  std::string submitter;
  TimePoint submitted, started, finished;  // epoch: not yet
  std::optional<RoundView> current;
  std::vector<RoundResultView> history;
  std::vector<MetricView> final_metrics;
  TimePoint time;
  TimePoint since;        // in this state
  std::string outlook;    // what it waits for and what comes next, while no round is open
  update::Upload upload;  // all 0: the coordinator does not say
};

// The job file as it was submitted.
struct PlanView {
  Bytes plan;
};

struct ValidationView {
  std::string name;
  std::uint64_t parameters = 0;
  update::Upload upload;
  std::vector<std::string> notes;
};

struct LogLineView {
  TimePoint time;
  RoundId round;
  std::string node;
  std::string event;
  std::string text;
};

struct MemberView {
  std::string name;
  std::string role;
  std::string spiffe_id;
  bool suspended = false;
  TimePoint enrolled;
  TimePoint certificate_expires;
};

struct InviteView {
  std::string token;
  std::string spiffe_id;
  TimePoint expires;
};

struct NodeView {
  std::string name;
  std::string spiffe_id;
  NodeId id;
  bool connected = false;
  TimePoint since;
  std::string version;
  std::string description;
  std::vector<std::string> jobs;
  bool suspended = false;
};

// A registry as it is served: nothing of it is believed before its hash and its signatures are checked
// (registry_view.h).
struct RegistryView {
  struct Entry {
    std::string spiffe_id;
    Bytes entry;      // canonical (secagg.md 7.4)
    Bytes signature;  // by the CA of the member, DER
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::uint64_t version = 0;
  std::vector<Entry> entries;    // strictly ascending by node id
  std::vector<std::string> cas;  // PEM, of those that signed entries
};

struct ModelView {
  Digest hash;
  JobId job;
  std::string job_name;
  RoundId round;
  std::uint64_t bytes = 0;
  bool final = false;
  SecureMode secure = SecureMode::kMalicious;
};

}  // namespace accord::rpc
