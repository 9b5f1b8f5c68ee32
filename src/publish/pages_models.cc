// Released models: what was asked and agreed, who trained them, who let them out.
#include <algorithm>
#include <optional>
#include <set>

#include "charter/release.h"
#include "crypto/spiffe.h"
#include "publish/pages.h"

namespace accord::publish {
namespace {

using charter::Matter;
using charter::ModelRelease;
using FactList = std::vector<std::pair<Html, Html>>;

// How many rounds led to this model; none where the log has no round that did.
std::optional<std::size_t> RoundsTo(const Matter& matter, const Digest& model) {
  const auto last = std::ranges::find_if(
      matter.commits, [&](const charter::LoggedCommit& round) { return round.commit.model_out == model; });
  if (last == matter.commits.end()) return std::nullopt;
  return static_cast<std::size_t>(last - matter.commits.begin()) + 1;
}

// Whose node it is, by the charter that the job was agreed under or one that followed; else the node itself.
std::string MemberOf(const View& view, const Matter& matter, const std::string& node) {
  const auto id = crypto::SpiffeId::Parse(node);
  const auto& chain = view.source.record.chain();
  for (std::size_t i = matter.version; id.ok() && i < chain.size(); ++i) {
    for (const charter::Member& member : chain[i].charter.members) {
      if (member.trust_domain == id->trust_domain) return member.id;
    }
  }
  return node;
}

std::vector<std::string> TookPart(const View& view, const Matter& matter, std::size_t rounds) {
  std::set<std::string> members;
  for (std::size_t i = 0; i < rounds; ++i) {
    for (const std::string& node : matter.commits[i].commit.cohort)
      members.insert(MemberOf(view, matter, node));
  }
  return {members.begin(), members.end()};
}

// What its proposal and rounds say of it.
void AddMatter(FactList& facts, const View& view, const ModelRelease& release, const Matter& matter) {
  const auto& say = view.say;
  const charter::Proposal& proposal = matter.proposal;
  if (const JobSpec* const job = JobOf(view.jobs, proposal)) {
    facts.emplace_back(say("proposal.purpose"), Outside(job->purpose));
    facts.emplace_back(say("proposal.model"), Outside(job->model.kind));
  }
  facts.emplace_back(say("proposal.license"), Outside(proposal.license));
  facts.emplace_back(say("proposal.recipients"), List(proposal.recipients));
  const auto rounds = RoundsTo(matter, release.model);
  facts.emplace_back(
      say("models.rounds"),
      rounds ? Link("rounds.html#" + RoundsAnchor(release.job), Number(*rounds)) : say("models.no_round"));
  if (rounds) facts.emplace_back(say("models.took_part"), List(TookPart(view, matter, *rounds)));
  if (!proposal.datasets.empty()) facts.emplace_back(say("proposal.data"), DataOf(view, proposal));
}

Html Card(const View& view, const Release& entry, const ModelRelease& release) {
  const auto& say = view.say;
  const auto& matters = view.source.record.matters();
  const auto matter = matters.find(release.job);
  const JobSpec* const job = matter == matters.end() ? nullptr : JobOf(view.jobs, matter->second.proposal);
  const Html name = job == nullptr ? Html{} : Outside(job->name), id = Code(Short(release.model));
  FactList facts{
      {say("models.proposal"), ProposalLink(view, release.job) + (job == nullptr ? name : Html{" "} + name)},
      {say("models.by"), List({entry.signers.begin(), entry.signers.end()})},
      {say("models.when"), Time(release.time)}};
  if (matter != matters.end()) AddMatter(facts, view, release, matter->second);
  facts.emplace_back(say("models.hash"), Code(release.model.Hex()));
  facts.emplace_back(say("models.signature"), Code(release.signature.Hex()));
  facts.emplace_back(say("models.provenance"), Code(release.provenance.Hex()));
  facts.emplace_back(say("entry"), Number(entry.index));
  return Section(
      job == nullptr ? say("models.model", {{"id", id}}) : say("models.named", {{"name", name}, {"id", id}}),
      Facts(facts));
}

// Signed by a member, so that it counts, but of another form.
Html Unreadable(const View& view, const Release& entry) {
  const auto& say = view.say;
  return Section(say("models.release", {{"id", Code(Short(entry.id))}}),
                 Facts({{say("entry"), Number(entry.index)},
                        {say("signed_by"), List({entry.signers.begin(), entry.signers.end()})}}) +
                     Tag("p", say("models.unreadable")));
}

}  // namespace

Page ModelsPage(const View& view) {
  Html body;
  for (const Release& entry : view.releases) {
    const auto release = charter::ParseModelRelease(entry.payload);
    body += release.ok() ? Card(view, entry, *release) : Unreadable(view, entry);
  }
  if (view.releases.empty()) body = Tag("p", view.say("none"));
  return {"models.html", "nav.models", view.say("models.title"), std::move(body)};
}

}  // namespace accord::publish
