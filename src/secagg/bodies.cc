#include "secagg/bodies.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"

namespace accord::secagg {
namespace {

constexpr std::uint64_t kFieldPrime = (1ULL << 61) - 1;
constexpr std::size_t kUnmaskItem = NodeId::kSize + 1 + kShareBytes + kBlindBytes;

Status Malformed(BodyType type) {
  return Fail(errors::kSecaggBadEncoding,
              "a body of the type " + std::string(BodyTypeName(type)) + " is not in its canonical form");
}

template <class Body>
Result<Body> Finish(const Reader& reader, Body body) {
  if (!reader.Done()) return Malformed(Body::kType);
  return body;
}

// Reads a list whose items begin with an id: refused unless strictly ascending.
template <class Item, class ReadItem>
std::vector<Item> ReadAscending(Reader& reader, std::size_t item_size, NodeId Item::*id, ReadItem read) {
  std::vector<Item> items;
  const std::uint32_t count = reader.Count(item_size);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    items.push_back(read());
    if (i > 0 && !(items[i - 1].*id < items[i].*id)) reader.Refuse();
  }
  return items;
}

bool IsOneOf(std::size_t size, std::size_t a, std::size_t b) { return size == a || size == b; }

}  // namespace

std::string_view BodyTypeName(BodyType type) {
  switch (type) {
    case BodyType::kAdvertise:
      return "advertise";
    case BodyType::kGraph:
      return "graph";
    case BodyType::kShares:
      return "shares";
    case BodyType::kMasked:
      return "masked";
    case BodyType::kU3:
      return "u3";
    case BodyType::kUnmask:
      return "unmask";
    case BodyType::kZ:
      return "z";
    case BodyType::kAbort:
      return "abort";
  }
  return {};
}

Bytes Advertise::Encode() const {
  return Writer().Fixed(id).Fixed(channel_key).Fixed(mask_key).Fixed(graph_commitment).bytes();
}

Result<Advertise> Advertise::Parse(ByteView bytes) {
  Reader reader(bytes);
  Advertise body;
  body.id = reader.Fixed<NodeId>();
  body.channel_key = reader.Fixed<crypto::X25519PublicKey>();
  body.mask_key = reader.Fixed<crypto::X25519PublicKey>();
  body.graph_commitment = reader.Fixed<Digest>();
  return Finish(reader, body);
}

Bytes GraphOpening::Encode() const { return Writer().Fixed(id).Fixed(roster_hash).Fixed(nonce).bytes(); }

Result<GraphOpening> GraphOpening::Parse(ByteView bytes) {
  Reader reader(bytes);
  GraphOpening body;
  body.id = reader.Fixed<NodeId>();
  body.roster_hash = reader.Fixed<Digest>();
  body.nonce = reader.Fixed<GraphNonce>();
  return Finish(reader, body);
}

Bytes SharesHead::Encode() const {
  Writer writer;
  writer.Fixed(id).Fixed(roster_hash).Fixed(com_b).Lv(com_mac ? ByteView(com_mac->bytes) : ByteView());
  writer.U32(static_cast<std::uint32_t>(entries.size()));
  for (const EntryRef& entry : entries) writer.Fixed(entry.receiver).Fixed(entry.digest);
  return std::move(writer).Take();
}

Result<SharesHead> SharesHead::Parse(ByteView bytes) {
  Reader reader(bytes);
  SharesHead body;
  body.id = reader.Fixed<NodeId>();
  body.roster_hash = reader.Fixed<Digest>();
  body.com_b = reader.Fixed<Digest>();
  const ByteView com_mac = reader.Lv();
  if (com_mac.size() == Digest::kSize) {
    std::ranges::copy(com_mac, body.com_mac.emplace().bytes.begin());
  } else if (!com_mac.empty()) {
    reader.Refuse();
  }
  body.entries =
      ReadAscending<EntryRef>(reader, NodeId::kSize + Digest::kSize, &EntryRef::receiver, [&reader] {
        const NodeId receiver = reader.Fixed<NodeId>();
        return EntryRef{receiver, reader.Fixed<Digest>()};
      });
  return Finish(reader, std::move(body));
}

const Digest* SharesHead::Find(const NodeId& receiver) const {
  const auto found = std::ranges::lower_bound(entries, receiver, {}, &EntryRef::receiver);
  return found != entries.end() && found->receiver == receiver ? &found->digest : nullptr;
}

Bytes ShareEntry::Encode() const {
  return Writer().Fixed(receiver).Fixed(com_share_b).Fixed(com_share_m).Lv(shares).Lv(mac_key).bytes();
}

