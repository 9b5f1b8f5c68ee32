#include "charter/vote.h"

#include <nlohmann/json.hpp>

#include "charter/nonce.h"
#include "ledger/strict_json.h"

namespace accord::charter {
namespace {

constexpr std::string_view kApprove = "approve", kReject = "reject";

}  // namespace

Bytes Encode(const Vote& vote) {
  const nlohmann::ordered_json json{{"federation_id", vote.federation},
                                    {"job_id", vote.job.Hex()},
                                    {"charter_sha256", vote.charter.Hex()},
                                    {"charter_version", vote.charter_version},
                                    {"voter", vote.voter},
                                    {"decision", vote.approve ? kApprove : kReject},
                                    {"vote_nonce", ToHex(vote.nonce)},
                                    {"issued_at", vote.issued_at},
                                    {"expires_at", vote.expires_at},
                                    {"conditions_sha256", vote.conditions ? vote.conditions->Hex() : ""}};
  const std::string text = json.dump();
  return {text.begin(), text.end()};
}

Result<Vote> ParseVote(ByteView payload) {
  ledger::JsonReader in(payload, "vote");
  Vote vote{.federation = in.Text("federation_id"),
            .job = in.Digest("job_id"),
            .charter = in.Digest("charter_sha256"),
            .charter_version = in.U32("charter_version"),
            .voter = in.Text("voter")};
  const std::string decision = in.Text("decision");
  if (decision != kApprove && decision != kReject) in.Refuse("decision", "it is neither approve nor reject");
  vote.approve = decision == kApprove;
  vote.nonce = ReadNonce<32>(in, "vote_nonce");
  vote.issued_at = in.Unsigned("issued_at");
  vote.expires_at = in.Unsigned("expires_at");
  if (vote.issued_at >= vote.expires_at) in.Refuse("expires_at", "it ends before it begins");
  vote.conditions = in.OptionalDigest("conditions_sha256");
  ACCORD_RETURN_IF_ERROR(in.Finish());
  return vote;
}

}  // namespace accord::charter
