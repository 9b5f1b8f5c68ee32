// What a Member holds, and its phases as functions, one file each. Inside of secagg only.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "crypto/x25519.h"
#include "secagg/keys.h"
#include "secagg/mask.h"
#include "secagg/member.h"
#include "secagg/shamir.h"

namespace accord::secagg {

// A member of U1, this node included.
struct Peer {
  NodeId id;
  std::uint32_t x = 0;  // index in the roster, from 1
  crypto::Ed25519PublicKey key;
  Advertise advert;
  bool neighbour = false;
  bool dealer = false;             // of the MAC's keys
  std::optional<Digest> head;      // SHA-256 of its Shares head: it is in U2
  std::optional<Channel> channel;  // secret: with neighbours, and between dealers and all
  std::optional<MaskKeys> masks;   // secret: with neighbours
  crypto::ZeroizingBytes shares;   // secret: what it dealt to this node, 112 bytes
};

// What a node draws for itself.
struct OwnSecrets {
  crypto::X25519Key channel;
  crypto::X25519Key mask;
  crypto::ZeroizingBytes mask_seed;  // m_i
  crypto::ZeroizingBytes self_seed;  // b_i
  crypto::ZeroizingBytes noise_seed;
  crypto::ZeroizingBytes mac_key;      // K_d, of a dealer
  crypto::ZeroizingBytes graph_nonce;  // in k-graph mode
};

// What one head of shares and its entry give this node.
struct Received {
  const Peer* from = nullptr;
  Digest head;                     // SHA-256 of the head
  crypto::ZeroizingBytes shares;   // 112 bytes, of a neighbour
  crypto::ZeroizingBytes mac_key;  // of a dealer
};

// The masks of an upload; `data` and `tag` borrow from `self` and from the roster.
struct MaskKeyList {
  MaskKeys self;
  std::vector<SignedKey> data;
  std::vector<SignedKey> tag;
};

// An answer that was given, with the digest of the message that it answers.
template <class T>
struct Given {
  Digest message;
  T answer;
};

struct Member::Attempt {
  Offer offer;
  MemberInputs in;
  AttemptContext context;
  MemberState state = MemberState::kIdle;

  std::optional<OwnSecrets> own;
  std::optional<MacKey> mac;  // from kReady on, with the MAC
  std::vector<Peer> roster;   // U1, ascending
  Digest roster_hash;
  Digest u2_hash;
  std::vector<NodeId> u3;
  Digest u3_hash;
  Digest z_root;

  std::optional<SignedBody> advert;
  std::optional<Given<RosterAnswer>> roster_answer;
  std::optional<Given<SharesMessage>> graph_answer;
  std::optional<Digest> inbound;  // digest of the message
  std::optional<Given<SignedBody>> upload;
  std::optional<SurvivorsAnswer> survivors;
  std::optional<SignedBody> unmask;
  std::optional<Given<SignedBody>> result;
  std::optional<Digest> result_certificate;

  [[nodiscard]] const Digest& ctx() const { return context.ctx; }
  [[nodiscard]] const Params& params() const { return context.params; }
  [[nodiscard]] SignedBody SignAs(BodyType type, Bytes body) const {
    return Sign(*in.key, type, ctx(), std::move(body));
  }
  [[nodiscard]] Peer* Find(const NodeId& id);  // in U1, or nullptr
  [[nodiscard]] Peer& Self() { return *Find(in.id); }
  [[nodiscard]] const SignedBody& OwnHead() const;

  void DrawSecrets();
  // All secrets but the MAC's key, which verifies the sum.
  void ForgetAllButMac();
  void Forget();
  // Aborted or left: no secret and no stored answer stays.
  void End(MemberState final_state);

  // The phases. Each checks its message in the order of 7.6; the caller ends the attempt on a refusal.
  Checked<RosterAnswer> AcceptRoster(std::span<const SignedBody> adverts);
  Checked<SharesMessage> AcceptGraphSet(std::span<const SignedBody> nonces);
  Verdict AcceptInbound(std::span<const InboundShares> shares);
  Checked<SignedBody> Seal(const UploadEnd& end);
  Checked<std::optional<SurvivorsAnswer>> AcceptSurvivors(const Digest& named_u2,
                                                          std::span<const SignedBody> ends);
  Checked<SignedBody> AcceptCertificate(const Digest& named_u3, std::span<const NodeSignature> signatures);
  Checked<SignedBody> AcceptResult(const ResultMessage& message);
  Verdict AcceptResultCertificate(const Digest& named_u3, const Digest& named_root,
                                  std::span<const NodeSignature> signatures);

  // Parts of them.
  Verdict DeriveKeys();
  SharesMessage Deal();
  std::vector<DealtShare> Split(ByteView secret, SecretName coefficients, std::span<const std::uint32_t> xs);
  Verdict ReadInbound(const InboundShares& message, Received& out);
  Verdict CheckU2(std::span<const Received> u2);
  [[nodiscard]] MaskKeyList MaskKeysOfU2();
  Verdict CheckSet(std::span<const NodeId> set);
  Verdict CheckEnd(const SignedBody& message);
  Verdict CheckLive(std::span<const NodeId> set);
  [[nodiscard]] Bytes U3Body(const NodeId& id) const;
  SignedBody Reveal();
  Verdict CheckTag(const ResultMessage& message);
};

// All checks of an Offer (7.6, first row).
[[nodiscard]] Checked<AttemptContext> CheckOffer(const Offer& offer, const MemberInputs& in);
// u3_hash of a Survivors message, whatever its bodies are.
[[nodiscard]] Digest HashSurvivors(const Digest& u2_hash, std::span<const SignedBody> ends);

}  // namespace accord::secagg
