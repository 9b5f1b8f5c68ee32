#include "plan/traffic.h"

#include "base/errors.h"
#include "secagg/bodies.h"
#include "secagg/params.h"
#include "secagg/shamir.h"
#include "update/headers.h"

namespace accord::plan {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kSignature = 64;
constexpr double kTurns = 3.0;         // p1, p4, p7 (src/README.md)
constexpr double kMaskingTurns = 4.0;  // p2, p3, p5, p6

JobSpec JobOf(const Codec& codec, bool secure) {
  JobSpec job;
  job.secure = secure ? SecureMode::kMalicious : SecureMode::kOff;
  job.update.bits = codec.bits;
  job.update.max_examples = 1;
  job.update.transform = codec.hadamard ? Transform::kHadamard : Transform::kNone;
  job.eval.metrics = {Metric::kLoss};
  return job;
}

// A node that shares with `peers` others; zeros have the size of what they stand for.
struct Bodies {
  explicit Bodies(std::size_t peers) {
    head.com_mac.emplace();
    head.entries.resize(peers);
    entry.shares.resize(secagg::kSealedShareBytes);
    entry.mac_key.resize(secagg::kSealedKeyBytes);
    end.tags.resize(2);
  }
  [[nodiscard]] std::uint64_t UnmaskBytes(std::size_t dealers) const {
    const std::size_t share = NodeId::kSize + 1 + secagg::kShareBytes + secagg::kBlindBytes;
    return NodeId::kSize + Digest::kSize + secagg::kSecretBytes + sizeof(std::uint32_t) + dealers * share;
  }

  secagg::Advertise advertise;
  secagg::SharesHead head;
  secagg::ShareEntry entry;
  secagg::MaskedEnd end;
  secagg::U3Signature survivors;
  secagg::ResultSignature result;
};

}  // namespace

Result<Packing> PackingOf(const Codec& codec, std::uint64_t parameters, std::uint32_t nodes, bool secure) {
  const auto encoding =
      update::EncodingFor(JobOf(codec, secure), round::Purpose::kTrain, update::BaseModel(parameters), nodes);
  if (!encoding.ok()) return Fail(errors::kPlanInvalid, encoding.status().message());
  return Packing{.field_bits = encoding->field_bits,
                 .fields_per_word = encoding->FieldsPerWord(),
                 .words = encoding->Words()};
}

ProtocolBytes MaskingBytes(std::uint32_t nodes) {
  const auto params =
      update::ParamsFor(JobOf(kCodecs[0], true), round::Purpose::kTrain, update::BaseModel(1), nodes);
  const std::size_t peers = params.ok() && params->graph ? params->graph->degree : nodes - 1;
  const Bodies bodies(peers);
  const std::uint64_t advertise = bodies.advertise.Encode().size() + kSignature;
  const std::uint64_t head = bodies.head.Encode().size() + kSignature;
  const std::uint64_t entries = peers * bodies.entry.Encode().size();
  const std::uint64_t end = bodies.end.Encode().size() + kSignature;
  const std::uint64_t signatures =
      bodies.survivors.Encode().size() + bodies.result.Encode().size() + 2 * kSignature;
  return {.up = advertise + head + entries + end + signatures + bodies.UnmaskBytes(peers) + kSignature,
          // Of everybody the keys, the head and the end; the entries for this node; two certificates.
          .down = nodes * (advertise + head + end + 2 * (NodeId::kSize + kSignature)) + entries};
}

Result<Traffic> TrafficOf(const Codec& codec, std::uint64_t parameters, std::uint32_t nodes, bool secure) {
  ACCORD_ASSIGN_OR_RETURN(const Packing packing, PackingOf(codec, parameters, nodes, secure));
  const ProtocolBytes masking = secure ? MaskingBytes(nodes) : ProtocolBytes{};
  return Traffic{.up_bytes = static_cast<double>(packing.words * kWord + masking.up),
                 .down_bytes = static_cast<double>(packing.words * kWord + masking.down),
                 .turns = kTurns + (secure ? kMaskingTurns : 0.0)};
}

}  // namespace accord::plan
