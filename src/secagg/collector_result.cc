// P6, certificates, and what is said at any time.
#include <array>
#include <string_view>

#include "secagg/collector_internal.h"

namespace accord::secagg {
namespace {

// The table at the end of 7.7.
constexpr std::array<std::string_view, 12> kProven = {
    "duplicate_key", "bad_key",      "bad_graph_nonce", "wrong_roster", "bad_masked_end", "bad_entry",
    "wrong_u2",      "wrong_length", "bad_root",        "bad_secret",   "bad_share",      "bad_dealer"};
constexpr std::array<std::string_view, 3> kNamed = {"bad_ciphertext", "bad_share", "bad_mac_key"};
// Proven to the node that holds the two bodies, or seen by the coordinator too: a complaint alone proves
// nothing.
constexpr std::array<std::string_view, 5> kProvenToNodes = {"duplicate_key", "bad_key", "bad_graph_nonce",
                                                            "wrong_roster", "bad_masked_end"};

template <std::size_t N>
bool IsIn(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

Checked<std::vector<NodeSignature>> Certify(const AttemptContext& context, const BodiesByNode& signatures) {
  const std::uint32_t t = context.params.thresholds.t;
  if (signatures.size() < t) {
    return Refuse(errors::kSecaggNoCertificate, TooFew(signatures.size(), "nodes signed", t));
  }
  std::vector<NodeSignature> certificate;
  for (const auto& [id, message] : signatures) {
    certificate.push_back({.id = id, .signature = message.signature});
  }
  return certificate;
}

Verdict CheckResultSignature(const AttemptContext& context, const U3& u3, const Digest& z_root,
                             const NodeId& sender, const SignedBody& message) {
  if (!u3.Contains(sender)) return Against(sender, errors::kSecaggUnknownNode, "is no survivor");
  const Checked<ResultSignature> body = OpenBody<ResultSignature>(context, sender, message);
  if (!body.ok()) return body.refusal();
  if (body->u3_hash != u3.hash) {
    return Against(sender, errors::kSecaggWrongU3, "signed the sum of another survivor set");
  }
  if (body->nwords != context.params.encoding.Words() || body->z_root != z_root) {
    return Against(sender, errors::kSecaggForkedResult, "signed another sum than was sent");
  }
  return {};
}

Checked<std::vector<NodeSignature>> CertifyResult(const AttemptContext& context,
                                                  const BodiesByNode& signatures) {
  return Certify(context, signatures);
}

Checked<Abort> CheckAbort(const AttemptContext& context, const NodeId& sender, const SignedBody& message) {
  if (!std::ranges::binary_search(context.cohort, sender)) {
    return Against(sender, errors::kSecaggNotInCohort, "is not in the cohort");
  }
  Checked<Abort> abort = OpenBody<Abort>(context, sender, message);
  if (abort.ok()) return abort;
  AttemptContext unknown = context;
  unknown.ctx = Digest();
  Checked<Abort> early = OpenBody<Abort>(unknown, sender, message);
  return early.ok() ? early : abort;
}

std::vector<NodeId> Missing(std::span<const NodeId> expected, const BodiesByNode& have) {
  std::vector<NodeId> missing;
  std::ranges::copy_if(expected, std::back_inserter(missing),
                       [&](const NodeId& id) { return !have.contains(id); });
  return missing;
}

Blame BlameOf(const Refusal& refusal) {
  if (refusal.concerns.IsZero()) return Blame::kNobody;
  const std::string name = refusal.Name();
  return IsIn(kProven, name) ? Blame::kProven : Blame::kNobody;
}

Blame BlameOf(const Abort& abort) {
  if (abort.concerns.IsZero()) return Blame::kNobody;
  return IsIn(kNamed, abort.reason) || IsIn(kProvenToNodes, abort.reason) ? Blame::kNamed : Blame::kNobody;
}

}  // namespace accord::secagg
