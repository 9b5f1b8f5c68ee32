// The bytes of a charter (governance.md 2a).
#include <nlohmann/json.hpp>
#include <utility>

#include "charter/charter.h"
#include "ledger/strict_json.h"

namespace accord::charter {
namespace {

using ledger::JsonReader;
using ledger::VerifierKey;
using nlohmann::ordered_json;

constexpr std::string_view kActive = "active", kSuspended = "suspended";

std::optional<VerifierKey> ReadKey(JsonReader& in, std::string_view field, std::string_view text) {
  auto key = VerifierKey::Parse(text);
  if (key.ok()) return *std::move(key);
  in.Refuse(field, key.status().message());
  return std::nullopt;
}

std::optional<Right> ParseRight(std::string_view text) {
  for (const Right right : {Right::kPropose, Right::kVote, Right::kData, Right::kWitness, Right::kEvaluate}) {
    if (Name(right) == text) return right;
  }
  return std::nullopt;
}

Member ReadMember(JsonReader& in) {
  Member member{.id = in.Text("id")};
  for (const std::string& text : in.Texts("gov_vkeys")) {
    if (auto key = ReadKey(in, "gov_vkeys", text)) member.gov_keys.push_back(*std::move(key));
  }
  const std::string witness = in.Text("witness_vkey");
  if (!witness.empty()) member.witness = ReadKey(in, "witness_vkey", witness);
  member.model_key = in.OptionalDigest("model_key_spki_sha256");
  member.trust_domain = in.Text("trust_domain");
  member.ca_keys = in.Digests("ca_spki_sha256");
  for (const std::string& text : in.Texts("roles")) {
    const auto right = ParseRight(text);
    if (!right || !member.rights.insert(*right).second)
      in.Refuse("roles", "\"" + Printable(text, 32) + "\" is none, or twice");
  }
  const std::string status = in.Text("status");
  if (status != kActive && status != kSuspended) in.Refuse("status", "it is neither active nor suspended");
  member.suspended = status == kSuspended;
  return member;
}

Quorum ReadQuorum(JsonReader in) {
  return {.job = in.U32("job"),
          .amend = in.U32("amend"),
          .add_member = in.U32("add_member"),
          .remove_member = in.U32("remove_member"),
          .emergency_suspend = in.U32("emergency_suspend"),
          .witness = in.U32("witness")};
}

void ReadRules(JsonReader& in, Charter& charter) {
  charter.quorum = ReadQuorum(in.Object("quorum"));
  if (in.Has("i_accept_f")) charter.accepted_f = in.U32("i_accept_f");
  charter.data_holder_consent = in.Bool("data_holder_consent");
  charter.reject_wins = in.Bool("reject_wins");
  if (in.Has("contribution_scores")) charter.contribution_scores = in.Bool("contribution_scores");
  charter.min_cohort = in.U32("min_cohort");
  charter.min_group = in.U32("min_group");
  charter.vote_window = in.Unsigned("vote_window_s");
  charter.max_clock_skew = in.Unsigned("max_clock_skew_s");
  for (JsonReader& one : in.Objects("revoked"))
    charter.revoked.push_back({one.Text("kind"), one.Text("id"), one.Unsigned("from_index")});
}

ordered_json MemberJson(const Member& member) {
  ordered_json json{{"id", member.id}, {"gov_vkeys", ordered_json::array()}};
  for (const VerifierKey& key : member.gov_keys) json["gov_vkeys"].push_back(key.Format());
  json["witness_vkey"] = member.witness ? member.witness->Format() : "";
  json["model_key_spki_sha256"] = member.model_key ? member.model_key->Hex() : "";
  json["trust_domain"] = member.trust_domain;
  json["ca_spki_sha256"] = ordered_json::array();
  for (const Digest& key : member.ca_keys) json["ca_spki_sha256"].push_back(key.Hex());
  json["roles"] = ordered_json::array();
  for (const Right right : member.rights) json["roles"].push_back(Name(right));
  json["status"] = member.suspended ? kSuspended : kActive;
  return json;
}

ordered_json QuorumJson(const Quorum& quorum) {
  return {{"job", quorum.job},
          {"amend", quorum.amend},
          {"add_member", quorum.add_member},
          {"remove_member", quorum.remove_member},
          {"emergency_suspend", quorum.emergency_suspend},
          {"witness", quorum.witness}};
}

void WriteRules(const Charter& charter, ordered_json& json) {
  json["quorum"] = QuorumJson(charter.quorum);
  if (charter.accepted_f) json["i_accept_f"] = *charter.accepted_f;
  json["data_holder_consent"] = charter.data_holder_consent;
  json["reject_wins"] = charter.reject_wins;
  if (charter.contribution_scores) json["contribution_scores"] = true;
  json["min_cohort"] = charter.min_cohort;
  json["min_group"] = charter.min_group;
  json["vote_window_s"] = charter.vote_window;
  json["max_clock_skew_s"] = charter.max_clock_skew;
  json["revoked"] = ordered_json::array();
  for (const Revocation& one : charter.revoked)
    json["revoked"].push_back({{"kind", one.kind}, {"id", one.id}, {"from_index", one.from_index}});
}

}  // namespace

std::string_view Name(Right right) {
  switch (right) {
    case Right::kPropose:
      return "propose";
    case Right::kVote:
      return "vote";
    case Right::kData:
      return "data";
    case Right::kWitness:
      return "witness";
    case Right::kEvaluate:
      return "evaluate";
  }
  return "";
}

Bytes Encode(const Charter& charter) {
  ordered_json json{
      {"federation_id", charter.federation},
      {"version", charter.version},
      {"prev", charter.prev ? charter.prev->Hex() : ""},
      {"not_before", charter.not_before},
      {"not_after", charter.not_after},
      {"log", {{"origin", charter.log_origin}, {"vkey", charter.log ? charter.log->Format() : ""}}},
      {"members", ordered_json::array()}};
  for (const Member& member : charter.members) json["members"].push_back(MemberJson(member));
  WriteRules(charter, json);
  const std::string text = json.dump();
  return {text.begin(), text.end()};
}

Result<Charter> ParseCharter(ByteView payload) {
  JsonReader in(payload, "charter");
  Charter charter{.federation = in.Text("federation_id"),
                  .version = in.U32("version"),
                  .prev = in.OptionalDigest("prev"),
                  .not_before = in.Unsigned("not_before"),
                  .not_after = in.Unsigned("not_after")};
  JsonReader log = in.Object("log");
  charter.log_origin = log.Text("origin");
  charter.log = ReadKey(log, "vkey", log.Text("vkey"));
  for (JsonReader& member : in.Objects("members")) charter.members.push_back(ReadMember(member));
  ReadRules(in, charter);
  ACCORD_RETURN_IF_ERROR(in.Finish());
  ACCORD_RETURN_IF_ERROR(Check(charter));
  return charter;
}

}  // namespace accord::charter
