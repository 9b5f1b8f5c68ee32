#include "publish/site.h"

#include <algorithm>
#include <array>

#include "crypto/sha256.h"
#include "ledger/cosignature.h"
#include "ledger/dsse.h"
#include "publish/pages.h"

namespace accord::publish {
namespace {

constexpr std::uint64_t kLastSecond = 253'402'300'799;  // of the year 9999
// No script runs, whatever got past Escape, and nothing comes from elsewhere.
constexpr const char* kOnlyThis = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'";

struct Entry {
  const char *key, *file;
};
constexpr auto kNavigation = std::to_array<Entry>({{"nav.index", "index.html"},
                                                   {"nav.charter", "charter.html"},
                                                   {"nav.members", "members.html"},
                                                   {"nav.proposals", "proposals.html"},
                                                   {"nav.datasets", "datasets.html"},
                                                   {"nav.rounds", "rounds.html"},
                                                   {"nav.models", "models.html"},
                                                   {"nav.log", "log.html"}});

Html Navigation(const View& view, const std::string& current) {
  Html items;
  for (const Entry& entry : kNavigation) {
    const Html text = view.say(entry.key);
    const bool here = entry.key == current;
    items += Tag("li", here ? Tag("a", text, {{"href", entry.file}, {"aria-current", "page"}})
                            : Link(entry.file, text));
  }
  return Tag("nav", Tag("ul", items), {{"aria-label", view.say.Plain("pages")}});
}

std::string Document(const View& view, const Page& page) {
  const Html site = view.say("site", {{"federation", Escape(view.newest().charter.federation)}});
  const Html footer = view.say("footer", {{"size", Number(view.head.size)}, {"time", Time(view.now)}});
  return "<!DOCTYPE html>\n<html lang=\"" + Escape(view.say.Plain("lang")).text + "\" dir=\"" +
         Escape(view.say.Plain("dir")).text +
         "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, "
         "initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         kOnlyThis + "\">\n<title>" + page.title.text + " - " + site.text +
         "</title>\n<link rel=\"stylesheet\" href=\"style.css\">\n</head>\n<body>\n" +
         Tag("a", view.say("skip"), {{"class", "skip"}, {"href", "#main"}}).text + "\n" +
         Tag("header", Tag("p", site, {{"class", "site"}}) + Navigation(view, page.nav)).text +
         "\n<main id=\"main\">\n<h1>" + page.title.text + "</h1>\n" + page.body.text + "</main>\n" +
         Tag("footer", Tag("p", footer)).text + "\n</body>\n</html>\n";
}

}  // namespace

charter::UnixSeconds TimeOf(const ledger::Note& head, const charter::Charter& charter) {
  std::vector<charter::UnixSeconds> times;
  for (const charter::Member& member : charter.members) {
    if (!member.Has(charter::Right::kWitness)) continue;
    const auto by = std::ranges::find_if(
        head.signatures, [&](const ledger::NoteSignature& one) { return one.IsBy(*member.witness); });
    if (by == head.signatures.end() || !member.witness->Verify(head.text, by->signature)) continue;
    if (const auto said = ledger::Cosignature::Parse(by->signature)) times.push_back(said->time);
  }
  if (times.empty()) return charter.not_before;
  std::ranges::sort(times);
  return times[(times.size() - 1) / 2];
}

View MakeView(const SiteSource& source, const Texts& texts) {
  View view{.source = source, .say = texts};
  view.now = TimeOf(source.head, view.newest().charter);
  if (auto head = ledger::Checkpoint::Parse(source.head.text); head.ok()) view.head = *std::move(head);
  const auto present = source.record.Present(view.now);
  view.present = present.ok() ? *present : nullptr;
  view.why_not = present.status();
  view.datasets = Search(source.catalogue, {}, view.now);
  view.jobs = JobsOf(source.plans);
  for (const auto& [job, matter] : source.record.matters()) view.rounds += matter.commits.size();
  view.releases = ReleasesOf(source.record, source.entries);
  return view;
}

std::map<std::string, std::string> MakeSite(const SiteSource& source, const Texts& texts) {
  const View view = MakeView(source, texts);
  std::vector<Page> pages{IndexPage(view),  MembersPage(view), DatasetsPage(view),
                          RoundsPage(view), ModelsPage(view),  LogPage(view)};
  for (Page& page : CharterPages(view)) pages.push_back(std::move(page));
  for (Page& page : ProposalPages(view)) pages.push_back(std::move(page));
  std::map<std::string, std::string> files;
  for (const Page& page : pages) files[page.file] = Document(view, page);
  files["style.css"] = StyleSheet();
  files["checkpoint"] = source.head.Format();
  const auto& places = source.record.charter_places();
  for (std::size_t i = 0; i < places.size(); ++i)
    files[CharterFile(source.record.chain()[i], ".json")] = AsText(source.entries[places[i]]);
  std::string sums;
  for (const auto& [name, content] : files) sums += crypto::Sha256::Of(content).Hex() + "  " + name + "\n";
  files[kSumsFile] = sums;
  return files;
}

// ---------------------------------------------------------------- parts of pages

Html Table(const View& view, const Html& caption, const std::vector<Html>& heads, const Rows& rows) {
  if (rows.empty()) return Tag("p", view.say("none"));
  Html head, body;
  for (const Html& one : heads) head += Tag("th", one, {{"scope", "col"}});
  for (const std::vector<Html>& row : rows) {
    Html cells;
    for (std::size_t i = 0; i < row.size(); ++i)
      cells += i == 0 ? Tag("th", row[i], {{"scope", "row"}}) : Tag("td", row[i]);
    body += Tag("tr", cells) + Html{"\n"};
  }
  const Html table =
      Tag("table", Tag("caption", caption) + Tag("thead", Tag("tr", head)) + Html{"\n"} + Tag("tbody", body));
  // Wide ones scroll by themselves, also by keyboard.
  return Tag("div", table, {{"class", "table"}, {"tabindex", "0"}}) + Html{"\n"};
}

Html Facts(const std::vector<std::pair<Html, Html>>& facts) {
  Html list;
  for (const auto& [term, said] : facts) list += Tag("dt", term) + Tag("dd", said) + Html{"\n"};
  return Tag("dl", list) + Html{"\n"};
}

Html Section(const Html& heading, const Html& content) {
  return Tag("section", Tag("h2", heading) + Html{"\n"} + content) + Html{"\n"};
}

Html Time(charter::UnixSeconds time) {
  const auto seconds = std::chrono::seconds(static_cast<std::int64_t>(std::min(time, kLastSecond)));
  const std::string text = FormatTime(TimePoint(std::chrono::duration_cast<Millis>(seconds)));
  return Tag("time", Escape(text.substr(0, 10) + " " + text.substr(11, 5) + " UTC"),
             {{"datetime", text.substr(0, 19) + "Z"}});
}

Html Number(std::uint64_t number) { return Escape(std::to_string(number)); }

Html Lines(std::string_view text) {
  Html out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    out += Escape(line) + Html{"\n"};
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return out;
}

Html Code(std::string_view text) { return Tag("code", Escape(text)); }
Html Link(const std::string& file, const Html& text) { return Tag("a", text, {{"href", file}}); }

Html List(const std::vector<std::string>& words) {
  Html out;
  for (const std::string& word : words) {
    if (!out.text.empty()) out += Html{", "};
    out += Outside(word);
  }
  return out;
}

std::string CharterFile(const charter::Version& version, const char* ending) {
  return "charter-" + std::to_string(version.charter.version) + ending;
}

}  // namespace accord::publish
