// The journal records of a task's stream "job/<hex>" at a node. Schema version 1, for ever readable.
//
//   u16 type, u16 version, i64 time (Unix ms), then
//   type 1 plan:  Long plan, LV token (the job as the coordinator offered it, and as this node took it)
//   type 2 event: u8 tag, its fields
// and of the lab's ledger, stream "egress":
//   type 3 egress: job 32, u64 round, u32 attempt, LV kind, u64 bytes, 32 hash
#pragma once

#include <string>
#include <variant>

#include "accord/status.h"
#include "base/text.h"
#include "task/task.h"

namespace accord::task {

struct Taken {
  Bytes plan;
  Bytes token;
};
// One thing that left the lab, or was erased in it.
struct Egress {
  JobId job;
  RoundId round;
  AttemptId attempt;
  // "update": one of an unmasked round; "masked update"; "aggregation": a small message of a masked round;
  // "model": the federation's, given back to a coordinator that had gone back to a backup; "erased": the
  // job's files were erased here.
  std::string kind;
  std::uint64_t bytes = 0;
  Digest hash;  // RFC 6962 root of an update's chunks; SHA-256 of a message or a model
};
struct Record {
  TimePoint time;
  std::variant<Taken, Event, Egress> content;
};

[[nodiscard]] Bytes EncodeRecord(const Record& record);
// `store.corrupt` when the bytes are malformed or of a newer schema.
[[nodiscard]] Result<Record> DecodeRecord(ByteView bytes);

}  // namespace accord::task
