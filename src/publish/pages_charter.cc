// The charter, its versions, the members.
#include "charter/charter.h"
#include "ledger/vkey.h"
#include "publish/pages.h"

namespace accord::publish {
namespace {

using charter::Charter;
using charter::Member;
using charter::Right;
using charter::Version;

Html RightsOf(const View& view, const Member& member) {
  if (member.suspended) return Tag("span", view.say("members.suspended"), {{"class", "bad"}});
  Html out;
  for (const Right right : member.rights) {
    if (!out.text.empty()) out += Html{", "};
    out += view.say("right." + std::string(Name(right)));
  }
  return out;
}

Html Revoked(const View& view, const Charter& charter) {
  Html items;
  for (const charter::Revocation& one : charter.revoked) {
    items +=
        Tag("li",
            view.say("charter.revoked_text",
                     {{"kind", Outside(one.kind)}, {"id", Code(one.id)}, {"index", Number(one.from_index)}}));
  }
  return Tag("ul", items);
}

Html Rules(const View& view, const Version& version) {
  const Charter& charter = version.charter;
  const auto& say = view.say;
  const Html total = Number(charter.Count(Right::kVote));
  const auto of = [&](std::uint32_t count) {
    return say("charter.of", {{"count", Number(count)}, {"total", total}});
  };
  std::vector<std::pair<Html, Html>> facts{
      {say("charter.valid"),
       say("from_to", {{"from", Time(charter.not_before)}, {"to", Time(charter.not_after)}})},
      {say("charter.hash"), Code(version.hash.Hex())},
      {say("charter.follows"), charter.prev ? Code(charter.prev->Hex()) : say("charter.first")},
      {say("charter.job"),
       say(charter.data_holder_consent ? "charter.job_text" : "charter.job_text_no_consent",
           {{"count", Number(charter.quorum.job)}, {"total", total}})},
      {say("charter.reject"), say(charter.reject_wins ? "yes" : "no")},
      {say("charter.amend"), of(charter.quorum.amend)},
      {say("charter.add"), of(charter.quorum.add_member)},
      {say("charter.remove"), of(charter.quorum.remove_member)},
      {say("charter.suspend"), of(charter.quorum.emergency_suspend)},
      {say("charter.witness"),
       say("charter.witness_text",
           {{"count", Number(charter.quorum.witness)}, {"total", Number(charter.Count(Right::kWitness))}})},
      {say("charter.cohort"), Number(charter.min_cohort)},
      {say("charter.group"), Number(charter.min_group)},
      {say("charter.log"), Code(charter.log->Format())},
      {say("charter.file"), Link(CharterFile(version, ".json"), Escape(CharterFile(version, ".json")))}};
  if (!charter.revoked.empty()) facts.emplace_back(say("charter.revoked"), Revoked(view, charter));
  return Facts(facts);
}

Html Versions(const View& view) {
  const auto& say = view.say;
  const auto& chain = view.source.record.chain();
  Rows rows;
  for (std::size_t i = chain.size(); i-- > 0;) {
    const Charter& charter = chain[i].charter;
    rows.push_back({Link(CharterFile(chain[i], ".html"), Number(charter.version)),
                    say("from_to", {{"from", Time(charter.not_before)}, {"to", Time(charter.not_after)}}),
                    Number(charter.members.size()), Number(view.source.record.charter_places()[i]),
                    Code(Short(chain[i].hash))});
  }
  return Table(view, say("charter.versions_caption"),
               {say("charter.version"), say("charter.valid"), say("charter.members"), say("entry"),
                say("charter.hash")},
               rows);
}

Html MemberTable(const View& view, const Charter& charter) {
  const auto& say = view.say;
  Rows rows;
  for (const Member& member : charter.members) {
    Html keys;
    for (const ledger::VerifierKey& key : member.gov_keys) {
      if (!keys.text.empty()) keys += Html{"<br>"};
      keys += Code(key.Format());
    }
    rows.push_back({Outside(member.id), RightsOf(view, member), Outside(member.trust_domain), keys,
                    member.witness ? Code(member.witness->Format()) : Html{}});
  }
  return Table(view, say("members.caption"),
               {say("members.member"), say("members.rights"), say("members.domain"), say("members.keys"),
                say("members.witness")},
               rows);
}

Page CharterPage(const View& view, const Version& version, std::string file) {
  const auto& say = view.say;
  const bool current = &version == view.present;
  Html body = Tag(
      "p", current ? say("charter.current")
                   : say("charter.not_current", {{"charter", Link("charter.html", say("charter.newest"))}}));
  if (version.emergency) body += Tag("p", say("charter.emergency"));
  body += Section(say("charter.rules"), Rules(view, version));
  body += Section(say("charter.members"), MemberTable(view, version.charter));
  body += Section(say("charter.versions"), Versions(view));
  return {std::move(file), "nav.charter",
          say("charter.title", {{"version", Number(version.charter.version)}}), std::move(body)};
}

}  // namespace

std::vector<Page> CharterPages(const View& view) {
  std::vector<Page> pages{
      CharterPage(view, view.present != nullptr ? *view.present : view.newest(), "charter.html")};
  for (const Version& version : view.source.record.chain())
    pages.push_back(CharterPage(view, version, CharterFile(version, ".html")));
  return pages;
}

Page MembersPage(const View& view) {
  const auto& say = view.say;
  std::vector<std::pair<Html, Html>> means;
  for (const Right right : {Right::kPropose, Right::kVote, Right::kData, Right::kWitness, Right::kEvaluate}) {
    const std::string key = "right." + std::string(Name(right));
    means.emplace_back(say(key), say(key + ".means"));
  }
  return {"members.html", "nav.members", say("members.title"),
          MemberTable(view, view.newest().charter) + Section(say("members.explain"), Facts(means))};
}

}  // namespace accord::publish
