#include "cli/charter_text.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "base/text.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/words.h"

namespace accord::cli {
namespace {

using charter::Charter;
using charter::Matter;
using charter::Outcome;
using charter::Standing;

std::string Day(charter::UnixSeconds time) {
  return FormatTime(TimePoint(std::chrono::seconds(static_cast<std::int64_t>(time)))).substr(0, 10);
}

template <class List>
std::string Joined(const List& list) {
  std::string text;
  for (const auto& one : list) text += (text.empty() ? "" : ", ") + std::string(one);
  return text;
}

std::string Rights(const charter::Member& member) {
  std::vector<std::string_view> names;
  for (const charter::Right right : member.rights) names.push_back(charter::Name(right));
  return Joined(names);
}

Tone ToneOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return Tone::kGood;
    case Outcome::kRejected:
      return Tone::kBad;
    case Outcome::kOpen:
    case Outcome::kLapsed:
      break;
  }
  return Tone::kPlain;
}

// What was trained had been decided on: votes that expired since say nothing of it, a rejection does.
Cell Stands(const Matter& matter, std::optional<Outcome> outcome) {
  const std::size_t rounds = matter.commits.size();
  if (rounds == 0) {
    return outcome ? Cell(std::string(Name(*outcome)), ToneOf(*outcome)) : Cell("no charter", Tone::kWarn);
  }
  const std::string trained = "trained, " + std::to_string(rounds) + (rounds == 1 ? " round" : " rounds");
  if (outcome == Outcome::kRejected) return {trained + " (rejected)", Tone::kBad};
  return {trained, Tone::kGood};
}

std::vector<std::string> Approvers(const Standing& standing) {
  std::vector<std::string> names;
  for (const auto& [member, nonce] : standing.tally.approvals) names.push_back(member);
  return names;
}

// Newest first.
std::vector<std::pair<Digest, const Matter*>> InOrder(const charter::Record& record) {
  std::vector<std::pair<Digest, const Matter*>> list;
  for (const auto& [job, matter] : record.matters()) list.emplace_back(job, &matter);
  std::ranges::sort(list, [](const auto& a, const auto& b) { return a.second->index > b.second->index; });
  return list;
}

// A document that was signed is JSON itself.
std::string WithPayload(std::string_view name, ByteView payload, std::vector<Field> fields) {
  std::string text = JsonObject(fields);
  text.pop_back();
  return text + ",\"" + std::string(name) + "\":" + std::string(AsText(payload)) + "}";
}

}  // namespace

std::string CharterDetails(const Charter& charter, const Digest& hash, const Style& style) {
  const charter::Quorum& quorum = charter.quorum;
  const std::string of = " of " + std::to_string(charter.Count(charter::Right::kVote));
  Facts facts;
  facts.Add("federation", {charter.federation, Tone::kStrong});
  facts.Add("version", std::to_string(charter.version));
  facts.Add("hash", hash.Hex());
  facts.Add("follows", charter.prev ? charter.prev->Hex() : "");
  facts.Add("in force", Day(charter.not_before) + " to " + Day(charter.not_after - 1));  // its last day
  facts.Add("log", charter.log->Format());
  facts.Add("a job takes", std::to_string(quorum.job) + of + " members, and each whose data it names");
  facts.Add("an amendment", std::to_string(quorum.amend) + of + "; a new member " +
                                std::to_string(quorum.add_member) + ", removing one " +
                                std::to_string(quorum.remove_member));
  facts.Add("a head", std::to_string(quorum.witness) + " of " +
                          std::to_string(charter.Count(charter::Right::kWitness)) + " witnesses");
  if (charter.accepted_f)
    facts.Add("taken to lie", {"at most " + std::to_string(*charter.accepted_f) + " of them", Tone::kWarn});
  Table members({{"MEMBER"}, {"MAY"}, {"KEYS", Align::kRight}, {"TRUST DOMAIN"}});
  for (const charter::Member& member : charter.members) {
    members.Row({{member.id, Tone::kStrong},
                 member.suspended ? Cell("suspended", Tone::kWarn) : Cell(Rights(member)),
                 std::to_string(member.gov_keys.size()),
                 member.trust_domain});
  }
  return facts.Render(style) + "\n" + members.Render(style) + "\n";
}

std::string SignedBy(const Charter& charter, const ledger::Envelope& envelope) {
  std::vector<std::string> have, missing;
  for (const charter::Member& member : charter.members)
    (charter::HasSigned(envelope, member) ? have : missing).push_back(member.id);
  std::string text = "signed by     " + (have.empty() ? "nobody yet" : Joined(have)) + "\n";
  if (!missing.empty()) text += "not by        " + Joined(missing) + "\n";
  return text;
}

