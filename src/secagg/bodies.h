// The bodies that nodes send (secagg.md 7.5), one struct a row. A body travels as the bytes that were signed;
// a receiver verifies those (signed_body.h), then parses them strictly, and nobody encodes them again: so
// every Parse refuses all but one encoding of a value. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "crypto/x25519.h"
#include "crypto/zeroizing.h"
#include "secagg/commitments.h"
#include "secagg/shamir.h"

namespace accord::secagg {

enum class BodyType : std::uint8_t { kAdvertise, kGraph, kShares, kMasked, kU3, kUnmask, kZ, kAbort };
// The word of the type in the signature: "advertise" and so on.
[[nodiscard]] std::string_view BodyTypeName(BodyType type);

using GraphNonce = FixedBytes<struct GraphNonceTag, 32>;

inline constexpr std::size_t kSecretBytes = 32;        // b_i, m_i, K_d
inline constexpr std::size_t kSealedShareBytes = 128;  // two shares, two blinds, tag
inline constexpr std::size_t kSealedKeyBytes = 48;     // K_d, tag

// All Parse functions: `secagg.bad_encoding` unless the bytes are exactly one Encode() of the type.

struct Advertise {
  static constexpr BodyType kType = BodyType::kAdvertise;
  NodeId id;
  crypto::X25519PublicKey channel_key;  // pk_c
  crypto::X25519PublicKey mask_key;     // pk_m
  Digest graph_commitment;              // zeros in the full graph, which the caller checks

  [[nodiscard]] Bytes Encode() const;
  [[nodiscard]] static Result<Advertise> Parse(ByteView bytes);
  friend bool operator==(const Advertise&, const Advertise&) = default;
};

struct GraphOpening {
  static constexpr BodyType kType = BodyType::kGraph;
  NodeId id;
  Digest roster_hash;
  GraphNonce nonce;

  [[nodiscard]] Bytes Encode() const;
  [[nodiscard]] static Result<GraphOpening> Parse(ByteView bytes);
  friend bool operator==(const GraphOpening&, const GraphOpening&) = default;
};

// The signed head of a dealer's shares. Its entries travel alone, bound by their digests.
struct SharesHead {
  static constexpr BodyType kType = BodyType::kShares;
  struct EntryRef {
    NodeId receiver;
    Digest digest;
    friend bool operator==(const EntryRef&, const EntryRef&) = default;
  };
  NodeId id;
  Digest roster_hash;
  Digest com_b;
  std::optional<Digest> com_mac;  // of a MAC dealer only
  std::vector<EntryRef> entries;  // strictly ascending by receiver

  [[nodiscard]] Bytes Encode() const;
  [[nodiscard]] static Result<SharesHead> Parse(ByteView bytes);
  // The digest for a receiver, or nullptr.
  [[nodiscard]] const Digest* Find(const NodeId& receiver) const;
  friend bool operator==(const SharesHead&, const SharesHead&) = default;
};

// What one dealer sends to one receiver. Unsigned: SharesHead has its digest.
struct ShareEntry {
  NodeId receiver;
  Digest com_share_b;  // zeros without `shares`
  Digest com_share_m;
  Bytes shares;   // sealed: share of b 40, blind 16, share of m 40, blind 16; empty for a non-neighbour
  Bytes mac_key;  // sealed: K_d; empty unless a MAC dealer sends it

  [[nodiscard]] Bytes Encode() const;
  [[nodiscard]] static Result<ShareEntry> Parse(ByteView bytes);
  friend bool operator==(const ShareEntry&, const ShareEntry&) = default;
};

struct MaskedEnd {
  static constexpr BodyType kType = BodyType::kMasked;
  NodeId id;
  Digest u2_hash;
  std::uint64_t nwords = 0;
  Digest root;
  std::vector<std::uint64_t> tags;  // masked; none or two, each below p

  [[nodiscard]] Bytes Encode() const;
  [[nodiscard]] static Result<MaskedEnd> Parse(ByteView bytes);
  friend bool operator==(const MaskedEnd&, const MaskedEnd&) = default;
};

struct U3Signature {
  static constexpr BodyType kType = BodyType::kU3;
  NodeId id;
  Digest u2_hash;
  Digest u3_hash;

  [[nodiscard]] Bytes Encode() const;
  [[nodiscard]] static Result<U3Signature> Parse(ByteView bytes);
  friend bool operator==(const U3Signature&, const U3Signature&) = default;
};

// Secret until it is sent: the encoded body is what the certificate releases.
struct Unmask {
  static constexpr BodyType kType = BodyType::kUnmask;
  struct Share {
    NodeId dealer;
    ShareKind kind = ShareKind::kSelf;
    crypto::ZeroizingBytes share;  // kShareBytes
    crypto::ZeroizingBytes blind;  // kBlindBytes
  };
  NodeId id;
  Digest u3_hash;
  crypto::ZeroizingBytes self_seed;  // b_i, kSecretBytes
  std::vector<Share> shares;         // strictly ascending by dealer

  [[nodiscard]] Bytes Encode() const;
  [[nodiscard]] static Result<Unmask> Parse(ByteView bytes);
};

struct ResultSignature {
  static constexpr BodyType kType = BodyType::kZ;
  NodeId id;
  Digest u3_hash;
  std::uint64_t nwords = 0;
  Digest z_root;

  [[nodiscard]] Bytes Encode() const;
  [[nodiscard]] static Result<ResultSignature> Parse(ByteView bytes);
  friend bool operator==(const ResultSignature&, const ResultSignature&) = default;
};

// Signed under ctx, or under 32 zero bytes when the offer was refused before ctx was known.
struct Abort {
  static constexpr BodyType kType = BodyType::kAbort;
  NodeId id;
  std::string reason;  // a name of section 7, "bad_share"
  NodeId concerns;     // zeros: none

  [[nodiscard]] Bytes Encode() const;
  [[nodiscard]] static Result<Abort> Parse(ByteView bytes);
  friend bool operator==(const Abort&, const Abort&) = default;
};

}  // namespace accord::secagg
