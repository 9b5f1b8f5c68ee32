#include "publish/html.h"

#include <algorithm>

#include "base/text.h"

namespace accord::publish {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

std::string Quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

Html Escape(std::string_view text) { return {Quoted(Printable(text, kMostBytes))}; }

Html Tag(std::string_view name, const Html& inner, Attributes attributes) {
  std::string out = "<" + std::string(name);
  for (const auto& [key, value] : attributes)
    out += " " + std::string(key) + "=\"" + Escape(value).text + "\"";
  return {out + ">" + inner.text + "</" + std::string(name) + ">"};
}

Html Outside(std::string_view text) { return Tag("bdi", Escape(text)); }

Html OutsideLink(std::string_view address) {
  const bool web = address.starts_with("https://") || address.starts_with("http://");
  const bool plain = std::ranges::all_of(address, [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("\"'<>`\\").find(c) == std::string_view::npos;
  });
  if (!web || !plain) return Outside(address);
  return Tag("a", Escape(address), {{"href", std::string(address)}, {"rel", "nofollow noopener noreferrer"}});
}

}  // namespace accord::publish
