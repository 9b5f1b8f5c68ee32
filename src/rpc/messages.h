// What a node and the coordinator say on the Session stream, in domain types: the mirror of
// proto/accord/v1/node.proto, whose comments are the contract. src/rpc/convert maps between the two; the
// shells see only these.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "job/job.h"
#include "round/round.h"

namespace accord::rpc {

// Updates and sums of at most this size travel inside a message; larger ones by calls of their own.
inline constexpr std::uint64_t kMaxInlineBytes = 64 << 10;

// ---- from a node
struct Hello {
  std::uint32_t protocol_oldest = 0;
  std::uint32_t protocol_newest = 0;
  std::string version;
  std::string description;
  std::vector<JobId> held;  // jobs whose end this node has not heard of
};
struct Progress {
  JobId job;
  RoundId round;
  std::uint64_t steps_done = 0;
  std::uint64_t steps_total = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_total = 0;
};
struct Heartbeat {
  std::vector<Progress> progress;
};
struct Prepared {
  JobId job;
};
struct Declined {
  JobId job;
  RoundId round;  // 0: the whole job
  Status error;
};
struct Trained {
  JobId job;
  RoundId round;
};
struct Verified {
  JobId job;
  RoundId round;
  AttemptId attempt;
  Digest model_hash;
};
struct Refused {
  JobId job;
  RoundId round;
  AttemptId attempt;
  Status error;
};
struct Update {  // a whole update, when it is small (kMaxInlineBytes)
  JobId job;
  RoundId round;
  AttemptId attempt;
  Bytes words;  // little-endian u64
  Digest root;
};
using FromNode = std::variant<Hello, Heartbeat, Prepared, Declined, Trained, Verified, Refused, Update>;

// ---- from the coordinator
struct Welcome {
  std::uint32_t protocol = 0;
  NodeId node;
  Millis heartbeat{0};
  TimePoint time;
};
struct Prepare {
  JobId job;
  Bytes plan;
  Bytes token;
};
struct Train {
  JobId job;
  RoundId round;
  round::Purpose purpose = round::Purpose::kTrain;
  Digest model_hash;
  TimePoint deadline;  // epoch: none
};
struct Collect {
  JobId job;
  RoundId round;
  AttemptId attempt;
  std::vector<NodeId> cohort;  // strictly ascending
  TimePoint deadline;
};
struct Commit {
  JobId job;
  RoundId round;
  AttemptId attempt;
  std::vector<NodeId> cohort;     // strictly ascending
  std::vector<NodeId> survivors;  // strictly ascending
  std::uint64_t words = 0;
  Digest sum_hash;
  Bytes sum;  // empty: fetch it by hash
  Digest model_hash;
};
struct Ended {
  JobId job;
  job::Phase state = job::Phase::kFinished;
  Digest model_hash;  // zero: none
  Status reason;
};
struct Drain {};
using ToNode = std::variant<Welcome, Prepare, Train, Collect, Commit, Ended, Drain>;

}  // namespace accord::rpc
