#include "charter/round_commit.h"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/errors.h"
#include "crypto/merkle.h"
#include "crypto/spiffe.h"
#include "ledger/strict_json.h"

namespace accord::charter {
namespace {

// SPIFFE ids, strictly ascending.
std::vector<std::string> ReadNodes(ledger::JsonReader& in, std::string_view field) {
  std::vector<std::string> nodes = in.Texts(field);
  const bool ids = std::ranges::all_of(nodes, [](const std::string& node) {
    const auto parsed = crypto::SpiffeId::Parse(node);
    return parsed.ok() && parsed->Format() == node;
  });
  const bool ascending = std::ranges::adjacent_find(nodes, std::ranges::greater_equal()) == nodes.end();
  if (!ids || !ascending) in.Refuse(field, "it is no list of SPIFFE ids, ascending and each once");
  return nodes;
}

Digest RootOf(std::span<const std::string> receipts) {
  if (receipts.size() == 1) return crypto::MerkleLeaf(AsBytes(receipts.front()));
  const std::size_t left = std::bit_floor(receipts.size() - 1);  // the largest power of 2 below the size
  return crypto::MerkleNode(RootOf(receipts.first(left)), RootOf(receipts.subspan(left)));
}

}  // namespace

Bytes Encode(const RoundCommit& commit) {
  const nlohmann::ordered_json json{{"job_id", commit.job.Hex()},
                                    {"round", commit.round},
                                    {"model_in_sha256", commit.model_in.Hex()},
                                    {"model_out_sha256", commit.model_out.Hex()},
                                    {"cohort", commit.cohort},
                                    {"dropped", commit.dropped},
                                    {"group_seed", commit.group_seed ? commit.group_seed->Hex() : ""},
                                    {"receipts_root", commit.receipts_root.Hex()},
                                    {"time", commit.time}};
  const std::string text = json.dump();
  return {text.begin(), text.end()};
}

Result<RoundCommit> ParseRoundCommit(ByteView payload) {
  ledger::JsonReader in(payload, "commit of a round");
  RoundCommit commit{.job = in.Digest("job_id"),
                     .round = in.Unsigned("round"),
                     .model_in = in.Digest("model_in_sha256"),
                     .model_out = in.Digest("model_out_sha256"),
                     .cohort = ReadNodes(in, "cohort"),
                     .dropped = ReadNodes(in, "dropped"),
                     .group_seed = in.OptionalDigest("group_seed"),
                     .receipts_root = in.Digest("receipts_root"),
                     .time = in.Unsigned("time")};
  if (commit.round == 0) in.Refuse("round", "rounds begin at 1");
  if (commit.cohort.empty()) in.Refuse("cohort", "nobody took part");
  const auto took_part = [&](const std::string& node) {
    return std::ranges::binary_search(commit.cohort, node);
  };
  if (std::ranges::any_of(commit.dropped, took_part)) in.Refuse("dropped", "a node is in the cohort, too");
  ACCORD_RETURN_IF_ERROR(in.Finish());
  return commit;
}

Digest ReceiptsRoot(std::span<const std::string> receipts) {
  ACCORD_CHECK(!receipts.empty());
  return RootOf(receipts);
}

ledger::Proof ProveReceipt(std::span<const std::string> receipts, std::size_t index) {
  ACCORD_CHECK(index < receipts.size());
  ledger::Proof proof;  // from the root down, and turned at the end
  while (receipts.size() > 1) {
    const std::size_t left = std::bit_floor(receipts.size() - 1);
    const bool in_left = index < left;
    proof.push_back(RootOf(in_left ? receipts.subspan(left) : receipts.first(left)));
    receipts = in_left ? receipts.first(left) : receipts.subspan(left);
    if (!in_left) index -= left;
  }
  std::ranges::reverse(proof);
  return proof;
}

Status CheckIncluded(const RoundCommit& commit, const std::string& node, std::string_view receipt,
                     std::span<const Digest> proof) {
  const std::string round = "round " + std::to_string(commit.round);
  const auto at = std::ranges::lower_bound(commit.cohort, node);
  if (at == commit.cohort.end() || *at != node)
    return Fail(errors::kReceiptOmitted, round + " was logged without " + Printable(node, 200));
  const auto index = static_cast<std::uint64_t>(at - commit.cohort.begin());
  if (ledger::VerifyInclusion(crypto::MerkleLeaf(AsBytes(receipt)), index, commit.cohort.size(),
                              commit.receipts_root, proof))
    return {};
  return Fail(errors::kReceiptOmitted, round + " was logged without the receipt of " + Printable(node, 200));
}

}  // namespace accord::charter
