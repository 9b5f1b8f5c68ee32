// Whose certificates the coordinator believes: those of its own CA, for everybody of its own trust domain;
// and by the newest charter, for the nodes of each member's trust domain, those of the CAs that it pins
// (charter/authority.h). Thread-safe; answers from memory.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "accord/clock.h"
#include "base/mutex.h"
#include "charter/charter.h"
#include "crypto/x509.h"
#include "secagg/registry.h"

namespace accord::coordinator {

class MemberCas {
 public:
  explicit MemberCas(crypto::Certificate own) : own_(std::move(own)) {}

  // From then on by this charter; false when it is the version that was in use.
  [[nodiscard]] bool Use(const charter::Charter& charter) ACCORD_EXCLUDES(mutex_);

  // Whether the leaf is by a CA that may sign for its trust domain: `cert.*`, `auth.*`. `chain`: what came
  // with it, a member's CA among it.
  [[nodiscard]] Status CheckLeaf(std::string_view leaf_pem, std::string_view chain_pem, TimePoint now) const
      ACCORD_EXCLUDES(mutex_);
  // Whether an identity whose certificate was good still counts: `auth.*`.
  [[nodiscard]] Status Check(const crypto::SpiffeId& identity) const ACCORD_EXCLUDES(mutex_);
  // Whether an entry belongs into the registry: its node counts, and one of those of `cas` that the charter
  // has for its member signed it. A CA that was replaced takes its entries with it.
  [[nodiscard]] bool Counts(const secagg::VouchedEntry& vouched,
                            std::span<const crypto::Certificate> cas) const ACCORD_EXCLUDES(mutex_);
  // Whether what a node of a member is introduced by is its member's word: `registry.untrusted`, `cert.*`,
  // `auth.*`.
  [[nodiscard]] Status CheckEntry(const secagg::VouchedEntry& vouched, const crypto::Certificate& ca,
                                  TimePoint now) const ACCORD_EXCLUDES(mutex_);
  // `auth.trust_domain` before there is a charter.
  [[nodiscard]] Result<std::shared_ptr<const charter::Charter>> Charter() const ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] bool IsOwn(const crypto::SpiffeId& identity) const {
    return own_.info().uri == "spiffe://" + identity.trust_domain;
  }

 private:
  const crypto::Certificate own_;
  mutable Mutex mutex_;
  std::shared_ptr<const charter::Charter> charter_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::coordinator
