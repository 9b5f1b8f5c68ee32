// Ledger A (governance.md f): what each member gave to a job, out of the commits in the log and the receipts
// that nodes signed. Exact, and the same for everybody who reads them. It is no measure of worth. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "charter/charter.h"
#include "charter/receipt.h"
#include "charter/round_commit.h"
#include "crypto/ed25519.h"

namespace accord::charter {

struct Contribution {
  std::uint64_t rounds = 0;   // with at least one of its nodes in the sum
  std::uint64_t updates = 0;  // of all its nodes
  std::uint64_t steps = 0;    // local ones
  std::uint64_t wall_s = 0;   // of training
  std::uint64_t epsilon_spent_milli = 0;
  std::uint64_t bytes = 0;         // of uploads
  std::uint64_t energy_j = 0;      // of the updates whose machines tell it,
  std::uint64_t energy_known = 0;  // so many
  std::set<std::string> nodes;     // SPIFFE ids
  std::set<Digest> datasets;       // certificates that its receipts name
  std::uint64_t unverified = 0;    // updates by nodes whose key is not known here (any more): they count in
                                   // nothing else, since whoever keeps the log could have made them up
  std::uint64_t revoked = 0;  // updates by nodes that the charter had revoked; they count in nothing else

  friend bool operator==(const Contribution&, const Contribution&) = default;
};

// The protocol keys of nodes, by SPIFFE id, as their members vouch for them.
using NodeKeys = std::map<std::string, crypto::Ed25519PublicKey>;

class Contributions {
 public:
  // `present`: the charter in force, which says from where on nodes are revoked.
  Contributions(NodeKeys keys, Charter present) : keys_(std::move(keys)), present_(std::move(present)) {}

  // Takes the receipts of a round that is logged at this place, in the order of its cohort. `receipt.omitted`
  // when they do not come to the commit's root, `receipt.refused` for one that is of another round or node,
  // or that its node did not sign; then nothing of the round is counted.
  [[nodiscard]] Status Add(const RoundCommit& commit, std::uint64_t index,
                           std::span<const std::string> receipts);

  // By member.
  [[nodiscard]] const std::map<std::string, Contribution>& all() const { return all_; }

 private:
  [[nodiscard]] Result<Receipt> Read(const RoundCommit& commit, const std::string& node,
                                     const std::string& text) const;
  const NodeKeys keys_;
  const Charter present_;
  std::map<std::string, Contribution> all_;
};

}  // namespace accord::charter
