// One attempt of a node (secagg.md 2.2, 7.6): every check of what the coordinator says, every answer, every
// secret, in memory. The node's shell feeds it messages and journals what the answers name before it sends
// them; nothing here does I/O or reads a clock. One thread at a time.
//
//   Open -> Advertise -> OnRoster (-> OnGraphSet) -> OnInbound -> Tagger, Masks, SealUpload
//        -> OnSurvivors -> OnCertificate -> OnResult -> OnResultCertificate
//
// Refusals. A failed check is named as in 7.6, signs nothing and releases nothing. It ends the attempt: the
// state is kAborted, the secrets are zeroised, and the shell sends Abort(refusal). Only a message out of its
// phase (out_of_phase, no_certificate, or second_u3 for a second set once one was signed or unmasked) is
// refused and changes nothing.
// Repeats. A message equal to the one already accepted is given the stored answer, byte for byte.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "accord/ids.h"
#include "crypto/ed25519.h"
#include "crypto/zeroizing.h"
#include "secagg/attempt_context.h"
#include "secagg/context.h"
#include "secagg/mask.h"
#include "secagg/messages.h"
#include "secagg/params.h"
#include "secagg/poly_mac.h"
#include "secagg/refusal.h"
#include "secagg/registry.h"
#include "secagg/secrets.h"

namespace accord::secagg {

enum class MemberState : std::uint8_t {
  kIdle,  // opened, nothing sent
  kAdvertised,
  kGraph,     // its graph nonce is sent
  kShared,    // its shares are sent
  kReady,     // U2 is fixed; the upload is being made
  kMasked,    // the upload is sealed
  kSigned,    // U3 is signed
  kUnmasked,  // its part of the masks is sent
  kVerified,  // the sum is signed
  kCommitted,
  kLeft,  // not in U3: silent for good
  kAborted,
};
[[nodiscard]] std::string_view MemberStateName(MemberState state);

// What a lab lets its node take part in.
struct MemberPolicy {
  bool malicious = true;          // whether this mode is allowed
  bool semi_honest = false;       // whether this one is
  bool noise = false;             // distributed differential privacy, where the node's shell adds the noise
  std::uint32_t max_attempt = 8;  // attempts of a round: 0 to max_attempt - 1
  std::uint32_t min_cohort = 3;   // least n
  std::uint32_t min_honest = 2;   // least n - T
  std::optional<std::uint32_t> max_per_org;
  std::optional<std::uint32_t> least_corrupt;  // least T
  std::optional<Params> params;                // what this node's own reading of the plan gives
};

// What the node's journal says.
struct MemberMemory {
  // The last (round, attempt) that was answered for this federation and job.
  std::optional<std::pair<RoundId, AttemptId>> last;
  // The set signed under this federation, job, model_hash and train_cfg_hash (2.9), ascending.
  std::optional<std::vector<NodeId>> signed_set;
};

struct MemberInputs {
  NodeId id;
  const crypto::Ed25519Key* key = nullptr;   // borrowed; outlives the member
  std::shared_ptr<const Registry> registry;  // pinned
  Digest registry_hash;                      // of it
  std::uint64_t now = 0;                     // Unix seconds
  MemberPolicy policy;
  Digest model_hash;      // computed by this node for itself
  Digest train_cfg_hash;  // the same
  MemberMemory memory;
  std::unique_ptr<Secrets> secrets;
};

// The graph nonce (k-graph mode), or the shares.
using RosterAnswer = std::variant<SharesMessage, SignedBody>;

struct UploadEnd {
  std::uint64_t nwords = 0;
  Digest root;                          // over the chunks as masked
  std::optional<SecretPair> tag_value;  // Tagger's value of the plain words; nothing without the MAC
};

// P4. Journal U3 and its hash before `answer` is sent; in semi-honest mode also "unmasked".
struct SurvivorsAnswer {
  std::vector<NodeId> u3;
  Digest u3_hash;
  BodyType type = BodyType::kU3;  // kUnmask in semi-honest mode
  SignedBody answer;
};

class Member {
 public:
  // P0: all checks of an Offer. Journal (round, attempt) before Advertise is sent. On a refusal there is no
  // member; answer with SignAbort under a ctx of zeros.
  [[nodiscard]] static Checked<Member> Open(Offer offer, MemberInputs inputs);

  ~Member();
  Member(Member&&) noexcept;
  Member& operator=(Member&&) noexcept;

