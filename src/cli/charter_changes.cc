#include "cli/charter_changes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "charter/charter_file.h"

namespace accord::cli {
namespace {

using charter::Charter;
using nlohmann::json;
using nlohmann::ordered_json;

// None where a draft would not say all of it, or not only that.
std::optional<std::string> AsDraft(const Charter& charter) {
  std::string text = charter::FormatCharterFile(charter);
  const auto plain = [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); };
  if (!std::ranges::all_of(text, plain)) return std::nullopt;
  std::optional<charter::Predecessor> before;
  if (charter.prev) before = {charter.version - 1, *charter.prev};
  const auto again = charter::ParseCharterFile(AsBytes(text), "charter", before);
  if (again.ok() && *again == charter) return text;
  return std::nullopt;
}

// "members/0/trust_domain = ..."; what is not ASCII is escaped.
std::string AsFields(const Charter& charter) {
  std::string text;
  const json fields = json::parse(AsText(charter::Encode(charter))).flatten();
  for (const auto& [path, value] : fields.items())
    text += path.substr(1) + " = " + value.dump(-1, ' ', /*ensure_ascii=*/true) + "\n";
  return text;
}

}  // namespace

std::string WholeCharter(const Charter& charter) {
  const auto draft = AsDraft(charter);
  return draft ? *draft : AsFields(charter);
}

std::vector<LineChange> CharterChanges(const Charter& was, Charter is) {
  is.version = was.version;
  is.prev = was.prev;
  const auto before = AsDraft(was), after = AsDraft(is);
  const bool drafts = before && after;
  return DiffLines(SectionLines(drafts ? *before : AsFields(was)),
                   SectionLines(drafts ? *after : AsFields(is)));
}

std::string ChangesText(std::span<const LineChange> changes, const Style& style) {
  std::string text, section;
  for (const LineChange& change : changes) {
    if (change.line.section != section) text += change.line.section + "\n";
    section = change.line.section;
    text += Paint(style, change.added ? Tone::kGood : Tone::kBad,
                  (change.added ? "+ " : "- ") + change.line.text) +
            "\n";
  }
  return text.empty() ? "nothing\n" : text;
}

std::string ChangesJson(std::span<const LineChange> changes) {
  ordered_json list = ordered_json::array();
  for (const LineChange& change : changes)
    list.push_back({{"in", change.line.section}, {change.added ? "is" : "was", change.line.text}});
  return list.dump();
}

}  // namespace accord::cli
