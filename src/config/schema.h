// A schema: every key of a file once, with field, whether it must be there, and one line for people. Applies
// a document to the bound struct, collects every problem, shows the values in force, writes the reference.
// Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "base/errors.h"
#include "config/document.h"
#include "config/field.h"

namespace accord::config {

enum class Need : std::uint8_t { kOptional, kRequired };

class Schema {
 public:
  // The keys that follow belong to `section` ("" for the top level); `doc` is one line.
  void Section(std::vector<std::string> section, std::string doc);
  void Key(std::string name, Field field, std::string doc, Need need = Need::kOptional);

  // Sets every key that the document has, in its order (a later entry of the same key wins), and collects the
  // problems: the document's own, unknown keys, wrong values, missing keys.
  void Apply(const Document& document);
  // False when a text could not be read to its end: what seems missing may be there.
  [[nodiscard]] bool Readable() const { return readable_; }
  // A problem of the key at `path`, found by a check across keys; placed where the key or its section is.
  void Complain(const std::string& path, std::string text);
  // Whether the keys are free of problems so far: a check across keys that are not would only add noise.
  [[nodiscard]] bool Good(std::initializer_list<std::string_view> paths) const;
  // Whether the document gave the key.
  [[nodiscard]] bool Has(std::string_view path) const;
  // Whether a section is called so, or begins so.
  [[nodiscard]] bool HasSection(const std::vector<std::string>& keys) const;

  // Ok, or one Status of `error` with a heading and a line a problem, in order of place.
  [[nodiscard]] Status Finish(const ErrorInfo& error, std::string_view name) const;

  // The values in force as TOML; those that `defaults` has too, as comments. `defaults` has the same keys.
  [[nodiscard]] std::string Show(const Schema& defaults) const;
  // Markdown: a heading a section and a table of its keys; `defaults` are the values before Apply.
  [[nodiscard]] std::string Reference() const;

 private:
  struct KeyEntry {
    std::string path, name, doc;
    Field field;
    Need need;
  };
  struct SectionEntry {
    std::vector<std::string> keys;
    std::string doc;
    std::vector<KeyEntry> entries;
  };
  [[nodiscard]] const KeyEntry* Find(std::string_view path) const;
  [[nodiscard]] bool HasSectionIn(std::vector<std::string> keys, std::string name) const;
  [[nodiscard]] bool InBadTable(const SectionEntry& section) const;
  [[nodiscard]] std::string Suggestion(const std::vector<std::string>& keys) const;

  std::vector<SectionEntry> sections_;
  bool readable_ = true;
  std::vector<Problem> problems_;
  std::map<std::string, Place, std::less<>> places_;  // of every key and table that the document has
  std::set<std::string, std::less<>> bad_;            // paths with a problem
};

}  // namespace accord::config
