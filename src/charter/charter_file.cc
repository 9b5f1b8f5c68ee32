#include "charter/charter_file.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include "base/errors.h"
#include "config/schema.h"

namespace accord::charter {
namespace {

using config::Need;

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr UnixSeconds kDay = 86'400;

// What the file says of a member, before keys are read.
struct DraftMember {
  std::string id, witness, model_key, trust_domain;
  std::vector<std::string> gov_keys, cas, roles{"propose", "vote", "data", "witness", "evaluate"};
  bool suspended = false;
};

struct DraftRevocation {
  std::string kind, id;
  std::uint64_t from_index = 0;
};

struct Draft {
  Charter charter;
  std::string log;
  std::optional<config::Date> not_before, not_after;
  bool all_faithful = false;  // i_accept_f = 0
  std::uint64_t vote_window_days = 30, max_clock_skew_s = 300;
  std::vector<DraftMember> members;
  std::vector<DraftRevocation> revoked;
};

std::string CheckVkey(const std::string& text) {
  const auto key = ledger::VerifierKey::Parse(text);
  return key.ok() ? "" : key.status().message();
}
std::string CheckHash(const std::string& text) {
  const auto hash = Digest::FromHex(text);
  return hash && hash->Hex() == text ? "" : "must be 64 lower-case hex digits";
}

std::optional<Right> RightOf(std::string_view name) {
  for (const Right right : {Right::kPropose, Right::kVote, Right::kData, Right::kWitness, Right::kEvaluate}) {
    if (Name(right) == name) return right;
  }
  return std::nullopt;
}
std::string CheckRight(const std::string& text) {
  return RightOf(text) ? "" : "must be propose, vote, data, witness or evaluate";
}

UnixSeconds StartOf(const config::Date& date) {
  const std::chrono::sys_days day = std::chrono::year(date.year) / date.month / date.day;
  const auto seconds = std::chrono::sys_seconds(day).time_since_epoch().count();
  return seconds > 0 ? static_cast<UnixSeconds>(seconds) : 0;
}

void Top(config::Schema& s, Draft& draft) {
  Charter& charter = draft.charter;
  s.Section({}, "The federation.");
  s.Key("federation", config::Name(charter.federation), "what it is called", Need::kRequired);
  s.Key("log", config::Text(draft.log, "a verifier key", CheckVkey),
        "the log's line, as `accord log key` shows it", Need::kRequired);
  s.Key("not_before", config::Day(draft.not_before), "its first day", Need::kRequired);
  s.Key("not_after", config::Day(draft.not_after), "its last day; an amendment renews it", Need::kRequired);
  s.Key("data_holder_consent", config::Bool(charter.data_holder_consent),
        "nobody overrules the member whose data a job names");
  s.Key("reject_wins", config::Bool(charter.reject_wins), "one rejection ends a proposal");
  s.Key(
      "contribution_scores", config::Bool(charter.contribution_scores),
      "jobs may deal their nodes to groups anew each round, so that updates can be scored, at the price that "
      "docs/governance.md names");
  s.Key("all_faithful", config::Bool(draft.all_faithful),
        "no member is taken to lie: smaller quorums are allowed, and nobody is safe from one who does");
  s.Key("min_cohort", config::Whole(charter.min_cohort, 1, 65'535), "least nodes in a round",
        Need::kRequired);
  s.Key("min_group", config::Whole(charter.min_group, 1, 65'535), "least nodes whose sum is seen",
        Need::kRequired);
  s.Key("vote_window_days", config::Whole(draft.vote_window_days, 1, 3'650), "how long a vote may hold");
  s.Key("max_clock_skew_s", config::Whole(draft.max_clock_skew_s, 0, 86'400),
        "by how much clocks may differ");
}

void Quorums(config::Schema& s, Quorum& quorum) {
  const auto most = static_cast<std::uint32_t>(kMaxMembers);
  s.Section({"quorum"}, "How many members it takes; what is not named is the least that is safe.");
  s.Key("job", config::Whole(quorum.job, 1, most), "to approve a job");
  s.Key("amend", config::Whole(quorum.amend, 1, most), "to change the charter");
  s.Key("add_member", config::Whole(quorum.add_member, 1, most), "to take a member in");
  s.Key("remove_member", config::Whole(quorum.remove_member, 1, most), "to remove one, who does not count");
  s.Key("emergency_suspend", config::Whole(quorum.emergency_suspend, 1, most),
        "to suspend one for two weeks");
  s.Key("witness", config::Whole(quorum.witness, 1, most), "to cosign a head of the log");
}

void MemberSection(config::Schema& s, DraftMember& member, std::size_t index) {
  s.Section({"member", std::to_string(index)}, "[[member]]: a nation, or a body of one.");
  s.Key("id", config::Name(member.id), "what it is called", Need::kRequired);
  s.Key("gov_keys", config::TextList(member.gov_keys, CheckVkey), "keys that speak for it: `accord key show`",
        Need::kRequired);
  s.Key("witness", config::Text(member.witness, "a verifier key", CheckVkey),
        "the key of its witness: `accord-node witness`");
  s.Key("model_key", config::Text(member.model_key, "SHA-256 in hex", CheckHash),
        "of the key that signs its models");
  s.Key("trust_domain", config::Text(member.trust_domain), "of the names of its nodes and people",
        Need::kRequired);
  s.Key("ca", config::TextList(member.cas, CheckHash), "SHA-256 of the public keys of its own CAs",
        Need::kRequired);
  s.Key("roles", config::TextList(member.roles, CheckRight), "propose, vote, data, witness, evaluate");
  s.Key("suspended", config::Bool(member.suspended), "it has no rights for now");
}

void RevokedSection(config::Schema& s, DraftRevocation& one, std::size_t index) {
  s.Section({"revoked", std::to_string(index)},
            "[[revoked]]: what does not count from a place in the log on.");
  s.Key("kind", config::Text(one.kind), "gov-key, node or dataset-cert", Need::kRequired);
  s.Key("id", config::Text(one.id), "which one", Need::kRequired);
  s.Key("from_index", config::Whole(one.from_index, 0), "from which entry on", Need::kRequired);
}

std::size_t CountTables(const config::Document& document, const std::string& name) {
  for (const config::Entry& entry : document.entries) {
    if (entry.keys != std::vector<std::string>{name}) continue;
    const auto* tables = std::get_if<config::TableList>(&entry.value.held);
    return tables == nullptr ? 0 : std::min(tables->count, kMaxMembers);
  }
  return 0;
}

// Every key that it takes was checked when the file was read.
Member MemberOf(const DraftMember& draft) {
  Member member{.id = draft.id, .trust_domain = draft.trust_domain, .suspended = draft.suspended};
  for (const std::string& key : draft.gov_keys) member.gov_keys.push_back(*ledger::VerifierKey::Parse(key));
  if (!draft.witness.empty()) member.witness = *ledger::VerifierKey::Parse(draft.witness);
  if (!draft.model_key.empty()) member.model_key = *Digest::FromHex(draft.model_key);
  for (const std::string& ca : draft.cas) member.ca_keys.push_back(*Digest::FromHex(ca));
  for (const std::string& role : draft.roles) member.rights.insert(*RightOf(role));
  return member;
}

// Those that are 0 become the least that are safe.
void FillQuorums(Charter& charter) {
  const auto least = [&](Right right) {
    const auto n = static_cast<std::uint32_t>(charter.Count(right));
    return std::max(1U, SafeThreshold(n, charter.accepted_f.value_or(DefaultFaulty(n))));
  };
  const std::uint32_t voters = least(Right::kVote);
  const auto n = static_cast<std::uint32_t>(charter.Count(Right::kVote));
  Quorum& quorum = charter.quorum;
  for (std::uint32_t* one : {&quorum.job, &quorum.amend, &quorum.add_member}) {
    if (*one == 0) *one = voters;
  }
  if (quorum.remove_member == 0) quorum.remove_member = std::min(voters, std::max(1U, n - 1));
  if (quorum.emergency_suspend == 0) quorum.emergency_suspend = 1;
  if (quorum.witness == 0) quorum.witness = least(Right::kWitness);
}

Charter CharterOf(const Draft& draft, const std::optional<Predecessor>& before) {
  Charter charter = draft.charter;
  charter.version = before ? before->version + 1 : 1;
  if (before) charter.prev = before->hash;
  charter.log = *ledger::VerifierKey::Parse(draft.log);
  charter.log_origin = charter.log->name();
  charter.not_before = StartOf(*draft.not_before);
  charter.not_after = StartOf(*draft.not_after) + kDay;
  charter.vote_window = draft.vote_window_days * kDay;
  charter.max_clock_skew = draft.max_clock_skew_s;
  if (draft.all_faithful) charter.accepted_f = 0;
  for (const DraftMember& member : draft.members) charter.members.push_back(MemberOf(member));
  std::ranges::sort(charter.members, {}, &Member::id);
  for (const DraftRevocation& one : draft.revoked)
    charter.revoked.push_back({one.kind, one.id, one.from_index});
  FillQuorums(charter);
  return charter;
}

}  // namespace

Result<Charter> ParseCharterFile(ByteView text, std::string_view name,
                                 const std::optional<Predecessor>& before) {
  if (text.size() > kMaxBytes)
    return Fail(errors::kCharterInvalid, std::string(name) + " has " + FormatBytes(text.size()));
  const config::Document document = config::ReadToml(AsText(text), name);
  Draft draft;
  draft.charter.quorum = {0, 0, 0, 0, 0, 0};
  draft.members.resize(CountTables(document, "member"));
  draft.revoked.resize(CountTables(document, "revoked"));
  config::Schema schema;
  Top(schema, draft);
  Quorums(schema, draft.charter.quorum);
  for (std::size_t i = 0; i < draft.members.size(); ++i) MemberSection(schema, draft.members[i], i);
  for (std::size_t i = 0; i < draft.revoked.size(); ++i) RevokedSection(schema, draft.revoked[i], i);
  schema.Apply(document);
  ACCORD_RETURN_IF_ERROR(schema.Finish(errors::kCharterInvalid, name));
  Charter charter = CharterOf(draft, before);
  ACCORD_RETURN_IF_ERROR(Check(charter));
  return charter;
}

// ---------------------------------------------------------------- writing

namespace {

std::string Quote(std::string_view text) { return "\"" + std::string(text) + "\""; }

template <class List, class Text>
std::string Array(const List& list, const Text& text) {
  std::string out;
  for (const auto& one : list) out += (out.empty() ? "" : ", ") + Quote(text(one));
  return "[" + out + "]";
}

std::string DayOf(UnixSeconds time) {
  const auto day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(time)));
  const std::chrono::year_month_day date(day);
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

std::string Line(std::string_view key, const std::string& value) {
  return std::string(key) + " = " + value + "\n";
}
std::string Line(std::string_view key, bool value) {
  return Line(key, std::string(value ? "true" : "false"));
}
std::string Line(std::string_view key, std::uint64_t value) { return Line(key, std::to_string(value)); }

std::string MemberText(const Member& member) {
  std::string text = "\n[[member]]\n" + Line("id", Quote(member.id)) +
                     Line("gov_keys", Array(member.gov_keys, [](const auto& key) { return key.Format(); }));
  if (member.witness) text += Line("witness", Quote(member.witness->Format()));
  if (member.model_key) text += Line("model_key", Quote(member.model_key->Hex()));
  text += Line("trust_domain", Quote(member.trust_domain)) +
          Line("ca", Array(member.ca_keys, [](const Digest& ca) { return ca.Hex(); })) +
          Line("roles", Array(member.rights, [](Right right) { return std::string(Name(right)); }));
  if (member.suspended) text += Line("suspended", true);
  return text;
}

}  // namespace

std::string FormatCharterFile(const Charter& charter) {
  const Quorum& quorum = charter.quorum;
  std::string text =
      Line("federation", Quote(charter.federation)) + Line("log", Quote(charter.log->Format())) +
      Line("not_before", DayOf(charter.not_before)) +
      Line("not_after", DayOf(charter.not_after - std::min<UnixSeconds>(charter.not_after, kDay))) +
      Line("data_holder_consent", charter.data_holder_consent) + Line("reject_wins", charter.reject_wins) +
      Line("contribution_scores", charter.contribution_scores) +
      Line("all_faithful", charter.accepted_f == 0U) + Line("min_cohort", std::uint64_t{charter.min_cohort}) +
      Line("min_group", std::uint64_t{charter.min_group}) +
      Line("vote_window_days", charter.vote_window / kDay) +
      Line("max_clock_skew_s", charter.max_clock_skew) + "\n[quorum]\n" +
      Line("job", std::uint64_t{quorum.job}) + Line("amend", std::uint64_t{quorum.amend}) +
      Line("add_member", std::uint64_t{quorum.add_member}) +
      Line("remove_member", std::uint64_t{quorum.remove_member}) +
      Line("emergency_suspend", std::uint64_t{quorum.emergency_suspend}) +
      Line("witness", std::uint64_t{quorum.witness});
  for (const Member& member : charter.members) text += MemberText(member);
  for (const Revocation& one : charter.revoked) {
    text += "\n[[revoked]]\n" + Line("kind", Quote(one.kind)) + Line("id", Quote(one.id)) +
            Line("from_index", one.from_index);
  }
  return text;
}

}  // namespace accord::charter
