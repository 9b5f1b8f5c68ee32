// Every key of an attempt that is derived from another secret (secagg.md 2.3 and the table of 7.3; the noise
// key is NoiseKey of encode.h). Used by a node for itself and by the coordinator for secrets that it
// recovered. All keys are 32 secret bytes. Pure.
#pragma once

#include <span>

#include "accord/ids.h"
#include "accord/status.h"
#include "crypto/x25519.h"
#include "crypto/zeroizing.h"
#include "secagg/samples.h"

namespace accord::secagg {

// The holder of the private key: its id beside the key.
struct KeyOwner {
  const NodeId& id;
  const crypto::X25519Key& key;
};
struct KeyPeer {
  NodeId id;
  crypto::X25519PublicKey key;
};

// The keystreams that hide an update and its tags: of a pair, or a node's own.
struct MaskKeys {
  crypto::ZeroizingBytes data;
  crypto::ZeroizingBytes tag;
};

// Of a pair, from the mask keys (pk_m); both sides get the same, whoever asks. `secagg.bad_key`.
[[nodiscard]] Result<MaskKeys> PairMaskKeys(const Digest& ctx, const KeyOwner& mine, const KeyPeer& peer);
// Of a node alone, from its b (32 bytes).
[[nodiscard]] MaskKeys SelfMaskKeys(const Digest& ctx, ByteView b, const NodeId& id);

// Of one direction of the channel between two nodes.
struct ChannelKeys {
  crypto::ZeroizingBytes share;   // seals the two shares
  crypto::ZeroizingBytes mackey;  // seals K_d
};
struct Channel {
  ChannelKeys send;     // from the owner to the peer
  ChannelKeys receive;  // from the peer to the owner
};
// From the channel keys (pk_c); the peer's send is the owner's receive. `secagg.bad_key`.
[[nodiscard]] Result<Channel> DeriveChannel(const Digest& ctx, const KeyOwner& mine, const KeyPeer& peer);

// The mask key pair of the shared 32-byte seed m: sk_m = Expand(m, "FSA-1/x25519\0").
[[nodiscard]] crypto::X25519Key MaskKeyPair(ByteView m);

// What the dealers' keys give: the points of the polynomial MAC and everybody's pads (section 3).
class MacKey {
 public:
  // `dealt`: the K_d (32 bytes each) of the dealers in U2, in ascending order of the dealers' ids; at least
  // one.
  MacKey(const Digest& ctx, std::span<const crypto::ZeroizingBytes> dealt);

  // alpha_1, alpha_2.
  [[nodiscard]] SecretPair Alpha() const;
  // beta_{i,1}, beta_{i,2}.
  [[nodiscard]] SecretPair Pad(const NodeId& id) const;

 private:
  crypto::ZeroizingBytes prk_;
};

}  // namespace accord::secagg
