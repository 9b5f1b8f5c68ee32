// An offer as it lies in a file.
#include <memory>

#include "base/codec.h"
#include "base/errors.h"
#include "charter/admission.h"
#include "node/offer_book.h"

namespace accord::node {
namespace {

using charter::JobBundle;
using charter::LoggedEntry;

constexpr std::uint8_t kOfferFormat = 1;

void Write(Writer& out, const ledger::Proof& proof) {
  out.U32(static_cast<std::uint32_t>(proof.size()));
  for (const Digest& one : proof) out.Fixed(one);
}

void Write(Writer& out, const LoggedEntry& one) {
  out.Long(AsBytes(one.entry)).U64(one.index);
  Write(out, one.inclusion);
}

void Write(Writer& out, const std::vector<LoggedEntry>& entries) {
  out.U32(static_cast<std::uint32_t>(entries.size()));
  for (const LoggedEntry& one : entries) Write(out, one);
}

ledger::Proof ReadProof(Reader& in) {
  ledger::Proof proof(in.Count(Digest::kSize));
  for (Digest& one : proof) one = in.Fixed<Digest>();
  return proof;
}

LoggedEntry ReadEntry(Reader& in) {
  LoggedEntry one{.entry = std::string(AsText(in.Long()))};
  one.index = in.U64();
  one.inclusion = ReadProof(in);
  return one;
}

std::vector<LoggedEntry> ReadEntries(Reader& in) {
  std::vector<LoggedEntry> entries(in.Count(20));  // two lengths and an index, at least
  for (LoggedEntry& one : entries) one = ReadEntry(in);
  return entries;
}

}  // namespace

Bytes Encode(const KeptOffer& offer) {
  const JobBundle& bundle = *offer.message.bundle;
  Writer out;
  out.U8(kOfferFormat).Fixed(offer.message.job).Long(offer.message.plan).Bool(offer.message.standing);
  Write(out, bundle.charters);
  Write(out, bundle.proposal);
  Write(out, bundle.votes);
  out.Long(AsBytes(bundle.checkpoint));
  Write(out, bundle.consistency);
  return std::move(out.Long(Encode(offer.pin))).Take();
}

Result<KeptOffer> DecodeKeptOffer(ByteView bytes) {
  Reader in(bytes);
  KeptOffer offer;
  if (in.U8() != kOfferFormat) in.Refuse();
  offer.message.job = in.Fixed<JobId>();
  const ByteView plan = in.Long();
  offer.message.plan.assign(plan.begin(), plan.end());
  offer.message.standing = in.Bool();
  auto bundle = std::make_shared<JobBundle>();
  bundle->charters = ReadEntries(in);
  bundle->proposal = ReadEntry(in);
  bundle->votes = ReadEntries(in);
  bundle->checkpoint = std::string(AsText(in.Long()));
  bundle->consistency = ReadProof(in);
  offer.message.bundle = std::move(bundle);
  const ByteView pin = in.Long();
  if (!in.Done())
    return Fail(errors::kStoreCorrupt, "a job that this node was offered is damaged on the disk");
  ACCORD_ASSIGN_OR_RETURN(offer.pin, DecodeLogPin(pin));
  return offer;
}

}  // namespace accord::node
