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
  // Of masked rounds; the first tags stay as they were for all others.
  kMaskedTrainTold = 14,
  kOfferTold = 15,
  kRosterTold = 16,
  kSurvivorsTold = 17,
  kCertificateTold = 18,
  kOpenedCommitTold = 19,
  kMaskDone = 20,
  kProvenCheckDone = 21,
  kAborted = 22,
  kMemoryLost = 23,
  kFree = 24,
  kNonceRosterTold = 25,
  kGraphTold = 26,
  kCollectingTrainTold = 27,  // of unmasked rounds
  kDeltaLost = 28,
  kTextTrainDone = 29,
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

void Put(Writer& out, const Offer::Opened& opened) {
  out.Fixed(opened.u3_hash).Fixed(opened.z_root).U32(static_cast<std::uint32_t>(opened.tau.size()));
  for (const std::uint64_t tau : opened.tau) out.U64(tau);
}
Offer::Opened GetOpened(Reader& in) {
  Offer::Opened opened;
  opened.u3_hash = in.Fixed<Digest>();
  opened.z_root = in.Fixed<Digest>();
  for (std::uint32_t left = in.Count(sizeof(std::uint64_t)); left > 0; --left) opened.tau.push_back(in.U64());
  return opened;
}

Writer& Put(Writer& out, const Leaving& leaving) { return out.U64(leaving.bytes).Fixed(leaving.hash); }
Leaving GetLeaving(Reader& in) {
  Leaving leaving;
  leaving.bytes = in.U64();
  leaving.hash = in.Fixed<Digest>();
  return leaving;
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

// Of an event that has these.
template <class E>
Writer& PutPlace(Writer& out, Tag tag, const E& e) {
  return Put(out, tag).U64(e.round.value).U32(e.attempt.value);
}

void PutTrain(const TrainTold& e, Writer& out) {
  const bool masked = e.round.mode != SecureMode::kOff;
  const Tag unmasked = e.collect ? Tag::kCollectingTrainTold : Tag::kTrainTold;
  Put(out, masked ? Tag::kMaskedTrainTold : unmasked).U64(e.round.round.value);
  out.U8(static_cast<std::uint8_t>(e.round.purpose)).Fixed(e.round.model_hash);
  if (masked) {
    out.U8(static_cast<std::uint8_t>(e.round.mode)).U64(e.proven.value);
  } else if (e.collect) {
    round::EncodeSet(e.collect->cohort, out.U32(e.collect->attempt.value));
  }
}

void PutEvent(const Event& event, Writer& out) {
  std::visit(
      overloaded{[&](const TrainTold& e) { PutTrain(e, out); },
                 [&](const OfferTold& e) {
                   round::EncodeSet(e.cohort, PutPlace(out, Tag::kOfferTold, e));
                   Put(out.Fixed(e.ctx), e.answer);
                 },
                 [&](const RosterTold& e) {
                   Put(PutPlace(out, e.graph ? Tag::kNonceRosterTold : Tag::kRosterTold, e), e.answer);
                 },
                 [&](const GraphTold& e) { Put(PutPlace(out, Tag::kGraphTold, e), e.answer); },
                 [&](const SurvivorsTold& e) {
                   round::EncodeSet(e.u3, PutPlace(out, Tag::kSurvivorsTold, e));
                   Put(out.Fixed(e.u3_hash), e.answer);
                 },
                 [&](const CertificateTold& e) { Put(PutPlace(out, Tag::kCertificateTold, e), e.answer); },
                 [&](const Aborted& e) { PutPlace(out, Tag::kAborted, e).Lv(e.error); },
                 [&](const DeltaLost& e) { PutPlace(out, Tag::kDeltaLost, e); },
                 [&](const MemoryLost&) { Put(out, Tag::kMemoryLost); },
                 [&](const Free&) { Put(out, Tag::kFree); },
                 [&](const CollectTold& e) {
                   Put(out, Tag::kCollectTold).U64(e.round.value).U32(e.attempt.value);
                   round::EncodeSet(e.cohort, out);
                 },
                 [&](const CommitTold& e) {
                   const Tag tag = e.offer.opened ? Tag::kOpenedCommitTold : Tag::kCommitTold;
                   Put(Put(out, tag).U64(e.round.value), e.offer);
                   if (e.offer.opened) Put(out, *e.offer.opened);
                 },
                 [&](const EndTold&) { Put(out, Tag::kEndTold); },
                 [&](const TrainDone& e) {
                   const bool text = e.delta.eval_bytes > 0;
                   Put(Put(out, text ? Tag::kTextTrainDone : Tag::kTrainDone).U64(e.round.value), e.delta);
                   if (text) out.U64(e.delta.eval_bytes);
                 },
                 [&](const TrainFailed& e) { Put(out, Tag::kTrainFailed).U64(e.round.value).Lv(e.error); },
                 [&](const EncodeDone& e) {
                   PutPlace(out, e.end ? Tag::kMaskDone : Tag::kEncodeDone, e).U64(e.words).Fixed(e.root);
                   if (e.end) Put(out, *e.end);
                 },
                 [&](const SendDone& e) { Put(out, Tag::kSendDone).U64(e.round.value).U32(e.attempt.value); },
                 [&](const CheckDone& e) {
                   const Tag tag = e.proof.empty() ? Tag::kCheckDone : Tag::kProvenCheckDone;
                   PutPlace(out, tag, e).Fixed(e.model_hash);
                   if (!e.proof.empty()) out.Lv(e.proof);
                 },
                 [&](const Failed& e) {
                   Put(out, Tag::kFailed).U64(e.round.value).U32(e.attempt.value).Lv(e.error);
                 },
                 [&](const Stop&) { Put(out, Tag::kStop); },
                 [&](const Allow&) { Put(out, Tag::kAllow); },
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

TrainTold GetMaskedTrain(Reader& in) {
  TrainTold told{GetAssignment(in), {}, {}};
  const std::uint8_t mode = in.U8();
  if (mode > 1) in.Refuse();  // off has a tag of its own
  told.round.mode = static_cast<SecureMode>(mode & 1);
  told.proven = {in.U64()};
  return told;
}

// There is one: without, the event has a tag of its own.
Bytes GetProof(Reader& in) {
  const ByteView proof = in.Lv();
  if (proof.empty()) in.Refuse();
  return {proof.begin(), proof.end()};
}

Event GetWorkEvent(Tag tag, Reader& in) {
  const RoundId round{in.U64()};
  if (tag == Tag::kTrainDone || tag == Tag::kTextTrainDone) {
    TrainDone done{round, GetDelta(in)};
    if (tag == Tag::kTextTrainDone) done.delta.eval_bytes = in.U64();
    return done;
  }
  if (tag == Tag::kTrainFailed) return TrainFailed{round, in.LvText()};
  const AttemptId attempt{in.U32()};
  switch (tag) {
    case Tag::kEncodeDone:
    case Tag::kMaskDone: {
      EncodeDone done{round, attempt, in.U64(), in.Fixed<Digest>(), {}};
      if (tag == Tag::kMaskDone) done.end = GetLeaving(in);
      return done;
    }
    case Tag::kSendDone:
      return SendDone{round, attempt};
    case Tag::kCheckDone:
    case Tag::kProvenCheckDone: {
      CheckDone done{round, attempt, in.Fixed<Digest>(), {}};
      if (tag == Tag::kProvenCheckDone) done.proof = GetProof(in);
      return done;
    }
    case Tag::kAborted:
      return Aborted{round, attempt, in.LvText()};
    case Tag::kDeltaLost:
      return DeltaLost{round, attempt};
    default:
      return Failed{round, attempt, in.LvText()};
  }
}

Event GetMaskedEvent(Tag tag, Reader& in) {
  const RoundId round{in.U64()};
  const AttemptId attempt{in.U32()};
  if (tag == Tag::kRosterTold) return RosterTold{round, attempt, GetLeaving(in)};
  if (tag == Tag::kNonceRosterTold) return RosterTold{round, attempt, GetLeaving(in), true};
  if (tag == Tag::kGraphTold) return GraphTold{round, attempt, GetLeaving(in)};
  if (tag == Tag::kCertificateTold) return CertificateTold{round, attempt, GetLeaving(in)};
  round::NodeSet nodes = round::DecodeSet(in);
  const auto digest = in.Fixed<Digest>();
  const Leaving answer = GetLeaving(in);
  if (tag == Tag::kOfferTold) return OfferTold{round, attempt, std::move(nodes), digest, answer};
  return SurvivorsTold{round, attempt, std::move(nodes), digest, answer};
}

Event GetEvent(Reader& in) {
  const Tag tag{in.U8()};
  switch (tag) {
    case Tag::kTrainTold:
      return TrainTold{GetAssignment(in), {}, {}};
    case Tag::kCollectingTrainTold: {
      TrainTold told{GetAssignment(in), {}, {}};
      const AttemptId attempt{in.U32()};
      told.collect = TrainTold::Collect{attempt, round::DecodeSet(in)};
      return told;
    }
    case Tag::kMaskedTrainTold:
      return GetMaskedTrain(in);
    case Tag::kOfferTold:
    case Tag::kRosterTold:
    case Tag::kNonceRosterTold:
    case Tag::kGraphTold:
    case Tag::kSurvivorsTold:
    case Tag::kCertificateTold:
      return GetMaskedEvent(tag, in);
    case Tag::kCollectTold: {
      const RoundId round{in.U64()};
      const AttemptId attempt{in.U32()};
      return CollectTold{round, attempt, round::DecodeSet(in)};
    }
    case Tag::kCommitTold:
    case Tag::kOpenedCommitTold: {
      const RoundId round{in.U64()};
      CommitTold told{round, GetOffer(in)};
      if (tag == Tag::kOpenedCommitTold) told.offer.opened = GetOpened(in);
      return told;
    }
    case Tag::kTrainDone:
    case Tag::kTextTrainDone:
    case Tag::kTrainFailed:
    case Tag::kEncodeDone:
    case Tag::kMaskDone:
    case Tag::kSendDone:
    case Tag::kCheckDone:
    case Tag::kProvenCheckDone:
    case Tag::kFailed:
    case Tag::kAborted:
    case Tag::kDeltaLost:
      return GetWorkEvent(tag, in);
    case Tag::kMemoryLost:
      return MemoryLost{};
    case Tag::kFree:
      return Free{};
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
