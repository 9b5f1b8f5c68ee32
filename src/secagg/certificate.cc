#include "secagg/certificate.h"

#include <algorithm>

#include "base/check.h"

namespace accord::secagg {

Verdict CheckCertificate(const CertificateRule& rule, std::span<const NodeSignature> signatures) {
  const auto bad = [](std::string what, const NodeId& concerns = {}) {
    return Refuse(errors::kSecaggBadCertificate, std::move(what), concerns);
  };
  const auto unsorted = [](const NodeSignature& a, const NodeSignature& b) { return !(a.id < b.id); };
  if (std::ranges::adjacent_find(signatures, unsorted) != signatures.end()) {
    return bad("the signers are not ascending");
  }
  for (const NodeSignature& item : signatures) {
    if (!std::ranges::binary_search(rule.signers, item.id)) {
      return bad(item.id.Hex() + " signed, but is not of those who may", item.id);
    }
  }
  if (signatures.size() < rule.least) {
    return bad(std::to_string(signatures.size()) + " signatures; it takes " + std::to_string(rule.least));
  }
  for (const NodeSignature& item : signatures) {
    const RegistryEntry* const entry = rule.registry.Find(item.id);
    ACCORD_CHECK(entry != nullptr);
    if (!Verify(entry->key, rule.type, rule.ctx, rule.body(item.id), item.signature)) {
      return bad("a signature in the name of " + item.id.Hex() + " does not hold", item.id);
    }
  }
  return {};
}

}  // namespace accord::secagg
