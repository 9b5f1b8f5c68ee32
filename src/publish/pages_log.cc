// The overview, and the log with how to check it.
#include <algorithm>
#include <array>
#include <map>

#include "publish/pages.h"

namespace accord::publish {
namespace {

Html CharterInForce(const View& view) {
  if (view.present == nullptr)
    return view.say("index.no_charter", {{"why", Outside(view.why_not.message())}});
  const charter::Charter& charter = view.present->charter;
  return Link("charter.html", view.say("index.version", {{"version", Number(charter.version)},
                                                         {"to", Time(charter.not_after)}}));
}

Html Numbers(const View& view) {
  const auto& say = view.say;
  const auto& matters = view.source.record.matters();
  const auto passed =
      std::ranges::count_if(matters, [&](const auto& one) { return Passed(view, one.first); });
  const auto in_force = std::ranges::count(view.datasets, dataset::Holds::kInForce, &dataset::Found::holds);
  const auto of = [&](std::string_view key, std::uint64_t count, auto part) {
    return say(key, {{"count", Number(count)}, {"part", Number(static_cast<std::uint64_t>(part))}});
  };
  return Facts({{say("index.charter"), CharterInForce(view)},
                {say("index.members"), Number(view.newest().charter.members.size())},
                {say("index.proposals"), of("index.passed", matters.size(), passed)},
                {say("index.datasets"), of("index.in_force", view.datasets.size(), in_force)},
                {say("index.rounds"), Number(view.rounds)},
                {say("index.models"), Number(view.releases.size())},
                {say("index.entries"), Number(view.head.size)}});
}

std::vector<std::string> WitnessesOf(const View& view) {
  std::vector<std::string> members;
  for (const charter::Member& member : view.newest().charter.members) {
    const bool signed_it =
        member.witness && std::ranges::any_of(view.source.head.signatures, [&](const auto& one) {
          return one.IsBy(*member.witness) && member.witness->Verify(view.source.head.text, one.signature);
        });
    if (signed_it) members.push_back(member.id);
  }
  return members;
}

Html HeadOf(const View& view) {
  const auto& say = view.say;
  return Tag("p", say("log.head_text")) +
         Facts({{say("charter.log"), Code(view.newest().charter.log->Format())},
                {say("log.size"), Number(view.head.size)},
                {say("log.root"), Code(view.head.root.Hex())},
                {say("log.witnesses"), List(WitnessesOf(view))},
                {say("log.genesis"), Code(view.source.record.chain().front().hash.Hex())}}) +
         Tag("pre", Lines(view.source.head.Format()), {{"tabindex", "0"}});
}

Html Kinds(const View& view) {
  const auto& say = view.say;
  std::map<std::string, std::array<std::uint64_t, 2>> kinds;  // all, and those that count
  for (std::uint64_t i = 0; i < view.source.entries.size(); ++i) {
    const EntryView one = ViewOf(view.source.record, i, view.source.entries[i]);
    ++kinds[one.kind][0];
    if (one.counts) ++kinds[one.kind][1];
  }
  Rows rows;
  for (const auto& [kind, count] : kinds) rows.push_back({Outside(kind), Number(count[0]), Number(count[1])});
  return Table(view, say("log.kinds_caption"), {say("log.kind"), say("log.count"), say("log.counting")},
               rows);
}

Html HowToVerify(const View& view) {
  const auto& say = view.say;
  const std::string commands = "accord charter pin HASH\naccord log verify\n";
  return Tag("p", say("log.verify_text")) + Tag("pre", Lines(commands), {{"tabindex", "0"}}) +
         Tag("p", say("log.verify_means")) +
         Tag("p", say("log.files", {{"sums", Link(kSumsFile, Code(kSumsFile))},
                                    {"checkpoint", Link("checkpoint", Code("checkpoint"))}}));
}

}  // namespace

Page IndexPage(const View& view) {
  const auto& say = view.say;
  Html body = Tag("p", say("index.intro", {{"federation", Outside(view.newest().charter.federation)}}));
  body += Section(say("index.numbers"), Numbers(view));
  body += Section(say("index.limit"),
                  Tag("p", say("index.limit_text", {{"log", Link("log.html", say("log.title"))}})));
  return {"index.html", "nav.index", say("index.title"), std::move(body)};
}

Page LogPage(const View& view) {
  const auto& say = view.say;
  Html body = Section(say("log.head"), HeadOf(view));
  body += Section(say("log.verify"), HowToVerify(view));
  body += Section(say("log.kinds"), Kinds(view));
  return {"log.html", "nav.log", say("log.title"), std::move(body)};
}

}  // namespace accord::publish
