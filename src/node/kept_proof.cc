#include "node/kept_proof.h"

#include "base/codec.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"

namespace accord::node {
namespace {

constexpr std::uint64_t kMaxBytes = 16ULL << 20;
constexpr std::size_t kSignatureBytes = NodeId::kSize + crypto::Ed25519Signature::kSize;

void Put(Writer& out, const std::vector<secagg::NodeSignature>& signatures) {
  out.U32(static_cast<std::uint32_t>(signatures.size()));
  for (const secagg::NodeSignature& one : signatures) out.Fixed(one.id).Fixed(one.signature);
}

std::vector<secagg::NodeSignature> GetSignatures(Reader& in) {
  std::vector<secagg::NodeSignature> signatures(in.Count(kSignatureBytes));
  for (secagg::NodeSignature& one : signatures) {
    one.id = in.Fixed<NodeId>();
    one.signature = in.Fixed<crypto::Ed25519Signature>();
  }
  return signatures;
}

Bytes Own(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Bytes Encode(const KeptProof& kept) {
  const secagg::Offer& offer = kept.proof.offer;
  Writer out;
  out.Fixed(kept.model).Lv(offer.federation_id).Lv(offer.job_id);
  out.U64(offer.round.value).U32(offer.attempt.value).Fixed(offer.registry_hash);
  out.U32(static_cast<std::uint32_t>(offer.cohort.size()));
  for (const NodeId& node : offer.cohort) out.Fixed(node);
  out.Fixed(offer.model_hash).Fixed(offer.train_cfg_hash).Lv(offer.params);
  out.U8(static_cast<std::uint8_t>(offer.mode));
  out.Fixed(kept.proof.u3_hash).U64(kept.proof.words).Fixed(kept.proof.z_root);
  Put(out, kept.proof.result);
  Put(out, kept.proof.model);
  return std::move(out).Take();
}

Result<KeptProof> DecodeKeptProof(ByteView bytes) {
  Reader in(bytes);
  KeptProof kept{.model = in.Fixed<Digest>(), .proof = {}};
  secagg::Offer& offer = kept.proof.offer;
  offer.federation_id = in.LvText();
  offer.job_id = Own(in.Lv());
  offer.round = {in.U64()};
  offer.attempt = {in.U32()};
  offer.registry_hash = in.Fixed<Digest>();
  offer.cohort.resize(in.Count(NodeId::kSize));
  for (NodeId& node : offer.cohort) node = in.Fixed<NodeId>();
  offer.model_hash = in.Fixed<Digest>();
  offer.train_cfg_hash = in.Fixed<Digest>();
  offer.params = Own(in.Lv());
  const std::uint8_t mode = in.U8();
  if (mode > static_cast<std::uint8_t>(SecureMode::kMalicious)) in.Refuse();
  offer.mode = static_cast<SecureMode>(mode);
  kept.proof.u3_hash = in.Fixed<Digest>();
  kept.proof.words = in.U64();
  kept.proof.z_root = in.Fixed<Digest>();
  kept.proof.result = GetSignatures(in);
  kept.proof.model = GetSignatures(in);
  if (!in.Done()) return Fail(errors::kStoreCorrupt, "the proof of a model is damaged");
  return kept;
}

Status KeepProof(const std::filesystem::path& file, const KeptProof& kept) {
  return WriteFileAtomic(file, Encode(kept), FileMode::kPrivate);
}

std::optional<KeptProof> FindKeptProof(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  const Result<KeptProof> kept = [&]() -> Result<KeptProof> {
    ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(file, kMaxBytes));
    return DecodeKeptProof(bytes);
  }();
  if (kept.ok()) return *kept;
  LogWarn("proof.damaged", {{"file", file.string()}, {"why", Describe(kept.status())}});
  return std::nullopt;
}

}  // namespace accord::node
