// A file that proves, without asking anyone, that an entry is in a log (c2sp.org/tlog-proof):
//
//   c2sp.org/tlog-proof@v1
//   [extra <base64>]
//   index <index>
//   <base64 of a hash>     none or more, the leaf's sibling first
//   <empty line>
//   <the signed checkpoint>
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accord/status.h"
#include "base/text.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "ledger/policy.h"
#include "ledger/proof.h"

namespace accord::ledger {

struct TlogProof {
  std::optional<Bytes> extra;  // vouched for by nobody
  std::uint64_t index = 0;
  Proof hashes;
  Note checkpoint;

  [[nodiscard]] std::string Format() const;
  // Strict: `log.proof_malformed` unless the text is what Format() writes, `note.malformed` for the
  // checkpoint. Verifies nothing.
  [[nodiscard]] static Result<TlogProof> Parse(std::string_view text);

  friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

// The checkpoint under which `entry` is in a log of the policy, at proof.index. Errors of Policy::Check;
// `log.proof` when the hashes do not lead from the entry to its root.
[[nodiscard]] Result<Checkpoint> VerifyProof(const TlogProof& proof, ByteView entry, const Policy& policy);

}  // namespace accord::ledger
