// The versions of a charter, from the first, which is pinned, to the newest (governance.md 2a). Each is
// signed by enough members of the version before it and by enough of its own, so that neither the coordinator
// nor new members alone can change who decides. Pure.
#pragma once

#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "charter/charter.h"
#include "ledger/dsse.h"

namespace accord::charter {

inline constexpr std::size_t kMaxVersions = 1'000;
inline constexpr UnixSeconds kEmergencySeconds = 14 * 86'400;

struct Version {
  Charter charter;
  Digest hash;             // SHA-256 of its payload
  bool emergency = false;  // only suspends, by fewer members and for two weeks at most
};

// All versions, the first one first. `charter.genesis` when the first is not what is pinned;
// `ledger.malformed`, `charter.invalid`; `charter.chain` when a version does not follow the one before it;
// `charter.signatures` when too few signed, naming who did.
[[nodiscard]] Result<std::vector<Version>> VerifyChain(std::span<const ledger::Envelope> envelopes,
                                                       const Digest& genesis);
// The same for one more version.
[[nodiscard]] Result<Version> VerifyNext(std::span<const Version> chain, const ledger::Envelope& envelope);

// The version that holds at `now`: the newest, or the one before it once an emergency suspension that nobody
// ratified is over. `charter.expired` or `charter.not_yet` when that one is not in date, give or take its
// max_clock_skew.
[[nodiscard]] Result<const Version*> InForce(std::span<const Version> chain, UnixSeconds now);

}  // namespace accord::charter
