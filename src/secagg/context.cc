#include "secagg/context.h"

#include <string_view>

#include "base/codec.h"
#include "crypto/sha256.h"

namespace accord::secagg {
namespace {

// Labels with the zero byte that ends them.
constexpr std::string_view kContextLabel("FSA-1\0", 6);
constexpr std::string_view kCohortLabel("FSA-1/cohort\0", 13);
constexpr std::string_view kParamsLabel("FSA-1/params\0", 13);
constexpr std::string_view kRosterLabel("FSA-1/roster\0", 13);
constexpr std::string_view kEntryLabel("FSA-1/entry\0", 12);
constexpr std::string_view kU2Label("FSA-1/u2\0", 9);
constexpr std::string_view kU3Label("FSA-1/u3\0", 9);

Digest SetHash(std::string_view label, const Digest& before, std::span<const HashedBody> bodies) {
  Writer writer;
  writer.Raw(label).Fixed(before).U32(static_cast<std::uint32_t>(bodies.size()));
  for (const HashedBody& body : bodies) writer.Fixed(body.id).Fixed(body.digest);
  return crypto::Sha256::Of(writer.bytes());
}

}  // namespace

Digest Context(const Offer& offer) {
  Writer writer;
  writer.Raw(kContextLabel).Lv(offer.federation_id).Lv(offer.job_id);
  writer.U64(offer.round.value).U32(offer.attempt.value);
  writer.Fixed(offer.registry_hash).Fixed(CohortHash(offer.cohort));
  writer.Fixed(offer.model_hash).Fixed(offer.train_cfg_hash).Fixed(ParamsHash(offer.params));
  writer.U8(static_cast<std::uint8_t>(offer.mode));
  return crypto::Sha256::Of(writer.bytes());
}

Digest CohortHash(std::span<const NodeId> cohort) {
  Writer writer;
  writer.Raw(kCohortLabel).U32(static_cast<std::uint32_t>(cohort.size()));
  for (const NodeId& id : cohort) writer.Fixed(id);
  return crypto::Sha256::Of(writer.bytes());
}

Digest ParamsHash(ByteView params) { return crypto::Sha256().Update(kParamsLabel).Update(params).Finish(); }

Digest RosterHash(std::span<const ByteView> bodies) {
  crypto::Sha256 hash;
  hash.Update(kRosterLabel).Update(Writer().U32(static_cast<std::uint32_t>(bodies.size())).bytes());
  for (const ByteView body : bodies) hash.Update(body);
  return hash.Finish();
}

Digest EntryDigest(ByteView entry) { return crypto::Sha256().Update(kEntryLabel).Update(entry).Finish(); }

Digest U2Hash(const Digest& roster_hash, std::span<const HashedBody> heads) {
  return SetHash(kU2Label, roster_hash, heads);
}

Digest U3Hash(const Digest& u2_hash, std::span<const HashedBody> ends) {
  return SetHash(kU3Label, u2_hash, ends);
}

}  // namespace accord::secagg
