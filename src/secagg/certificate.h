// Certificates: signatures of many nodes over one statement, each over the body that its node would send
// (secagg.md 2.2 P4, P6). Checked by nodes; the coordinator collects them.
#pragma once

#include <functional>
#include <span>

#include "secagg/messages.h"
#include "secagg/refusal.h"
#include "secagg/registry.h"

namespace accord::secagg {

struct CertificateRule {
  const Digest& ctx;
  BodyType type;                             // of the bodies
  std::function<Bytes(const NodeId&)> body;  // what a node signs
  std::span<const NodeId> signers;           // who may sign, ascending
  std::uint32_t least;                       // t
  const Registry& registry;                  // holds all signers
};
// `secagg.bad_certificate`, in this order: not strictly ascending; a signer outside of the list, concerning
// it; fewer than `least`; a signature that does not hold, concerning its node.
[[nodiscard]] Verdict CheckCertificate(const CertificateRule& rule,
                                       std::span<const NodeSignature> signatures);

}  // namespace accord::secagg
