#include "charter/proposal.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/errors.h"
#include "charter/nonce.h"
#include "ledger/strict_json.h"

namespace accord::charter {
namespace {

using ledger::JsonReader;
using nlohmann::ordered_json;

constexpr std::string_view kBuiltin = "builtin", kTorchscript = "torchscript", kPublic = "public";

void ReadCode(JsonReader in, Proposal& proposal) {
  proposal.code_kind = in.Text("kind");
  const bool module = proposal.code_kind == kTorchscript;
  if (!module && proposal.code_kind != kBuiltin) in.Refuse("kind", "it is neither builtin nor torchscript");
  if (module) {
    proposal.code = in.Digest("digest");
  } else if (!in.Text("digest").empty()) {
    in.Refuse("digest", "builtin code has none");
  }
}

void ReadDatasets(JsonReader& in, Proposal& proposal) {
  for (JsonReader& one : in.Objects("datasets"))
    proposal.datasets.push_back({one.Text("member"), one.Digest("cert_sha256")});
  std::set<Digest> distinct;
  for (const DatasetRef& one : proposal.datasets) {
    if (!distinct.insert(one.certificate).second) in.Refuse("datasets", "a certificate is named twice");
  }
  if (proposal.datasets.empty() || proposal.datasets.size() > kMaxDatasets)
    in.Refuse("datasets", "there is none, or too many");
}

}  // namespace

bool Proposal::Names(std::string_view member) const {
  return std::ranges::find(datasets, member, &DatasetRef::member) != datasets.end();
}

Bytes Encode(const Proposal& proposal) {
  ordered_json json{
      {"federation_id", proposal.federation},
      {"charter_sha256", proposal.charter.Hex()},
      {"proposer", proposal.proposer},
      {"nonce", ToHex(proposal.nonce)},
      {"not_before", proposal.not_before},
      {"not_after", proposal.not_after},
      {"plan_sha256", proposal.plan.Hex()},
      {"init_sha256", proposal.init.Hex()},
      {"code",
       {{"kind", proposal.code_kind},
        {"digest", proposal.code_kind == kTorchscript ? proposal.code.Hex() : ""}}},
      {"datasets", ordered_json::array()},
      {"compute",
       {{"max_wall_s", proposal.max_wall_s}, {"max_mem_mb", proposal.max_mem_mb}, {"gpu", proposal.gpu}}},
      {"outputs", {{"recipients", proposal.recipients}, {"license", proposal.license}}}};
  for (const DatasetRef& one : proposal.datasets)
    json["datasets"].push_back({{"member", one.member}, {"cert_sha256", one.certificate.Hex()}});
  const std::string text = json.dump();
  return {text.begin(), text.end()};
}

Result<Proposal> ParseProposal(ByteView payload) {
  JsonReader in(payload, "proposal");
  Proposal proposal{.federation = in.Text("federation_id"),
                    .charter = in.Digest("charter_sha256"),
                    .proposer = in.Text("proposer"),
                    .nonce = ReadNonce<16>(in, "nonce"),
                    .not_before = in.Unsigned("not_before"),
                    .not_after = in.Unsigned("not_after"),
                    .plan = in.Digest("plan_sha256"),
                    .init = in.Digest("init_sha256")};
  if (proposal.not_before >= proposal.not_after) in.Refuse("not_after", "it ends before it begins");
  ReadCode(in.Object("code"), proposal);
  ReadDatasets(in, proposal);
  JsonReader compute = in.Object("compute");
  proposal.max_wall_s = compute.Unsigned("max_wall_s");
  proposal.max_mem_mb = compute.Unsigned("max_mem_mb");
  proposal.gpu = compute.Bool("gpu");
  JsonReader outputs = in.Object("outputs");
  proposal.recipients = outputs.Texts("recipients");
  proposal.license = outputs.Text("license");
  if (proposal.recipients.empty()) outputs.Refuse("recipients", "nobody gets the model");
  ACCORD_RETURN_IF_ERROR(in.Finish());
  return proposal;
}

Status CheckProposal(const ledger::Envelope& envelope, const Proposal& proposal, std::uint64_t index,
                     const Ballot& ballot) {
  const auto refused = [](const std::string& why) {
    return Fail(errors::kProposalRefused, "the proposal is refused: " + why);
  };
  const UnixSeconds skew = ballot.present->max_clock_skew;
  if (envelope.payload_type != kProposalType) return refused("it is not signed as a proposal");
  if (proposal.federation != ballot.present->federation) return refused("it is of another federation");
  if (proposal.charter != ballot.version->hash)
    return refused("it was made under another version of the charter");
  if (ballot.now + skew < proposal.not_before) return refused("it is not to begin yet");
  if (ballot.now > proposal.not_after + skew) return refused("its time is over");
  const Member* proposer = ballot.Find(proposal.proposer, Right::kPropose);
  if (proposer == nullptr)
    return refused("its proposer, " + Printable(proposal.proposer, 64) +
                   ", is no active member that may propose");
  if (!HasSigned(envelope, WithKeysAt(*proposer, *ballot.present, index)))
    return refused("it is not signed by its proposer");
  for (const DatasetRef& one : proposal.datasets) {
    if (ballot.Find(one.member, Right::kData) == nullptr)
      return refused("it names data of " + Printable(one.member, 64) +
                     ", which is no active member that gives data");
  }
  for (const std::string& who : proposal.recipients) {
    if (who != kPublic && ballot.present->Find(who) == nullptr)
      return refused("it gives the model to " + Printable(who, 64) + ", which is no member");
  }
  return {};
}

}  // namespace accord::charter
