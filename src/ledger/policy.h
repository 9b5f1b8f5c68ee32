// Which logs and witnesses somebody trusts, and how many of them it takes (c2sp.org/tlog-policy):
//
//   log <vkey> [<url>]
//   witness <name> <vkey> [<url>]
//   group <name> all|any|<k> <name>...
//   quorum <name>|none
//
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "ledger/vkey.h"

namespace accord::ledger {

class Policy {
 public:
  static constexpr std::size_t kMaxBytes = 1 << 20;
  static constexpr std::size_t kMaxParties = 1'000;  // logs, and witnesses with groups

  // `log.policy` with the number of the line that is wrong; errors of VerifierKey::Parse. One key twice is
  // wrong, also as log and as witness: whoever holds it would vouch for itself.
  [[nodiscard]] static Result<Policy> Parse(std::string_view text);

  // The checkpoint in `note` when a log of the policy signed it under its own origin, and witnesses that
  // make the quorum cosigned it. `note.signature`, `note.unsigned` (no log), `checkpoint.malformed`,
  // `checkpoint.origin`; `log.quorum` says who cosigned.
  [[nodiscard]] Result<Checkpoint> Check(const Note& note) const;

  [[nodiscard]] std::span<const VerifierKey> logs() const { return std::span(keys_).first(logs_); }
  [[nodiscard]] std::span<const VerifierKey> witnesses() const { return std::span(keys_).subspan(logs_); }

 private:
  friend class PolicyParser;
  // A witness, or a group of parties before it.
  struct Party {
    std::string name;
    std::optional<std::size_t> witness;  // its place in witnesses()
    std::vector<std::size_t> members;    // of a group: their places in parties_
    std::size_t threshold = 0;
  };
  [[nodiscard]] bool Satisfied(std::span<const std::size_t> signers) const;

  std::vector<VerifierKey> keys_;  // of logs, then of witnesses
  std::size_t logs_ = 0;
  std::vector<Party> parties_;
  std::optional<std::size_t> quorum_;  // in parties_; none needs no cosignature
};

struct NamedWitness {
  std::string name;
  VerifierKey key;
};
// The text of the policy "this log, and any `threshold` of these witnesses"; `quorum none` without any.
[[nodiscard]] std::string FormatPolicy(const VerifierKey& log, std::span<const NamedWitness> witnesses,
                                       std::size_t threshold);

}  // namespace accord::ledger
