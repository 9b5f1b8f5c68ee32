#include "task/codec.h"

#include "base/codec.h"
#include "base/errors.h"
#include "base/overloaded.h"
#include "round/codec.h"

namespace accord::task {
namespace {

constexpr std::uint16_t kVersion = 1;

// Tags are for ever: journals outlive versions.
enum class Tag : std::uint8_t {
  kTrainTold = 1,
  kCollectTold = 2,
  kCommitTold = 3,
  kEndTold = 4,
  kTrainDone = 5,
  kTrainFailed = 6,
  kEncodeDone = 7,
  kSendDone = 8,
  kCheckDone = 9,
  kFailed = 10,
  kStop = 11,
  kAllow = 12,
  kErase = 13,
};

Writer& Put(Writer& out, Tag tag) { return out.U8(static_cast<std::uint8_t>(tag)); }

void Put(Writer& out, const Offer& offer) {
  out.U32(offer.attempt.value);
  round::EncodeSet(offer.cohort, out);
  round::EncodeSet(offer.survivors, out);
  out.U64(offer.words).Fixed(offer.sum).Fixed(offer.model_hash);
}
Offer GetOffer(Reader& in) {
  Offer offer;
  offer.attempt = {in.U32()};
  offer.cohort = round::DecodeSet(in);
  offer.survivors = round::DecodeSet(in);
  offer.words = in.U64();
  offer.sum = in.Fixed<Digest>();
  offer.model_hash = in.Fixed<Digest>();
  return offer;
}

void Put(Writer& out, const Delta& delta) {
  out.Fixed(delta.file)
      .U64(delta.examples)
      .U64(delta.eval_examples)
      .F64(delta.eval_loss_sum)
      .U64(delta.eval_correct);
}
Delta GetDelta(Reader& in) {
  Delta delta;
  delta.file = in.Fixed<Digest>();
  delta.examples = in.U64();
  delta.eval_examples = in.U64();
  delta.eval_loss_sum = in.F64();
  delta.eval_correct = in.U64();
  return delta;
}

void PutEvent(const Event& event, Writer& out) {
  std::visit(
      overloaded{
          [&](const TrainTold& e) {
            Put(out, Tag::kTrainTold).U64(e.round.round.value).U8(static_cast<std::uint8_t>(e.round.purpose));
            out.Fixed(e.round.model_hash);
          },
          [&](const CollectTold& e) {
            Put(out, Tag::kCollectTold).U64(e.round.value).U32(e.attempt.value);
            round::EncodeSet(e.cohort, out);
          },
          [&](const CommitTold& e) { Put(Put(out, Tag::kCommitTold).U64(e.round.value), e.offer); },
          [&](const EndTold&) { Put(out, Tag::kEndTold); },
          [&](const TrainDone& e) { Put(Put(out, Tag::kTrainDone).U64(e.round.value), e.delta); },
          [&](const TrainFailed& e) { Put(out, Tag::kTrainFailed).U64(e.round.value).Lv(e.error); },
          [&](const EncodeDone& e) {
            Put(out, Tag::kEncodeDone).U64(e.round.value).U32(e.attempt.value).U64(e.words).Fixed(e.root);
          },
          [&](const SendDone& e) { Put(out, Tag::kSendDone).U64(e.round.value).U32(e.attempt.value); },
          [&](const CheckDone& e) {
            Put(out, Tag::kCheckDone).U64(e.round.value).U32(e.attempt.value).Fixed(e.model_hash);
          },
          [&](const Failed& e) {
            Put(out, Tag::kFailed).U64(e.round.value).U32(e.attempt.value).Lv(e.error);
          },
          [&](const Stop&) { Put(out, Tag::kStop); }, [&](const Allow&) { Put(out, Tag::kAllow); },
          [&](const Erase&) { Put(out, Tag::kErase); }},
      event);
}

Assignment GetAssignment(Reader& in) {
  Assignment round;
  round.round = {in.U64()};
  const std::uint8_t purpose = in.U8();
  if (purpose > 1) in.Refuse();
  round.purpose = static_cast<round::Purpose>(purpose & 1);
  round.model_hash = in.Fixed<Digest>();
  return round;
}

Event GetWorkEvent(Tag tag, Reader& in) {
  const RoundId round{in.U64()};
  if (tag == Tag::kTrainDone) return TrainDone{round, GetDelta(in)};
  if (tag == Tag::kTrainFailed) return TrainFailed{round, in.LvText()};
  const AttemptId attempt{in.U32()};
  switch (tag) {
    case Tag::kEncodeDone: {
      const std::uint64_t words = in.U64();
      return EncodeDone{round, attempt, words, in.Fixed<Digest>()};
    }
    case Tag::kSendDone:
      return SendDone{round, attempt};
    case Tag::kCheckDone:
      return CheckDone{round, attempt, in.Fixed<Digest>()};
    default:
      return Failed{round, attempt, in.LvText()};
  }
}

Event GetEvent(Reader& in) {
  const Tag tag{in.U8()};
  switch (tag) {
    case Tag::kTrainTold:
      return TrainTold{GetAssignment(in)};
    case Tag::kCollectTold: {
      const RoundId round{in.U64()};
      const AttemptId attempt{in.U32()};
      return CollectTold{round, attempt, round::DecodeSet(in)};
    }
    case Tag::kCommitTold: {
      const RoundId round{in.U64()};
      return CommitTold{round, GetOffer(in)};
    }
    case Tag::kTrainDone:
    case Tag::kTrainFailed:
    case Tag::kEncodeDone:
    case Tag::kSendDone:
    case Tag::kCheckDone:
    case Tag::kFailed:
      return GetWorkEvent(tag, in);
    case Tag::kEndTold:
      return EndTold{};
    case Tag::kStop:
      return Stop{};
    case Tag::kAllow:
      return Allow{};
    case Tag::kErase:
      return Erase{};
  }
  in.Refuse();
  return Stop{};
}

Taken GetTaken(Reader& in) {
  Taken taken;
  const ByteView plan = in.Long();
  taken.plan.assign(plan.begin(), plan.end());
  const ByteView token = in.Lv();
  taken.token.assign(token.begin(), token.end());
  return taken;
}

Egress GetEgress(Reader& in) {
  Egress egress;
  egress.job = in.Fixed<JobId>();
  egress.round = {in.U64()};
  egress.attempt = {in.U32()};
  egress.kind = in.LvText();
  egress.bytes = in.U64();
  egress.hash = in.Fixed<Digest>();
  return egress;
}

}  // namespace

Bytes EncodeRecord(const Record& record) {
  Writer out;
  out.U16(static_cast<std::uint16_t>(record.content.index() + 1)).U16(kVersion);
  out.Time(record.time);
  std::visit(
      overloaded{
          [&](const Taken& taken) { out.Long(taken.plan).Lv(taken.token); },
          [&](const Event& event) { PutEvent(event, out); },
          [&](const Egress& e) {
            out.Fixed(e.job).U64(e.round.value).U32(e.attempt.value).Lv(e.kind).U64(e.bytes).Fixed(e.hash);
          }},
      record.content);
  return std::move(out).Take();
}

Result<Record> DecodeRecord(ByteView bytes) {
  Reader in(bytes);
  const std::uint16_t type = in.U16();
  const std::uint16_t version = in.U16();
  if (in.ok() && version != kVersion) {
    return Fail(errors::kStoreCorrupt, "a task record has schema version " + std::to_string(version) +
                                           "; this program reads version " + std::to_string(kVersion));
  }
  Record record{in.Time(), Event{Stop{}}};
  switch (type) {
    case 1:
      record.content = GetTaken(in);
      break;
    case 2:
      record.content = GetEvent(in);
      break;
    case 3:
      record.content = GetEgress(in);
      break;
    default:
      in.Refuse();
  }
  if (!in.Done())
    return Fail(errors::kStoreCorrupt, "a task record of type " + std::to_string(type) + " is malformed");
  return record;
}

}  // namespace accord::task
