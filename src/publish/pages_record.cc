// What decisions are about and what came of them: certified data, rounds.
#include "publish/pages.h"

namespace accord::publish {
namespace {

using dataset::CatalogueEntry;
using dataset::Certificate;
using dataset::Found;
using dataset::Holds;

Html HoldsText(const View& view, const Found& found) {
  const Certificate& certificate = found.entry->certificate;
  const auto& say = view.say;
  switch (found.holds) {
    case Holds::kRevoked:
      return Tag("span", say("holds.revoked"), {{"class", "bad"}});
    case Holds::kSuperseded: {
      const Digest& by = found.successor->id;
      return say("holds.superseded", {{"id", Link("#" + CertificateAnchor(by), Code(Short(by)))}});
    }
    case Holds::kOver:
      return say("holds.over", {{"to", Time(certificate.not_after)}});
    case Holds::kNotYet:
      return say("holds.not_yet", {{"from", Time(certificate.not_before)}});
    case Holds::kInForce:
      break;
  }
  return say("holds.in_force", {{"to", Time(certificate.not_after)}});
}

Html Licenses(const std::vector<std::string>& licenses) {
  Html out;
  for (const std::string& one : licenses) out += (out.text.empty() ? Html{} : Html{", "}) + OutsideLink(one);
  return out;
}

Html NameOf(const Certificate& certificate) {
  return Outside(certificate.member + "/" + certificate.dataset) + Html{" "} + Outside(certificate.version);
}

std::vector<Html> DatasetRow(const View& view, const Found& found) {
  const CatalogueEntry& entry = *found.entry;
  const Html none = view.say("unknown");
  return {Link("#" + CertificateAnchor(entry.id), NameOf(entry.certificate)),
          HoldsText(view, found),
          entry.facts ? List(entry.facts->languages) : none,
          List(entry.certificate.modalities),
          entry.facts ? Licenses(entry.facts->licenses) : none,
          List(entry.certificate.purposes)};
}

Html DatasetDetails(const View& view, const Found& found) {
  const auto& say = view.say;
  const CatalogueEntry& entry = *found.entry;
  const Certificate& certificate = entry.certificate;
  std::vector<std::pair<Html, Html>> facts{
      {say("datasets.stands"), HoldsText(view, found)},
      {say("datasets.records"), Number(certificate.records)},
      {say("datasets.jurisdiction"), Outside(certificate.jurisdiction)},
      {say("datasets.law"), Outside(certificate.legal_basis)},
      {say("datasets.personal"), say(certificate.personal_data ? "yes" : "no")},
      {say("datasets.certificate"), Code(entry.id.Hex())},
      {say("datasets.root"), Code(certificate.root.Hex())},
      {say("entry"), Number(entry.index)}};
  if (entry.facts) {
    const Html url = entry.facts->url.empty() ? say("unknown") : OutsideLink(entry.facts->url);
    facts.insert(facts.begin(), {{say("datasets.name"), Outside(entry.facts->name)},
                                 {say("datasets.about"), Outside(entry.facts->description)},
                                 {say("datasets.publisher"), Outside(entry.facts->publisher)},
                                 {say("datasets.address"), url}});
  }
  const Html heading = Tag("h2", NameOf(certificate), {{"id", CertificateAnchor(entry.id)}});
  return Tag("section", heading + Html{"\n"} + Facts(facts)) + Html{"\n"};
}

Html Nodes(const View& view, const std::vector<std::string>& nodes) {
  return nodes.empty() ? view.say("rounds.nobody") : List(nodes);
}

std::vector<Html> RoundRow(const View& view, const charter::LoggedCommit& round) {
  return {Number(round.commit.round),
          Time(round.commit.time),
          Code(Short(round.commit.model_in)),
          Code(Short(round.commit.model_out)),
          Nodes(view, round.commit.cohort),
          Nodes(view, round.commit.dropped),
          Number(round.index)};
}

Html RoundsOfJob(const View& view, const Digest& job, const Rows& rows) {
  const auto& say = view.say;
  const Html heading = say("rounds.of", {{"id", ProposalLink(view, job)}});
  const Html table = Table(view, say("rounds.caption", {{"id", Code(Short(job))}}),
                           {say("rounds.round"), say("rounds.when"), say("rounds.from"), say("rounds.to"),
                            say("rounds.cohort"), say("rounds.dropped"), say("entry")},
                           rows);
  return Tag("section", Tag("h2", heading, {{"id", RoundsAnchor(job)}}) + table) + Html{"\n"};
}

}  // namespace

std::string CertificateAnchor(const Digest& certificate) { return "certificate-" + certificate.Hex(); }
std::string RoundsAnchor(const Digest& job) { return "job-" + job.Hex(); }

Page DatasetsPage(const View& view) {
  const auto& say = view.say;
  Rows rows;
  Html details;
  for (const Found& found : view.datasets) {
    rows.push_back(DatasetRow(view, found));
    details += DatasetDetails(view, found);
  }
  const Html table = Table(view, say("datasets.caption"),
                           {say("datasets.set"), say("datasets.stands"), say("datasets.languages"),
                            say("datasets.modalities"), say("datasets.license"), say("datasets.purposes")},
                           rows);
  return {"datasets.html", "nav.datasets", say("datasets.title"),
          Tag("p", say("datasets.limit")) + table + details};
}

Page RoundsPage(const View& view) {
  Html body = Tag("p", view.say("rounds.intro"));
  for (const auto& [job, matter] : view.source.record.matters()) {
    Rows rows;
    for (const charter::LoggedCommit& round : matter.commits) rows.push_back(RoundRow(view, round));
    if (!rows.empty()) body += RoundsOfJob(view, job, rows);
  }
  if (view.rounds == 0) body += Tag("p", view.say("none"));
  return {"rounds.html", "nav.rounds", view.say("rounds.title"), std::move(body)};
}

}  // namespace accord::publish