Result<ShareEntry> ShareEntry::Parse(ByteView bytes) {
  Reader reader(bytes);
  ShareEntry entry;
  entry.receiver = reader.Fixed<NodeId>();
  entry.com_share_b = reader.Fixed<Digest>();
  entry.com_share_m = reader.Fixed<Digest>();
  const ByteView shares = reader.Lv();
  const ByteView mac_key = reader.Lv();
  entry.shares.assign(shares.begin(), shares.end());
  entry.mac_key.assign(mac_key.begin(), mac_key.end());
  const bool sizes =
      IsOneOf(shares.size(), 0, kSealedShareBytes) && IsOneOf(mac_key.size(), 0, kSealedKeyBytes);
  const bool zeros = !shares.empty() || (entry.com_share_b.IsZero() && entry.com_share_m.IsZero());
  if (!reader.Done() || !sizes || !zeros) {
    return Fail(errors::kSecaggBadEncoding, "a share entry is not in its canonical form");
  }
  return entry;
}

Bytes MaskedEnd::Encode() const {
  Writer writer;
  writer.Fixed(id).Fixed(u2_hash).U64(nwords).Fixed(root).U8(static_cast<std::uint8_t>(tags.size()));
  for (const std::uint64_t tag : tags) writer.U64(tag);
  return std::move(writer).Take();
}

Result<MaskedEnd> MaskedEnd::Parse(ByteView bytes) {
  Reader reader(bytes);
  MaskedEnd body;
  body.id = reader.Fixed<NodeId>();
  body.u2_hash = reader.Fixed<Digest>();
  body.nwords = reader.U64();
  body.root = reader.Fixed<Digest>();
  const std::uint8_t count = reader.U8();
  if (!IsOneOf(count, 0, 2)) reader.Refuse();
  for (std::uint8_t i = 0; i < count && reader.ok(); ++i) {
    body.tags.push_back(reader.U64());
    if (body.tags.back() >= kFieldPrime) reader.Refuse();
  }
  return Finish(reader, std::move(body));
}

Bytes U3Signature::Encode() const { return Writer().Fixed(id).Fixed(u2_hash).Fixed(u3_hash).bytes(); }

Result<U3Signature> U3Signature::Parse(ByteView bytes) {
  Reader reader(bytes);
  U3Signature body;
  body.id = reader.Fixed<NodeId>();
  body.u2_hash = reader.Fixed<Digest>();
  body.u3_hash = reader.Fixed<Digest>();
  return Finish(reader, body);
}

Bytes Unmask::Encode() const {
  Writer writer;
  writer.Fixed(id).Fixed(u3_hash).Raw(self_seed.view()).U32(static_cast<std::uint32_t>(shares.size()));
  for (const Share& share : shares) {
    ACCORD_CHECK(share.share.size() == kShareBytes && share.blind.size() == kBlindBytes);
    writer.Fixed(share.dealer).U8(static_cast<std::uint8_t>(share.kind));
    writer.Raw(share.share.view()).Raw(share.blind.view());
  }
  return std::move(writer).Take();
}

Result<Unmask> Unmask::Parse(ByteView bytes) {
  Reader reader(bytes);
  const auto secret = [&reader](std::size_t size) {
    return crypto::ZeroizingBytes::CopyOf(reader.Raw(size));
  };
  Unmask body;
  body.id = reader.Fixed<NodeId>();
  body.u3_hash = reader.Fixed<Digest>();
  body.self_seed = secret(kSecretBytes);
  body.shares = ReadAscending<Share>(reader, kUnmaskItem, &Share::dealer, [&] {
    Share share{.dealer = reader.Fixed<NodeId>(),
                .kind = reader.Bool() ? ShareKind::kMask : ShareKind::kSelf,
                .share = {},
                .blind = {}};
    share.share = secret(kShareBytes);
    share.blind = secret(kBlindBytes);
    return share;
  });
  return Finish(reader, std::move(body));
}

Bytes ResultSignature::Encode() const {
  return Writer().Fixed(id).Fixed(u3_hash).U64(nwords).Fixed(z_root).bytes();
}

Result<ResultSignature> ResultSignature::Parse(ByteView bytes) {
  Reader reader(bytes);
  ResultSignature body;
  body.id = reader.Fixed<NodeId>();
  body.u3_hash = reader.Fixed<Digest>();
  body.nwords = reader.U64();
  body.z_root = reader.Fixed<Digest>();
  return Finish(reader, body);
}

Bytes Abort::Encode() const { return Writer().Fixed(id).Lv(reason).Fixed(concerns).bytes(); }

Result<Abort> Abort::Parse(ByteView bytes) {
  Reader reader(bytes);
  Abort body;
  body.id = reader.Fixed<NodeId>();
  body.reason = reader.LvText();
  body.concerns = reader.Fixed<NodeId>();
  return Finish(reader, std::move(body));
}

}  // namespace accord::secagg
