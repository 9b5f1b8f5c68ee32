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

// Verifies proofs under one policy. Those that share a checkpoint, as a job's votes mostly do, cost its
// signatures once. One thread at a time; `policy` outlives it.
class ProofVerifier {
 public:
  explicit ProofVerifier(const Policy& policy) : policy_(policy) {}
  // The checkpoint under which `entry` is in a log of the policy, at proof.index. Errors of Policy::Check;
  // `log.proof` when the hashes do not lead from the entry to its root.
  [[nodiscard]] Result<Checkpoint> Verify(const TlogProof& proof, ByteView entry);

 private:
  const Policy& policy_;
  std::optional<Note> last_;  // that the policy has passed, signatures and all, and what it says
  Checkpoint head_;
};

}  // namespace accord::ledger
