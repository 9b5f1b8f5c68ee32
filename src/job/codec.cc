#include "job/codec.h"

#include <algorithm>

#include "base/codec.h"
#include "base/errors.h"
#include "base/overloaded.h"
#include "round/codec.h"

namespace accord::job {
namespace {

constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kSubmission = 1;
constexpr std::uint16_t kEvent = 2;

// Tags are for ever: journals outlive versions.
enum class Tag : std::uint8_t {
  kApprove = 1,
  kEnqueue = 2,
  kStart = 3,
  kInRound = 4,
  kPause = 5,
  kResume = 6,
  kCancel = 7,
  kFail = 8,
  kResumeFree = 9,
  // of jobs with groups
  kInGroup = 10,  // of the second group, or a later one
  kCombined = 11,
  // of states that went back to a backup
  kRestored = 12,
  kCaughtUp = 13,
};

Writer& Put(Writer& out, Tag tag) { return out.U8(static_cast<std::uint8_t>(tag)); }

// Of a committed round, what a proof of its model is made of; the rest follows from the plan.
void EncodeProof(const Certified& proof, Writer& out) {
  out.U64(proof.plan.round.value).Fixed(proof.plan.model_hash).U32(proof.attempt.id.value);
  round::EncodeSet(proof.attempt.cohort, out);
  out.Fixed(proof.members.registry).U64(proof.outcome.words);
  out.Fixed(proof.outcome.opened->u3_hash).Fixed(proof.outcome.opened->z_root);
  out.U32(static_cast<std::uint32_t>(proof.proofs.size()));
  for (const auto& [node, word] : proof.proofs) out.Fixed(node).Lv(word);
}

std::shared_ptr<const Certified> DecodeProof(Reader& in) {
  auto proof = std::make_shared<Certified>();
  proof->plan.round = {in.U64()};
  proof->plan.model_hash = in.Fixed<Digest>();
  proof->attempt.id = {in.U32()};
  proof->attempt.cohort = round::DecodeSet(in);
  proof->members.registry = in.Fixed<Digest>();
  proof->outcome.words = in.U64();
  proof->outcome.opened.emplace();
  proof->outcome.opened->u3_hash = in.Fixed<Digest>();
  proof->outcome.opened->z_root = in.Fixed<Digest>();
  for (std::uint32_t left = in.Count(20); left > 0 && in.ok(); --left) {
    const auto node = in.Fixed<NodeId>();
    const ByteView word = in.Lv();
    if (!proof->proofs.empty() && !(proof->proofs.rbegin()->first < node)) in.Refuse();
    proof->proofs.emplace(node, Bytes(word.begin(), word.end()));
  }
  return proof;
}

void EncodeCaughtUp(const CaughtUp& event, Writer& out) {
  out.U64(event.round.value).Fixed(event.model_hash).U32(static_cast<std::uint32_t>(event.groups.size()));
  for (const CaughtUp::Group& group : event.groups) {
    out.U32(group.next_attempt.value);
    round::EncodeSet(group.bound, out);
  }
  out.U8(event.proof ? 1 : 0);
  if (event.proof) EncodeProof(*event.proof, out);
}

CaughtUp DecodeCaughtUp(Reader& in) {
  CaughtUp event{{in.U64()}, in.Fixed<Digest>(), {}, {}};
  for (std::uint32_t left = in.Count(8); left > 0 && in.ok(); --left) {
    const AttemptId next{in.U32()};
    event.groups.push_back({next, round::DecodeSet(in)});
  }
  const std::uint8_t proven = in.U8();
  if (proven > 1) in.Refuse();
  if (proven == 1 && in.ok()) event.proof = DecodeProof(in);
  return event;
}

void EncodeEvent(const Event& event, Writer& out) {
  std::visit(
      overloaded{[&](const Approve&) { Put(out, Tag::kApprove); },
                 [&](const Enqueue&) { Put(out, Tag::kEnqueue); },
                 [&](const Start& e) { Put(out, Tag::kStart).Fixed(e.model_hash); },
                 [&](const InRound& e) {
                   if (e.group == 0)
                     return round::Encode(e.event, Put(out, Tag::kInRound).U64(e.round.value));
                   round::Encode(e.event, Put(out, Tag::kInGroup).U32(e.group).U64(e.round.value));
                 },
                 [&](const Pause& e) { Put(out, Tag::kPause).U8(static_cast<std::uint8_t>(e.reason)); },
                 [&](const Resume& e) { Put(out, e.free ? Tag::kResumeFree : Tag::kResume); },
                 [&](const Cancel&) { Put(out, Tag::kCancel); },
                 [&](const Fail& e) { Put(out, Tag::kFail).U8(static_cast<std::uint8_t>(e.reason)); },
                 [&](const Restored&) { Put(out, Tag::kRestored); },
                 [&](const CaughtUp& e) { EncodeCaughtUp(e, Put(out, Tag::kCaughtUp)); },
                 [&](const Combined& e) {
                   Put(out, Tag::kCombined).U64(e.round.value).Fixed(e.model_hash);
                   round::EncodeMetrics(e.metrics, out);
                   out.U32(static_cast<std::uint32_t>(e.left_out.size()));
                   for (const round::LeftOut& item : e.left_out)
                     out.U32(item.group).U8(item.gate).F64(item.value);
                 }},
      event);
}

Reason DecodeReason(Reader& in) {
  const std::uint8_t value = in.U8();
  if (value > static_cast<std::uint8_t>(Reason::kModelAhead)) in.Refuse();
  return in.ok() ? static_cast<Reason>(value) : Reason::kNone;
}

Event DecodeCombined(Reader& in) {
  Combined combined{{in.U64()}, in.Fixed<Digest>(), round::DecodeMetrics(in), {}};
  for (std::uint32_t left = in.Count(13); left > 0 && in.ok(); --left) {
    const std::uint32_t group = in.U32();
    const std::uint8_t gate = in.U8();
    combined.left_out.push_back({group, gate, in.F64()});
  }
  return combined;
}

Event DecodeInGroup(Reader& in) {
  const std::uint32_t group = in.U32();
  if (group == 0) in.Refuse();  // which has a tag of its own
  const RoundId round{in.U64()};
  return InRound{round, round::Decode(in), group};
}

Event DecodeEvent(Reader& in) {
  switch (static_cast<Tag>(in.U8())) {
    case Tag::kApprove:
      return Approve{};
    case Tag::kEnqueue:
      return Enqueue{};
    case Tag::kStart:
      return Start{in.Fixed<Digest>()};
    case Tag::kInRound: {
      const RoundId round{in.U64()};
      return InRound{round, round::Decode(in)};
    }
    case Tag::kPause:
      return Pause{DecodeReason(in)};
    case Tag::kResume:
      return Resume{};
    case Tag::kResumeFree:
      return Resume{.free = true};
    case Tag::kCancel:
      return Cancel{};
    case Tag::kFail:
      return job::Fail{DecodeReason(in)};
    case Tag::kInGroup:
      return DecodeInGroup(in);
    case Tag::kCombined:
      return DecodeCombined(in);
    case Tag::kRestored:
      return Restored{};
    case Tag::kCaughtUp:
      return DecodeCaughtUp(in);
  }
  in.Refuse();
  return Resume{};
}

}  // namespace

Bytes Encode(const Record& record) {
  Writer out;
  const bool submission = std::holds_alternative<Submission>(record.content);
  out.U16(submission ? kSubmission : kEvent).U16(kVersion).Time(record.time);
  std::visit(overloaded{[&](const Submission& s) { out.Long(s.plan).Lv(s.token).Lv(s.submitter); },
                        [&](const Event& event) { EncodeEvent(event, out); }},
             record.content);
  return std::move(out).Take();
}

Result<Record> Decode(ByteView bytes) {
  Reader in(bytes);
  const std::uint16_t type = in.U16();
  const std::uint16_t version = in.U16();
  if (in.ok() && version != kVersion) {
    return accord::Fail(errors::kStoreCorrupt, "a job record has schema version " + std::to_string(version) +
                                                   "; this program reads version " +
                                                   std::to_string(kVersion));
  }
  Record record{in.Time(), Event{Resume{}}};
  if (type == kSubmission) {
    Submission submission;
    const ByteView plan = in.Long();
    submission.plan.assign(plan.begin(), plan.end());
    const ByteView token = in.Lv();
    submission.token.assign(token.begin(), token.end());
    submission.submitter = in.LvText();
    record.content = std::move(submission);
  } else if (type == kEvent) {
    record.content = DecodeEvent(in);
  } else {
    in.Refuse();
  }
  if (!in.Done())
    return accord::Fail(errors::kStoreCorrupt,
                        "a job record of type " + std::to_string(type) + " is malformed");
  return record;
}

Result<Bytes> RestoredAfter(ByteView last, TimePoint now) {
  ACCORD_ASSIGN_OR_RETURN(const Record record, Decode(last));
  return Encode({std::max(now, record.time), Event{Restored{}}});
}

}  // namespace accord::job
