// The journal records of a job's stream "job/<hex>". Schema version 1, for ever readable. Record 0 is the
// submission; every later one is an accepted event with the time that Step was given, so that a replay gives
// the same state.
//
//   u16 type, u16 version, i64 time (Unix ms), then
//   type 1 submission: Long plan, LV token, LV submitter (SPIFFE id)
//   type 2 event:      u8 tag, its fields
#pragma once

#include <string>
#include <variant>

#include "accord/status.h"
#include "base/text.h"
#include "job/job.h"

namespace accord::job {

struct Submission {
  Bytes plan;
  Bytes token;
  std::string submitter;
};
struct Record {
  TimePoint time;
  std::variant<Submission, Event> content;
};

[[nodiscard]] Bytes Encode(const Record& record);
// `store.corrupt` when the bytes are malformed or of a newer schema.
[[nodiscard]] Result<Record> Decode(ByteView bytes);
// The record with which a journal that ends with `last` says that it went back to a backup. Time does not.
[[nodiscard]] Result<Bytes> RestoredAfter(ByteView last, TimePoint now);

}  // namespace accord::job
