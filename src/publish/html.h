// Markup that cannot be forgotten to be escaped: text becomes Html by Escape alone, and only Html is put
// together. Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace accord::publish {

// Well-formed content of an element.
struct Html {
  std::string text;

  Html& operator+=(const Html& more) {
    text += more.text;
    return *this;
  }
  friend Html operator+(Html one, const Html& more) { return one += more; }
};

// Text that anybody wrote: shown as it is where it can be, never markup. What is no UTF-8, control characters
// and marks that turn the direction of writing become "?" (Printable).
[[nodiscard]] Html Escape(std::string_view text);

using Attributes = std::initializer_list<std::pair<std::string_view, std::string>>;
// <name attribute="value">inner</name>; values are escaped.
[[nodiscard]] Html Tag(std::string_view name, const Html& inner, Attributes attributes = {});
// What members wrote, set apart so that its direction of writing does not reach what stands beside it.
[[nodiscard]] Html Outside(std::string_view text);
// A link to an address that somebody gave: only when it is one of the web, else the text alone.
[[nodiscard]] Html OutsideLink(std::string_view address);

}  // namespace accord::publish
