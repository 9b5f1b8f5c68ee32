// What a node signs of its own part in a round (governance.md 2f): a receipt for the ledger of contributions.
// Receipts stay between nodes, coordinator and auditors; the public log has their root alone
// (round_commit.h). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "charter/charter.h"
#include "crypto/sha256.h"
#include "ledger/dsse.h"

namespace accord::charter {

inline constexpr std::string_view kReceiptType = "application/vnd.accord.receipt.v1+json";

struct Receipt {
  Digest job;  // the proposal's id
  std::uint64_t round = 0;
  std::string member;
  std::string node;               // its SPIFFE id
  std::optional<Digest> dataset;  // `dataset_cert`: SHA-256 of the certificate's payload
  Digest model_in;                // what it began from
  Digest update;                  // `update_commitment`
  std::uint64_t local_steps = 0;
  std::uint64_t wall_s = 0;
  std::uint64_t epsilon_spent_milli = 0;  // in this round, of the data set's budget
  std::optional<Digest> policy;           // SHA-256 of the lab's policy, never the policy
  UnixSeconds time = 0;
  // Beyond the fields of governance.md 2f, and left out where nobody tells them: what it uploaded, and what
  // its machine's processors took meanwhile (node/energy_meter.h).
  std::optional<std::uint64_t> bytes, energy_j;

  friend bool operator==(const Receipt&, const Receipt&) = default;
};

[[nodiscard]] Bytes Encode(const Receipt& receipt);
// `ledger.malformed` for what is no receipt.
[[nodiscard]] Result<Receipt> ParseReceipt(ByteView payload);

// SHA-256("upd/v1" || job || u64be round || salt || masked bytes): binds a node to what it uploaded, and says
// nothing of it to who does not know the salt. Bytes in pieces of any size.
class UpdateCommitment {
 public:
  using Salt = std::array<std::uint8_t, 32>;
  UpdateCommitment(const Digest& job, std::uint64_t round, const Salt& salt);
  void Update(ByteView masked) { hash_.Update(masked); }
  [[nodiscard]] Digest Finish() { return hash_.Finish(); }

 private:
  crypto::Sha256 hash_;
};

// Whether the charter in force revokes the node from this place of the log on, or from before: then its
// receipts count no more, and those of rounds that were logged earlier still do.
[[nodiscard]] bool IsRevokedNode(const Charter& present, std::string_view node, std::uint64_t index);

// The round that a receipt has to be of.
struct ReceiptFor {
  Digest job;
  std::uint64_t round = 0;
  Digest model_in;
};
// Whether the node with this protocol key signed the receipt, of this round. `receipt.refused` with the
// reason.
[[nodiscard]] Status CheckReceipt(const ledger::Envelope& envelope, const Receipt& receipt,
                                  const ReceiptFor& wanted, const std::string& node,
                                  const crypto::Ed25519PublicKey& key);

}  // namespace accord::charter
