// Proposals, how they stand, and every vote.
#include <algorithm>

#include "charter/proposal.h"
#include "charter/tally.h"
#include "charter/vote.h"
#include "config/job_file.h"
#include "publish/pages.h"

namespace accord::publish {
namespace {

using charter::Matter;
using charter::Outcome;
using charter::Standing;

std::string Key(Outcome outcome) { return "stands." + std::string(Name(outcome)); }

bool Rejected(const Result<Standing>& standing) {
  return standing.ok() && standing->outcome == Outcome::kRejected;
}

Html OutcomeText(const View& view, const Result<Standing>& standing) {
  if (!standing.ok()) return view.say("stands.unknown");
  const Html text = view.say(Key(standing->outcome));
  if (standing->outcome == Outcome::kPassed) return Tag("span", text, {{"class", "good"}});
  if (standing->outcome == Outcome::kRejected) return Tag("span", text, {{"class", "bad"}});
  return text;
}

// What was trained had been decided on: votes that expired since say nothing of it, a rejection does.
Html StandsText(const View& view, const Matter& matter, const Result<Standing>& standing) {
  const std::size_t rounds = matter.commits.size();
  if (rounds == 0) return OutcomeText(view, standing);
  const Html trained = Tag(
      "span", view.say(rounds == 1 ? "stands.trained_one" : "stands.trained", {{"count", Number(rounds)}}),
      {{"class", "good"}});
  return Rejected(standing) ? trained + Html{" ("} + OutcomeText(view, standing) + Html{")"} : trained;
}

std::vector<std::string> Approvers(const Result<Standing>& standing) {
  std::vector<std::string> names;
  if (!standing.ok()) return names;
  for (const auto& [member, nonce] : standing->tally.approvals) names.push_back(member);
  return names;
}

std::vector<std::string> Rejecters(const Result<Standing>& standing) {
  if (!standing.ok()) return {};
  return {standing->tally.rejections.begin(), standing->tally.rejections.end()};
}

// Whether the vote at this place among the matter's votes counts, and why not.
Html Counts(const View& view, const Result<Standing>& standing, std::size_t place) {
  if (!standing.ok()) return view.say("unknown");
  for (const auto& [ignored, why] : standing->tally.ignored) {
    if (ignored == place) return view.say("proposal.ignored", {{"why", Outside(why)}});
  }
  for (const auto& [member, places] : standing->tally.equivocations) {
    if (places.first == place || places.second == place)
      return Tag("span", view.say("proposal.both"), {{"class", "bad"}});
  }
  return view.say("yes");
}

Html Votes(const View& view, const Matter& matter, const Result<Standing>& standing) {
  const auto& say = view.say;
  Rows rows;
  for (std::size_t i = 0; i < matter.votes.size(); ++i) {
    const auto vote = charter::ParseVote(matter.votes[i].envelope.payload);
    rows.push_back({vote.ok() ? Outside(vote->voter) : say("proposal.unreadable"),
                    vote.ok() ? say(vote->approve ? "proposal.approve" : "proposal.reject") : Html{},
                    vote.ok() ? Time(vote->issued_at) : Html{}, Number(matter.votes[i].index),
                    Counts(view, standing, i)});
  }
  return Table(view, say("proposal.votes_caption"),
               {say("proposal.member"), say("proposal.says"), say("proposal.on"), say("entry"),
                say("proposal.counts")},
               rows);
}

// As much of it as a job file may have.
Html JobFile(const View& view, const Bytes& plan) {
  const std::string_view text = AsText(plan);
  Html out = Tag("pre", Lines(text.substr(0, config::kMaxJobBytes)), {{"tabindex", "0"}}) + Html{"\n"};
  if (text.size() > config::kMaxJobBytes)
    out += Tag("p", view.say("proposal.file_cut",
                             {{"shown", Number(config::kMaxJobBytes)}, {"size", Number(text.size())}}));
  return out;
}

Html Asked(const View& view, const Digest& id, const Matter& matter, const Result<Standing>& standing) {
  const auto& say = view.say;
  const charter::Proposal& proposal = matter.proposal;
  const charter::Version& under = view.source.record.chain()[matter.version];
  const Html version = say("proposal.charter_version", {{"version", Number(under.charter.version)}});
  std::vector<std::pair<Html, Html>> facts{
      {say("proposals.stands"), StandsText(view, matter, standing)},
      {say("proposals.by"), Outside(proposal.proposer)},
      {say("proposal.id"), Code(id.Hex())},
      {say("entry"), Number(matter.index)},
      {say("proposal.charter"), Link(CharterFile(under, ".html"), version)},
      {say("proposal.may_run"),
       say("from_to", {{"from", Time(proposal.not_before)}, {"to", Time(proposal.not_after)}})},
      {say("proposal.plan"), Code(proposal.plan.Hex())},
      {say("proposal.init"), Code(proposal.init.Hex())},
      {say("proposal.bounds"), say("proposal.bounds_text", {{"seconds", Number(proposal.max_wall_s)},
                                                            {"memory", Number(proposal.max_mem_mb)}})},
      {say("proposal.gpu"), say(proposal.gpu ? "yes" : "no")},
      {say("proposal.recipients"), List(proposal.recipients)},
      {say("proposal.license"), Outside(proposal.license)}};
  if (!proposal.datasets.empty()) facts.emplace_back(say("proposal.data"), DataOf(view, proposal));
  const bool over = !matter.commits.empty() && !Rejected(standing);
  if (standing.ok() && !standing->why.ok() && !over)
    facts.insert(facts.begin() + 1, {say("proposal.why"), Outside(standing->why.message())});
  if (const JobSpec* const job = JobOf(view.jobs, proposal)) {
    facts.insert(facts.begin(), {{say("proposal.name"), Outside(job->name)},
                                 {say("proposal.purpose"), Outside(job->purpose)},
                                 {say("proposal.model"), Outside(job->model.kind)}});
  }
  return Facts(facts);
}

Page ProposalPage(const View& view, const Digest& id, const Matter& matter) {
  const auto& say = view.say;
  const auto standing = view.source.record.StandingOf(id, view.now);
  Html body = Section(say("proposal.asked"), Asked(view, id, matter, standing));
  body += Section(say("proposal.votes"), Votes(view, matter, standing));
  if (!matter.commits.empty()) {
    body += Section(say("proposal.rounds"),
                    Tag("p", Link("rounds.html#" + RoundsAnchor(id), say("proposal.rounds_link"))));
  }
  const auto plan = view.source.plans.find(matter.proposal.plan);
  if (plan != view.source.plans.end()) body += Section(say("proposal.file"), JobFile(view, plan->second));
  return {ProposalFile(id), "nav.proposals", say("proposal.title", {{"id", Escape(Short(id))}}),
          std::move(body)};
}

}  // namespace

std::string ProposalFile(const Digest& id) { return "proposal-" + id.Hex() + ".html"; }

Html ProposalLink(const View& view, const Digest& id) {
  const Html name = Code(Short(id));
  return view.source.record.matters().contains(id) ? Link(ProposalFile(id), name) : name;
}

Html DataOf(const View& view, const charter::Proposal& proposal) {
  Html items;
  for (const charter::DatasetRef& one : proposal.datasets) {
    const bool logged = std::ranges::any_of(
        view.datasets, [&](const dataset::Found& found) { return found.entry->id == one.certificate; });
    const Html id = Code(one.certificate.Hex());
    items += Tag("li", Outside(one.member) + Html{": "} +
                           (logged ? Link("datasets.html#" + CertificateAnchor(one.certificate), id) : id));
  }
  return Tag("ul", items);
}

bool Passed(const View& view, const Digest& job) {
  const charter::Record& record = view.source.record;
  if (!record.matters().at(job).commits.empty()) return true;
  const auto standing = record.StandingOf(job, view.now);
  return standing.ok() && standing->outcome == Outcome::kPassed;
}

std::vector<Page> ProposalPages(const View& view) {
  const auto& say = view.say;
  std::vector<std::pair<Digest, const Matter*>> matters;
  for (const auto& [id, matter] : view.source.record.matters()) matters.emplace_back(id, &matter);
  std::ranges::sort(matters, [](const auto& a, const auto& b) { return a.second->index > b.second->index; });
  std::vector<Page> pages{{"proposals.html", "nav.proposals", say("proposals.title"), {}}};
  Rows rows;
  for (const auto& [id, matter] : matters) {
    const auto standing = view.source.record.StandingOf(id, view.now);
    const JobSpec* const job = JobOf(view.jobs, matter->proposal);
    rows.push_back({ProposalLink(view, id), job != nullptr ? Outside(job->name) : say("unknown"),
                    Outside(matter->proposal.proposer), StandsText(view, *matter, standing),
                    List(Approvers(standing)), List(Rejecters(standing)), Time(matter->proposal.not_after)});
    pages.push_back(ProposalPage(view, id, *matter));
  }
  pages.front().body =
      Table(view, say("proposals.caption"),
            {say("proposals.proposal"), say("proposals.name"), say("proposals.by"), say("proposals.stands"),
             say("proposals.for"), say("proposals.against"), say("proposals.until")},
            rows);
  return pages;
}

}  // namespace accord::publish
