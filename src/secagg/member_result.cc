#include <algorithm>

#include "base/errors.h"
#include "secagg/certificate.h"
#include "secagg/chunk_root.h"
#include "secagg/member_attempt.h"
#include "secagg/sum.h"

namespace accord::secagg {
namespace {

Verdict CheckForm(const Params& params, const ResultMessage& message) {
  const std::uint64_t want = params.encoding.Words();
  if (message.nwords != want || message.words.size() != want) {
    return Refuse(errors::kSecaggWrongLength, "the sum has " + std::to_string(message.words.size()) +
                                                  " words, not " + std::to_string(want));
  }
  if (RootOf(message.words, params.chunk_words) != message.z_root) {
    return Refuse(errors::kSecaggBadRoot, "the words of the sum do not have its root");
  }
  return {};
}

std::function<Bytes(const NodeId&)> ResultBody(const Digest& u3_hash, std::uint64_t nwords,
                                               const Digest& z_root) {
  return [=](const NodeId& id) {
    return ResultSignature{.id = id, .u3_hash = u3_hash, .nwords = nwords, .z_root = z_root}.Encode();
  };
}

}  // namespace

Verdict Member::Attempt::CheckTag(const ResultMessage& message) {
  const auto bad = [] {
    return Refuse(errors::kSecaggBadTag, "the sum is not the one that its check is of");
  };
  if (message.tau.size() != params().Tags()) return bad();
  if (!params().verify) return {};
  PolyMac value(params().encoding, mac->Alpha());
  value.Add(0, message.words);
  std::vector<SecretPair> pads;
  for (const NodeId& id : u3) pads.push_back(mac->Pad(id));
  if (!TagHolds({message.tau[0], message.tau[1]}, value.Value(), pads)) return bad();
  return {};
}

Checked<SignedBody> Member::Attempt::AcceptResult(const ResultMessage& message) {
  if (message.u3_hash != u3_hash) {
    return Refuse(errors::kSecaggSecondU3, "the sum of another set than this node signed");
  }
  if (Verdict bad = CheckForm(params(), message)) return *bad;
  const auto survivors_count = static_cast<std::uint32_t>(u3.size());
  if (Status sum = CheckSum(params().encoding, message.words, survivors_count); !sum.ok()) return Refuse(sum);
  if (Verdict bad = CheckTag(message)) return *bad;
  z_root = message.z_root;
  state = MemberState::kVerified;
  return SignAs(BodyType::kZ, ResultBody(u3_hash, message.nwords, z_root)(in.id));
}

Verdict Member::Attempt::AcceptResultCertificate(const Digest& named_u3, const Digest& named_root,
                                                 std::span<const NodeSignature> signatures) {
  if (named_root != z_root || named_u3 != u3_hash) {
    return Refuse(errors::kSecaggForkedResult, "a certificate for another sum than this node verified");
  }
  const CertificateRule rule{.ctx = ctx(),
                             .type = BodyType::kZ,
                             .body = ResultBody(u3_hash, params().encoding.Words(), z_root),
                             .signers = u3,
                             .least = params().thresholds.t,
                             .registry = *in.registry};
  if (Verdict bad = CheckCertificate(rule, signatures)) return bad;
  state = MemberState::kCommitted;
  Forget();
  return {};
}

Verdict CheckLateResult(const AttemptContext& context, const ResultMessage& result,
                        std::span<const NodeSignature> signatures) {
  const Params& params = context.params;
  if (Verdict bad = CheckForm(params, result)) return bad;
  const CertificateRule rule{.ctx = context.ctx,
                             .type = BodyType::kZ,
                             .body = ResultBody(result.u3_hash, result.nwords, result.z_root),
                             .signers = context.cohort,
                             .least = params.thresholds.t,
                             .registry = *context.registry};
  if (Verdict bad = CheckCertificate(rule, signatures)) return bad;
  const std::uint64_t survivors = result.words[0];
  if (survivors < params.thresholds.u_min || survivors > params.n()) {
    return Refuse(errors::kSecaggWrongCount, "the sum counts " + std::to_string(survivors) + " updates");
  }
  const Status sum = CheckSum(params.encoding, result.words, static_cast<std::uint32_t>(survivors));
  if (!sum.ok()) return Refuse(sum);
  return {};
}

}  // namespace accord::secagg