  // P1: fresh keys, signed; the same bytes each time. Not once the attempt is over.
  [[nodiscard]] SignedBody Advertise();
  // P1: the adverts of U1.
  [[nodiscard]] Checked<RosterAnswer> OnRoster(std::span<const SignedBody> adverts);
  // P2a, k-graph mode: the nonces of all of U1.
  [[nodiscard]] Checked<SharesMessage> OnGraphSet(std::span<const SignedBody> nonces);
  // P2: the heads of U2 with the entries for this node. Nothing is sent; the upload may begin.
  [[nodiscard]] Verdict OnInbound(std::span<const InboundShares> shares);

  // P3, where CanMask() holds: from kReady to kSigned. Encode the frozen delta (Encoder, with NoiseKey under
  // noise and RoundingSeed without), feed the plain words of every tile to Tagger, apply Masks to the tile,
  // hash it into the root; then seal, and only then send. A resend encodes and masks again: same words, same
  // bytes. Each MaskSet has copies of the keys, so take one a thread, and drop it with the member.
  [[nodiscard]] bool CanMask() const;
  [[nodiscard]] MaskSet Masks() const;
  // The polynomial of the tags over headers and integers. Only with the MAC.
  [[nodiscard]] PolyMac Tagger() const;
  // The key of the rounding noise of this attempt, for plans with differential privacy (2.9).
  [[nodiscard]] crypto::ZeroizingBytes NoiseKey() const;
  // Closes the upload. The same end again gives the same body; any other would be a second upload under one
  // mask (2.9): it is refused, as out_of_phase, and ends the attempt. `secagg.wrong_length` when nwords is
  // not Encoding::Words(), or tag_value is there without the MAC or missing with it.
  [[nodiscard]] Checked<SignedBody> SealUpload(const UploadEnd& end);

  // P4: U3 as the MaskedEnds of its members. Nothing: this node is not in U3 and is silent for good.
  [[nodiscard]] Checked<std::optional<SurvivorsAnswer>> OnSurvivors(const Digest& u2_hash,
                                                                    std::span<const SignedBody> ends);
  // P4, malicious mode: t signatures on the set that this node signed. Journal "unmasked" before the Unmask
  // is sent.
  [[nodiscard]] Checked<SignedBody> OnCertificate(const Digest& u3_hash,
                                                  std::span<const NodeSignature> signatures);
  // P6: the sum. The answer is the signature on it.
  [[nodiscard]] Checked<SignedBody> OnResult(const ResultMessage& result);
  // P6: t signatures on the sum that this node verified. Only after this may it be used.
  [[nodiscard]] Verdict OnResultCertificate(const Digest& u3_hash, const Digest& z_root,
                                            std::span<const NodeSignature> signatures);

  // Ends the attempt, zeroises, and says so. `concerns`: zeros for nobody. Also after a refusal, to tell it.
  [[nodiscard]] SignedBody Abort(std::string_view reason, const NodeId& concerns);
  [[nodiscard]] SignedBody Abort(const Refusal& refusal) { return Abort(refusal.Name(), refusal.concerns); }

  [[nodiscard]] MemberState state() const;
  // Whether this is the offer that was opened, and the attempt is not over: then Advertise() is the answer.
  [[nodiscard]] bool Repeats(const Offer& offer) const;
  // What the attempt is bound to; holds no secret, and a copy survives the member, for CheckLateResult.
  [[nodiscard]] const AttemptContext& context() const;
  // From kShared on: ids ascending; U2 from kReady on, U3 from kSigned on.
  [[nodiscard]] std::vector<NodeId> u1() const;
  [[nodiscard]] std::vector<NodeId> u2() const;
  [[nodiscard]] const std::vector<NodeId>& u3() const;

 private:
  struct Attempt;
  explicit Member(std::unique_ptr<Attempt> attempt);
  std::unique_ptr<Attempt> attempt_;
};

// Signs an Abort outside of any attempt: a refused Offer, with ctx of 32 zero bytes.
[[nodiscard]] SignedBody SignAbort(const crypto::Ed25519Key& key, const Digest& ctx, const Refusal& refusal,
                                   const NodeId& id);

// For a node that dropped out (2.2 P6, last clause): the sum counts when t distinct members of the cohort
// signed it, and it is a possible sum. `secagg.wrong_length`, `secagg.bad_root`, `secagg.bad_certificate`
// (order, not in the cohort, fewer than t, a signature), `secagg.wrong_count` (Z_0 outside u_min to n), then
// the errors of CheckSum. The tags are not checked: that takes K_d.
[[nodiscard]] Verdict CheckLateResult(const AttemptContext& context, const ResultMessage& result,
                                      std::span<const NodeSignature> signatures);

}  // namespace accord::secagg
