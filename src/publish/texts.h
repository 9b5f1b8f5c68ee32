// Every word of the public pages, in one place: English here, other languages in files that are made from it.
// Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "accord/status.h"
#include "publish/html.h"

namespace accord::publish {

class Texts {
 public:
  Texts();  // English

  // A translation (TOML, `key = "text"`): what it leaves out stays English. `cli.file` with every error and
  // its line: no such key, no text, a {word} that the English does not have.
  [[nodiscard]] static Result<Texts> Parse(std::string_view toml, std::string_view name);
  // All of them as such a file.
  [[nodiscard]] std::string Format() const;

  // A text whose {words} are replaced. A key that is not there is a bug.
  [[nodiscard]] Html operator()(std::string_view key,
                                std::initializer_list<std::pair<std::string_view, Html>> words = {}) const;
  [[nodiscard]] const std::string& Plain(std::string_view key) const;

 private:
  std::map<std::string, std::string, std::less<>> texts_;
};

}  // namespace accord::publish
