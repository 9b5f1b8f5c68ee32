#include "round/codec.h"

#include "base/overloaded.h"

namespace accord::round {
namespace {

// Tags are for ever: journals outlive versions.
enum class Tag : std::uint8_t {
  kCandidates = 1,
  kTrained = 2,
  kDropped = 3,
  kUploaded = 4,
  kUploadsLost = 5,
  kSummed = 6,
  kSumFailed = 7,
  kVerified = 8,
  kCancel = 9,
  kRestarted = 10,
  kTick = 11,
  // of masked rounds
  kCandidatesPinned = 12,
  kUploadedMasked = 13,
  kSummedMasked = 14,
  kVerifiedMasked = 15,
  kAdvertised = 16,
  kShared = 17,
  kSharesStored = 18,
  kSurvivorsSigned = 19,
  kOpened = 20,
  kLeftAttempt = 21,
  kNonceOpened = 22,
};

Writer& Put(Writer& out, Tag tag) { return out.U8(static_cast<std::uint8_t>(tag)); }

void EncodeOutcome(const Outcome& outcome, Writer& out) {
  out.Fixed(outcome.sum).U64(outcome.words).Fixed(outcome.model_hash);
  EncodeMetrics(outcome.metrics, out);
}

Outcome DecodeOutcome(Reader& in) {
  Outcome outcome;
  outcome.sum = in.Fixed<Digest>();
  outcome.words = in.U64();
  outcome.model_hash = in.Fixed<Digest>();
  outcome.metrics = DecodeMetrics(in);
  return outcome;
}

void EncodeOpened(const Outcome::Opened& opened, Writer& out) {
  out.Fixed(opened.u3_hash).Fixed(opened.z_root).U8(static_cast<std::uint8_t>(opened.tau.size()));
  for (const std::uint64_t tau : opened.tau) out.U64(tau);
}

Outcome::Opened DecodeOpened(Reader& in) {
  Outcome::Opened opened;
  opened.u3_hash = in.Fixed<Digest>();
  opened.z_root = in.Fixed<Digest>();
  for (std::uint8_t left = in.U8(); left > 0 && in.ok(); --left) opened.tau.push_back(in.U64());
  return opened;
}

// Never empty: the tag without such a word says that.
Bytes DecodeLv(Reader& in) {
  const ByteView bytes = in.Lv();
  if (bytes.empty()) in.Refuse();
  return {bytes.begin(), bytes.end()};
}

template <class E>
Writer& PutWord(Writer& out, Tag tag, const E& event) {
  return Put(out, tag).Fixed(event.node).U32(event.attempt.value);
}

Reason DecodeReason(Reader& in) {
  const std::uint8_t value = in.U8();
  if (value > static_cast<std::uint8_t>(Reason::kBlamed)) in.Refuse();
  return in.ok() ? static_cast<Reason>(value) : Reason::kNone;
}

Millis DecodeAway(Reader& in) { return in.Time().time_since_epoch(); }  // a span within the years of time

AttemptId DecodeAttempt(Reader& in) { return {in.U32()}; }

// What one node said in one attempt.
Event DecodeWord(Tag tag, Reader& in) {
  const NodeId node = in.Fixed<NodeId>();
  const AttemptId attempt = DecodeAttempt(in);
  switch (tag) {
    case Tag::kUploaded:
      return Uploaded{node, attempt, in.Fixed<Digest>(), {}};
    case Tag::kUploadedMasked: {
      const auto root = in.Fixed<Digest>();
      return Uploaded{node, attempt, root, DecodeLv(in)};
    }
    case Tag::kVerified:
      return Verified{node, attempt, in.Fixed<Digest>(), {}};
    case Tag::kVerifiedMasked: {
      const auto model_hash = in.Fixed<Digest>();
      return Verified{node, attempt, model_hash, DecodeLv(in)};
    }
    case Tag::kAdvertised:
      return Advertised{node, attempt};
    case Tag::kShared:
      return Shared{node, attempt};
    case Tag::kSurvivorsSigned:
      return SurvivorsSigned{node, attempt, DecodeLv(in)};
    case Tag::kOpened:
      return Opened{node, attempt};
    case Tag::kNonceOpened:
      return NonceOpened{node, attempt};
    case Tag::kLeftAttempt:
      return LeftAttempt{node, attempt, in.Fixed<NodeId>()};
    default:
      in.Refuse();
      return Tick{};
  }
}

}  // namespace

void EncodeMetrics(const std::vector<MetricSum>& metrics, Writer& out) {
  out.U32(static_cast<std::uint32_t>(metrics.size()));
  for (const MetricSum& metric : metrics) out.U8(metric.metric).F64(metric.value).U64(metric.examples);
}

std::vector<MetricSum> DecodeMetrics(Reader& in) {
  std::vector<MetricSum> metrics;
  const std::uint32_t count = in.Count(17);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    MetricSum metric;
    metric.metric = in.U8();
    metric.value = in.F64();
    metric.examples = in.U64();
    metrics.push_back(metric);
  }
  return metrics;
}

