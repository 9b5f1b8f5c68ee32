#include "charter/contributions.h"

#include "base/errors.h"
#include "ledger/dsse.h"

namespace accord::charter {

Result<Receipt> Contributions::Read(const RoundCommit& commit, const std::string& node,
                                    const std::string& text) const {
  ACCORD_ASSIGN_OR_RETURN(const ledger::Envelope envelope, ledger::ParseEnvelope(AsBytes(text)));
  ACCORD_ASSIGN_OR_RETURN(Receipt receipt, ParseReceipt(envelope.payload));
  const ReceiptFor wanted{commit.job, commit.round, commit.model_in};
  const auto key = keys_.find(node);
  if (key != keys_.end()) {
    ACCORD_RETURN_IF_ERROR(CheckReceipt(envelope, receipt, wanted, node, key->second));
  } else if (receipt.node != node || receipt.job != wanted.job || receipt.round != wanted.round ||
             receipt.model_in != wanted.model_in) {
    return Fail(errors::kReceiptRefused, "the receipt of " + Printable(node, 200) + " is of something else");
  }
  return receipt;
}

Status Contributions::Add(const RoundCommit& commit, std::uint64_t index,
                          std::span<const std::string> receipts) {
  if (receipts.size() != commit.cohort.size() || ReceiptsRoot(receipts) != commit.receipts_root) {
    return Fail(errors::kReceiptOmitted, "the receipts of round " + std::to_string(commit.round) +
                                             " are not those that the log has the root of");
  }
  std::vector<Receipt> read;
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    ACCORD_ASSIGN_OR_RETURN(Receipt one, Read(commit, commit.cohort[i], receipts[i]));
    read.push_back(std::move(one));
  }
  std::set<std::string> members;
  for (const Receipt& one : read) {
    Contribution& sum = all_[one.member];
    if (IsRevokedNode(present_, one.node, index)) {
      ++sum.revoked;
      continue;
    }
    if (!keys_.contains(one.node)) {
      ++sum.unverified;
      continue;
    }
    if (members.insert(one.member).second) ++sum.rounds;
    ++sum.updates;
    sum.steps += one.local_steps;
    sum.wall_s += one.wall_s;
    sum.epsilon_spent_milli += one.epsilon_spent_milli;
    sum.bytes += one.bytes.value_or(0);
    sum.energy_j += one.energy_j.value_or(0);
    if (one.energy_j) ++sum.energy_known;
    sum.nodes.insert(one.node);
    if (one.dataset) sum.datasets.insert(*one.dataset);
  }
  return {};
}

}  // namespace accord::charter
