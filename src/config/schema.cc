#include "config/schema.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace accord::config {
namespace {

// Edits (insert, delete, replace) from a to b; for "did you mean".
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

std::string EscapePipes(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

}  // namespace

void Schema::Section(std::vector<std::string> section, std::string doc) {
  sections_.push_back({std::move(section), std::move(doc), {}});
}

void Schema::Key(std::string name, Field field, std::string doc, Need need) {
  ACCORD_CHECK(!sections_.empty());
  std::vector<std::string> keys = sections_.back().keys;
  keys.push_back(name);
  sections_.back().entries.push_back(
      {JoinPath(keys), std::move(name), std::move(doc), std::move(field), need});
}

const Schema::KeyEntry* Schema::Find(std::string_view path) const {
  for (const SectionEntry& section : sections_) {
    for (const KeyEntry& key : section.entries) {
      if (key.path == path) return &key;
    }
  }
  return nullptr;
}

bool Schema::HasSection(const std::vector<std::string>& keys) const {
  return std::any_of(sections_.begin(), sections_.end(), [&](const SectionEntry& section) {
    return section.keys.size() >= keys.size() && std::equal(keys.begin(), keys.end(), section.keys.begin());
  });
}

std::string Schema::Suggestion(const std::vector<std::string>& keys) const {
  const std::string path = JoinPath(keys);
  std::string best;
  std::size_t best_distance = 4;  // farther is another word
  for (const SectionEntry& section : sections_) {
    for (const KeyEntry& key : section.entries) {
      // The right key in the wrong section is the commonest slip.
      const std::size_t distance =
          key.name == keys.back() && key.name.size() > 3 ? 1 : Distance(path, key.path);
      if (path.size() <= 100 && distance < best_distance) {
        best_distance = distance;
        best = key.path;
      }
    }
  }
  return best.empty() ? "" : "; did you mean " + best + "?";
}

void Schema::Apply(const Document& document) {
  problems_.insert(problems_.end(), document.problems.begin(), document.problems.end());
  std::vector<std::vector<std::string>> unknown_tables;
  for (const Entry& entry : document.entries) {
    const std::string path = entry.Path();
    const auto inside = [&](const std::vector<std::string>& table) {
      return table.size() < entry.keys.size() && std::equal(table.begin(), table.end(), entry.keys.begin());
    };
    if (std::any_of(unknown_tables.begin(), unknown_tables.end(), inside)) continue;
    places_[path] = entry.place;
    const bool table = std::holds_alternative<TableMark>(entry.value.held);
    const bool tables = std::holds_alternative<TableList>(entry.value.held);
    const KeyEntry* key = Find(path);
    std::string wrong;
    if (key != nullptr) {
      wrong = key->field.set(entry);
    } else if (!HasSection(entry.keys)) {
      wrong = std::string(table || tables ? "unknown section" : "unknown key") + Suggestion(entry.keys);
    } else if (!table && !(tables && HasSectionIn(entry.keys, "0"))) {
      wrong = "expected a section, found " + TypeName(entry.value);
    }
    if ((table || tables) && (key != nullptr || !wrong.empty())) unknown_tables.push_back(entry.keys);
    if (wrong.empty()) {
      continue;
    }
    bad_.insert(path);
    problems_.push_back({entry.place, path + ": " + wrong});
  }
  readable_ = document.problems.empty();
  if (!readable_) return;
  for (const SectionEntry& section : sections_) {
    if (InBadTable(section)) continue;
    for (const KeyEntry& key : section.entries) {
      if (key.need == Need::kRequired && !Has(key.path)) Complain(key.path, "is missing (" + key.doc + ")");
    }
  }
}

// Whether a section of this name is expected in the table `keys`.
bool Schema::HasSectionIn(std::vector<std::string> keys, std::string name) const {
  keys.push_back(std::move(name));
  return HasSection(keys);
}

bool Schema::InBadTable(const SectionEntry& section) const {
  std::vector<std::string> table;
  for (const std::string& key : section.keys) {
    table.push_back(key);
    if (bad_.contains(JoinPath(table))) return true;
  }
  return false;
}

void Schema::Complain(const std::string& path, std::string text) {
  bad_.insert(path);
  Place place;
  for (std::string at = path;; at.erase(at.rfind('.'))) {
    if (const auto found = places_.find(at); found != places_.end()) {
      place = found->second;
      break;
    }
    if (at.find('.') == std::string::npos) break;
  }
  problems_.push_back({place, path + ": " + text});
}

bool Schema::Good(std::initializer_list<std::string_view> paths) const {
  return std::none_of(paths.begin(), paths.end(), [&](std::string_view path) { return bad_.contains(path); });
}

bool Schema::Has(std::string_view path) const { return places_.contains(path); }

Status Schema::Finish(const ErrorInfo& error, std::string_view name) const {
  if (problems_.empty()) return {};
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tuple(a.place.line == 0, a.place.line, a.place.column) <
           std::tuple(b.place.line == 0, b.place.line, b.place.column);
  });
  std::string text = std::string(name) + " has " +
                     (sorted.size() == 1 ? "an error" : std::to_string(sorted.size()) + " errors") + ":";
  for (const Problem& problem : sorted) {
    const std::string place = problem.place.Text();
    text += "\n" + (place.empty() ? std::string(name) : place) + ": " + problem.text;
  }
  return Fail(error, std::move(text));
}

std::string Schema::Show(const Schema& defaults) const {
  std::string out;
  for (const SectionEntry& section : sections_) {
    if (section.entries.empty()) continue;
    if (!section.keys.empty()) out += (out.empty() ? "[" : "\n[") + JoinPath(section.keys) + "]\n";
    for (const KeyEntry& key : section.entries) {
      const std::string value = key.field.show();
      const bool same = key.need == Need::kOptional && defaults.Find(key.path)->field.show() == value;
      out += (same ? "# " : "") + key.name + " = " + value + "\n";
    }
  }
  return out;
}

std::string Schema::Reference() const {
  std::string out;
  for (const SectionEntry& section : sections_) {
    out += "\n### " + (section.keys.empty() ? "Top level" : "[" + JoinPath(section.keys) + "]") + "\n\n";
    out += section.doc + "\n";
    if (section.entries.empty()) continue;
    out += "\n| key | type | default | meaning |\n|---|---|---|---|\n";
    for (const KeyEntry& key : section.entries) {
      const std::string fallback = key.need == Need::kRequired ? "required" : "`" + key.field.show() + "`";
      out += "| `" + key.name + "` | " + EscapePipes(key.field.type) + " | " + EscapePipes(fallback) + " | " +
             EscapePipes(key.doc) + " |\n";
    }
  }
  return out;
}

}  // namespace accord::config