void EncodeSet(const NodeSet& nodes, Writer& out) {
  out.U32(static_cast<std::uint32_t>(nodes.size()));
  for (const NodeId& node : nodes) out.Fixed(node);
}

NodeSet DecodeSet(Reader& in) {
  NodeSet nodes;
  const std::uint32_t count = in.Count(NodeId::kSize);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const NodeId node = in.Fixed<NodeId>();
    if (!nodes.empty() && node <= *nodes.rbegin()) in.Refuse();  // strictly ascending (secagg.md 7.1)
    nodes.insert(nodes.end(), node);
  }
  return nodes;
}

void Encode(const Event& event, Writer& out) {
  std::visit(
      overloaded{
          [&](const Candidates& e) {
            if (e.registry.IsZero()) return EncodeSet(e.ready, Put(out, Tag::kCandidates));
            EncodeSet(e.ready, Put(out, Tag::kCandidatesPinned).Fixed(e.registry));
          },
          [&](const Trained& e) { Put(out, Tag::kTrained).Fixed(e.node); },
          [&](const Dropped& e) {
            Put(out, Tag::kDropped).Fixed(e.node).U8(static_cast<std::uint8_t>(e.reason));
          },
          [&](const Uploaded& e) {
            const bool masked = !e.end.empty();
            PutWord(out, masked ? Tag::kUploadedMasked : Tag::kUploaded, e).Fixed(e.root);
            if (masked) out.Lv(e.end);
          },
          [&](const UploadsLost& e) { EncodeSet(e.nodes, Put(out, Tag::kUploadsLost)); },
          [&](const Summed& e) {
            const auto& opened = e.outcome.opened;
            Put(out, opened ? Tag::kSummedMasked : Tag::kSummed).U32(e.attempt.value);
            EncodeOutcome(e.outcome, out);
            if (opened) EncodeOpened(*opened, out);
          },
          [&](const SumFailed& e) { Put(out, Tag::kSumFailed).U32(e.attempt.value); },
          [&](const Verified& e) {
            const bool masked = !e.proof.empty();
            PutWord(out, masked ? Tag::kVerifiedMasked : Tag::kVerified, e).Fixed(e.model_hash);
            if (masked) out.Lv(e.proof);
          },
          [&](const Cancel&) { Put(out, Tag::kCancel); },
          [&](const Restarted& e) { Put(out, Tag::kRestarted).I64(e.away.count()); },
          [&](const Tick&) { Put(out, Tag::kTick); },
          [&](const Advertised& e) { PutWord(out, Tag::kAdvertised, e); },
          [&](const Shared& e) { PutWord(out, Tag::kShared, e); },
          [&](const SharesStored& e) { Put(out, Tag::kSharesStored).U32(e.attempt.value).Fixed(e.shares); },
          [&](const SurvivorsSigned& e) { PutWord(out, Tag::kSurvivorsSigned, e).Lv(e.signature); },
          [&](const Opened& e) { PutWord(out, Tag::kOpened, e); },
          [&](const NonceOpened& e) { PutWord(out, Tag::kNonceOpened, e); },
          [&](const LeftAttempt& e) { PutWord(out, Tag::kLeftAttempt, e).Fixed(e.blamed); }},
      event);
}

Event Decode(Reader& in) {
  const auto tag = static_cast<Tag>(in.U8());
  switch (tag) {
    case Tag::kCandidates:
      return Candidates{DecodeSet(in), {}};
    case Tag::kCandidatesPinned: {
      const auto registry = in.Fixed<Digest>();
      if (registry.IsZero()) in.Refuse();
      return Candidates{DecodeSet(in), registry};
    }
    case Tag::kTrained:
      return Trained{in.Fixed<NodeId>()};
    case Tag::kDropped: {
      const NodeId node = in.Fixed<NodeId>();
      return Dropped{node, DecodeReason(in)};
    }
    case Tag::kUploadsLost:
      return UploadsLost{DecodeSet(in)};
    case Tag::kSummed:
    case Tag::kSummedMasked: {
      const AttemptId attempt = DecodeAttempt(in);
      Outcome outcome = DecodeOutcome(in);
      if (tag == Tag::kSummedMasked) outcome.opened = DecodeOpened(in);
      return Summed{attempt, std::move(outcome)};
    }
    case Tag::kSumFailed:
      return SumFailed{DecodeAttempt(in)};
    case Tag::kCancel:
      return Cancel{};
    case Tag::kRestarted:
      return Restarted{DecodeAway(in)};
    case Tag::kTick:
      return Tick{.due = true};
    case Tag::kSharesStored: {
      const AttemptId attempt = DecodeAttempt(in);
      return SharesStored{attempt, in.Fixed<Digest>()};
    }
    default:
      return DecodeWord(tag, in);
  }
}

}  // namespace accord::round
