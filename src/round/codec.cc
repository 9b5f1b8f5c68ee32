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
};

Writer& Put(Writer& out, Tag tag) { return out.U8(static_cast<std::uint8_t>(tag)); }

void EncodeOutcome(const Outcome& outcome, Writer& out) {
  out.Fixed(outcome.sum).U64(outcome.words).Fixed(outcome.model_hash);
  out.U32(static_cast<std::uint32_t>(outcome.metrics.size()));
  for (const MetricSum& metric : outcome.metrics)
    out.U8(metric.metric).F64(metric.value).U64(metric.examples);
}

Outcome DecodeOutcome(Reader& in) {
  Outcome outcome;
  outcome.sum = in.Fixed<Digest>();
  outcome.words = in.U64();
  outcome.model_hash = in.Fixed<Digest>();
  const std::uint32_t count = in.Count(17);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    MetricSum metric;
    metric.metric = in.U8();
    metric.value = in.F64();
    metric.examples = in.U64();
    outcome.metrics.push_back(metric);
  }
  return outcome;
}

Reason DecodeReason(Reader& in) {
  const std::uint8_t value = in.U8();
  if (value > static_cast<std::uint8_t>(Reason::kCancelled)) in.Refuse();
  return in.ok() ? static_cast<Reason>(value) : Reason::kNone;
}

Millis DecodeAway(Reader& in) { return in.Time().time_since_epoch(); }  // a span within the years of time

AttemptId DecodeAttempt(Reader& in) { return {in.U32()}; }

}  // namespace

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
  std::visit(overloaded{[&](const Candidates& e) { EncodeSet(e.ready, Put(out, Tag::kCandidates)); },
                        [&](const Trained& e) { Put(out, Tag::kTrained).Fixed(e.node); },
                        [&](const Dropped& e) {
                          Put(out, Tag::kDropped).Fixed(e.node).U8(static_cast<std::uint8_t>(e.reason));
                        },
                        [&](const Uploaded& e) {
                          Put(out, Tag::kUploaded).Fixed(e.node).U32(e.attempt.value).Fixed(e.root);
                        },
                        [&](const UploadsLost& e) { EncodeSet(e.nodes, Put(out, Tag::kUploadsLost)); },
                        [&](const Summed& e) {
                          EncodeOutcome(e.outcome, Put(out, Tag::kSummed).U32(e.attempt.value));
                        },
                        [&](const SumFailed& e) { Put(out, Tag::kSumFailed).U32(e.attempt.value); },
                        [&](const Verified& e) {
                          Put(out, Tag::kVerified).Fixed(e.node).U32(e.attempt.value).Fixed(e.model_hash);
                        },
                        [&](const Cancel&) { Put(out, Tag::kCancel); },
                        [&](const Restarted& e) { Put(out, Tag::kRestarted).I64(e.away.count()); },
                        [&](const Tick&) { Put(out, Tag::kTick); }},
             event);
}

Event Decode(Reader& in) {
  switch (static_cast<Tag>(in.U8())) {
    case Tag::kCandidates:
      return Candidates{DecodeSet(in)};
    case Tag::kTrained:
      return Trained{in.Fixed<NodeId>()};
    case Tag::kDropped: {
      const NodeId node = in.Fixed<NodeId>();
      return Dropped{node, DecodeReason(in)};
    }
    case Tag::kUploaded: {
      const NodeId node = in.Fixed<NodeId>();
      const AttemptId attempt = DecodeAttempt(in);
      return Uploaded{node, attempt, in.Fixed<Digest>()};
    }
    case Tag::kUploadsLost:
      return UploadsLost{DecodeSet(in)};
    case Tag::kSummed: {
      const AttemptId attempt = DecodeAttempt(in);
      return Summed{attempt, DecodeOutcome(in)};
    }
    case Tag::kSumFailed:
      return SumFailed{DecodeAttempt(in)};
    case Tag::kVerified: {
      const NodeId node = in.Fixed<NodeId>();
      const AttemptId attempt = DecodeAttempt(in);
      return Verified{node, attempt, in.Fixed<Digest>()};
    }
    case Tag::kCancel:
      return Cancel{};
    case Tag::kRestarted:
      return Restarted{DecodeAway(in)};
    case Tag::kTick:
      return Tick{};
  }
  in.Refuse();
  return Tick{};
}

}  // namespace accord::round