// An emergency suspension follows none, so what is before it holds after it.
std::string EmergencyLine(std::span<const charter::Version> chain, charter::UnixSeconds now) {
  if (chain.size() < 2 || !chain.back().emergency) return "";
  const Charter &charter = chain.back().charter, &before = chain[chain.size() - 2].charter;
  std::vector<std::string> suspended;
  for (const charter::Member& member : charter.members) {
    const charter::Member* then = before.Find(member.id);
    if (member.suspended && then != nullptr && !then->suspended) suspended.push_back(member.id);
  }
  const bool over = now > charter.not_after + charter.max_clock_skew;
  const std::string end =
      FormatTime(TimePoint(std::chrono::seconds(static_cast<std::int64_t>(charter.not_after))));
  const std::string old = "version " + std::to_string(before.version);
  return "emergency     suspends " + Joined(suspended) +
         (over ? "; it ended " + end + " and nobody ratified it: votes count by " + old +
                     " again, nodes and witnesses come back with the next amendment\n"
               : " until " + end + "; then " + old + " holds again, unless an amendment ratifies it\n");
}

std::string CharterJson(const Charter& charter, const Digest& hash) {
  return WithPayload("charter", charter::Encode(charter), {{"hash", hash.Hex()}});
}

// ---------------------------------------------------------------- proposals

std::string ProposalTable(const charter::Record& record, const publish::Jobs& jobs, charter::UnixSeconds now,
                          const Style& style) {
  Table table({{"PROPOSAL"}, {"NAME"}, {"PURPOSE"}, {"BY"}, {"STANDS"}, {"FOR"}, {"AGAINST"}, {"UNTIL"}});
  for (const auto& [job, matter] : InOrder(record)) {
    const auto standing = record.StandingOf(job, now);
    const Standing shown = standing.ok() ? *standing : Standing{};
    const JobSpec* const asked = publish::JobOf(jobs, matter->proposal);
    table.Row({{ShortId(job), Tone::kStrong},
               asked != nullptr ? asked->name : "?",
               asked != nullptr ? asked->purpose : "?",
               matter->proposal.proposer,
               Stands(*matter, standing.ok() ? std::optional(standing->outcome) : std::nullopt),
               Joined(Approvers(shown)),
               Joined(shown.tally.rejections),
               Day(matter->proposal.not_after)});
  }
  return record.matters().empty() ? "Nothing was proposed yet: accord proposal create FILE\n"
                                  : table.Render(style);
}

std::string ProposalsJson(const charter::Record& record, const publish::Jobs& jobs,
                          charter::UnixSeconds now) {
  std::string out = "[";
  for (const auto& [job, matter] : InOrder(record)) {
    const auto standing = record.StandingOf(job, now);
    if (!standing.ok()) continue;
    out += (out.size() > 1 ? "," : "") +
           ProposalJson({job, *matter, *standing, publish::JobOf(jobs, matter->proposal)});
  }
  return out + "]";
}

std::string ProposalDetails(const ShownProposal& shown, const Charter& charter, const Style& style) {
  const auto& [id, matter, standing, job] = shown;
  const charter::Proposal& proposal = matter.proposal;
  Facts facts;
  facts.Add("proposal", {id.Hex(), Tone::kStrong});
  if (job != nullptr) {
    facts.Add("name", job->name);
    facts.Add("purpose", job->purpose);
    facts.Add("model", job->model.kind);
  }
  facts.Add("by", proposal.proposer + ", entry " + std::to_string(matter.index) + " of the log");
  facts.Add("stands", Stands(matter, standing.outcome));
  const bool over = !matter.commits.empty() && standing.outcome != Outcome::kRejected;
  facts.Add("why", over || standing.why.ok() ? "" : standing.why.message());
  facts.Add("may run", Day(proposal.not_before) + " to " + Day(proposal.not_after));
  facts.Add("job file", proposal.plan.Hex());
  facts.Add("begins from", proposal.init.Hex());
  for (const charter::DatasetRef& one : proposal.datasets)
    facts.Add("data of " + one.member, "sha256:" + one.certificate.Hex());
  facts.Add("at each node", std::to_string(proposal.max_wall_s) + " s, " +
                                std::to_string(proposal.max_mem_mb) + " MB" + (proposal.gpu ? ", GPU" : ""));
  facts.Add("model goes to", Joined(proposal.recipients) + ", as " + proposal.license);
  Table votes({{"MEMBER"}, {"SAYS"}});
  for (const charter::Member& member : charter.members) {
    if (!member.Has(charter::Right::kVote)) continue;
    const bool yes = standing.tally.approvals.contains(member.id),
               no = standing.tally.rejections.contains(member.id);
    const bool both = standing.tally.equivocations.contains(member.id);
    votes.Row({member.id, both  ? Cell("two different things: counts as no", Tone::kBad)
                          : yes ? Cell("yes", Tone::kGood)
                          : no  ? Cell("no", Tone::kBad)
                                : Cell("nothing yet", Tone::kFaint)});
  }
  return facts.Render(style) + "\n" + votes.Render(style);
}

std::string ProposalJson(const ShownProposal& shown) {
  const auto& [id, matter, standing, job] = shown;
  return WithPayload("proposal", matter.envelope.payload,
                     {{"id", id.Hex()},
                      {"index", std::to_string(matter.index)},
                      {"name", job != nullptr ? std::optional(job->name) : std::nullopt},
                      {"purpose", job != nullptr ? std::optional(job->purpose) : std::nullopt},
                      {"stands", std::string(Name(standing.outcome))},
                      {"rounds", std::to_string(matter.commits.size())},
                      {"approved", Joined(Approvers(standing))},
                      {"rejected", Joined(standing.tally.rejections)}});
}

}  // namespace accord::cli
