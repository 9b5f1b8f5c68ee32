// A log in memory, for tests of proofs.
#pragma once

#include <string>
#include <vector>

#include "crypto/merkle.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "ledger/proof.h"
#include "tests/unit/charter/fixture.h"

namespace accord::charter {

// A log that proves by keeping all leaves.
struct TestLog final : ledger::NodeReader {
  std::vector<Digest> leaves;

  std::uint64_t Append(const std::string& entry) {
    leaves.push_back(crypto::MerkleLeaf(AsBytes(entry)));
    return leaves.size() - 1;
  }
  Result<Digest> Node(unsigned level, std::uint64_t index) override {
    if (level == 0) return leaves.at(index);
    return crypto::MerkleNode(*Node(level - 1, 2 * index), *Node(level - 1, 2 * index + 1));
  }
  [[nodiscard]] ledger::TreeHead Head(std::uint64_t size) { return {size, *ledger::RootOf(size, *this)}; }
  [[nodiscard]] ledger::TreeHead Head() { return Head(leaves.size()); }
  // Signed by the log and these witnesses, at `time`.
  std::string Checkpoint(const std::vector<std::string>& witnesses, const Charter& charter,
                         UnixSeconds time = kNow) {
    const ledger::TreeHead head = Head();
    ledger::Note note{ledger::Checkpoint{charter.log_origin, head.size, head.root, {}}.Format(), {}};
    note.signatures.push_back(ledger::SignAsLog(charter.log_origin, KeyOf("log"), note.text));
    for (const std::string& id : witnesses)
      note.signatures.push_back(
          ledger::SignAsWitness("fed.example/witness/" + id, KeyOf("witness " + id), time, note.text));
    return note.Format();
  }
};

}  // namespace accord::charter
