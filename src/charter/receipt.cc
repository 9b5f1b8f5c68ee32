#include "charter/receipt.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/codec.h"
#include "base/errors.h"
#include "crypto/spiffe.h"
#include "ledger/strict_json.h"

namespace accord::charter {
namespace {

std::string HexOrNone(const std::optional<Digest>& digest) { return digest ? digest->Hex() : ""; }

std::optional<std::uint64_t> OptionalUnsigned(ledger::JsonReader& in, std::string_view key) {
  return in.Has(key) ? std::optional(in.Unsigned(key)) : std::nullopt;
}

}  // namespace

Bytes Encode(const Receipt& receipt) {
  nlohmann::ordered_json json{{"job_id", receipt.job.Hex()},
                              {"round", receipt.round},
                              {"member", receipt.member},
                              {"node", receipt.node},
                              {"dataset_cert", HexOrNone(receipt.dataset)},
                              {"model_in_sha256", receipt.model_in.Hex()},
                              {"update_commitment", receipt.update.Hex()},
                              {"local_steps", receipt.local_steps},
                              {"wall_s", receipt.wall_s},
                              {"epsilon_spent_milli", receipt.epsilon_spent_milli},
                              {"policy_sha256", HexOrNone(receipt.policy)},
                              {"time", receipt.time}};
  if (receipt.bytes) json["bytes"] = *receipt.bytes;
  if (receipt.energy_j) json["energy_j"] = *receipt.energy_j;
  const std::string text = json.dump();
  return {text.begin(), text.end()};
}

Result<Receipt> ParseReceipt(ByteView payload) {
  ledger::JsonReader in(payload, "receipt");
  Receipt receipt{.job = in.Digest("job_id"),
                  .round = in.Unsigned("round"),
                  .member = in.Text("member"),
                  .node = in.Text("node"),
                  .dataset = in.OptionalDigest("dataset_cert"),
                  .model_in = in.Digest("model_in_sha256"),
                  .update = in.Digest("update_commitment"),
                  .local_steps = in.Unsigned("local_steps"),
                  .wall_s = in.Unsigned("wall_s"),
                  .epsilon_spent_milli = in.Unsigned("epsilon_spent_milli"),
                  .policy = in.OptionalDigest("policy_sha256"),
                  .time = in.Unsigned("time"),
                  .bytes = OptionalUnsigned(in, "bytes"),
                  .energy_j = OptionalUnsigned(in, "energy_j")};
  if (receipt.round == 0) in.Refuse("round", "rounds begin at 1");
  if (!IsName(receipt.member)) in.Refuse("member", "it is no id of a member");
  const auto node = crypto::SpiffeId::Parse(receipt.node);
  if (!node.ok() || node->Format() != receipt.node) in.Refuse("node", "it is no SPIFFE id");
  ACCORD_RETURN_IF_ERROR(in.Finish());
  return receipt;
}

UpdateCommitment::UpdateCommitment(const Digest& job, std::uint64_t round, const Salt& salt) {
  Writer head;
  head.Raw("upd/v1").Fixed(job).U64(round).Raw(salt);
  hash_.Update(head.bytes());
}

bool IsRevokedNode(const Charter& present, std::string_view node, std::uint64_t index) {
  return std::ranges::any_of(present.revoked, [&](const Revocation& one) {
    return one.kind == kRevokedNode && one.id == node && one.from_index <= index;
  });
}

Status CheckReceipt(const ledger::Envelope& envelope, const Receipt& receipt, const ReceiptFor& wanted,
                    const std::string& node, const crypto::Ed25519PublicKey& key) {
  const auto refused = [](const std::string& why) {
    return Fail(errors::kReceiptRefused, "the receipt is refused: " + why);
  };
  if (envelope.payload_type != kReceiptType) return refused("it is not signed as a receipt");
  if (receipt.node != node) return refused("it is of " + Printable(receipt.node, 200));
  if (receipt.job != wanted.job) return refused("it is of another job");
  if (receipt.round != wanted.round) return refused("it is of round " + std::to_string(receipt.round));
  if (receipt.model_in != wanted.model_in) return refused("it began from another model");
  const std::vector keys{ledger::LogKey(node, key)};
  if (SignersOf(envelope, keys).empty()) return refused("its node did not sign it");
  return {};
}

}  // namespace accord::charter
