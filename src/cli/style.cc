#include "cli/style.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace accord::cli {
namespace {

std::string_view Escape(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kStrong:
      return "\x1b[1m";
    case Tone::kFaint:
      return "\x1b[2m";
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kWarn:
      return "\x1b[33m";
    case Tone::kBad:
      return "\x1b[31m";
  }
  return "";
}

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// At most `columns` code points of the text.
std::string_view Cut(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  while (end < text.size()) {
    if (!Continues(text[end]) && columns-- == 0) break;
    ++end;
  }
  return text.substr(0, end);
}

std::string Value(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

// The first of LC_ALL, LC_CTYPE and LANG that is set decides, as in POSIX.
bool Utf8(const Variables& variables) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = Value(variables, name);
    if (value.empty()) continue;
    std::ranges::transform(value, value.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
    return value.find("UTF-8") != std::string::npos || value.find("UTF8") != std::string::npos;
  }
  return false;
}

}  // namespace

Style DetectStyle(int fd, const Variables& variables) {
  Style style;
  style.unicode = Utf8(variables);
  if (isatty(fd) == 0) return style;
  const bool dumb = Value(variables, "TERM") == "dumb";
  style.live = !dumb;
  style.color = !dumb && Value(variables, "NO_COLOR").empty();
  style.fd = fd;
  return Resized(style);
}

Style Resized(Style style) {
  winsize size{};
  if (style.fd >= 0 && ioctl(style.fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    style.width = size.ws_col;
    style.height = size.ws_row;
  }
  return style;
}

std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !Continues(c); }));
}

std::vector<std::string> Wrap(std::string_view text, std::size_t columns) {
  if (columns == 0 && !text.empty()) return {std::string(text)};
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (lines.empty() || Width(lines.back()) + 1 + Width(word) > columns) {
      lines.emplace_back(word);
    } else {
      lines.back().append(" ").append(word);
    }
  }
  return lines;
}

std::string Paint(const Style& style, Tone tone, std::string_view text) {
  if (!style.color || tone == Tone::kPlain || text.empty()) return std::string(text);
  return std::string(Escape(tone)) + std::string(text) + "\x1b[0m";
}

Line& Line::Add(std::string text, Tone tone) {
  if (!text.empty()) pieces_.push_back({std::move(text), tone});
  return *this;
}

Line& Line::Gap(std::string text, Tone tone) {
  if (text.empty()) return *this;
  if (!pieces_.empty()) pieces_.push_back({"  ", Tone::kPlain});
  return Add(std::move(text), tone);
}

Line& Line::Append(const Line& other) {
  pieces_.insert(pieces_.end(), other.pieces_.begin(), other.pieces_.end());
  return *this;
}

std::string Line::Render(const Style& style, std::size_t width) const {
  std::string out;
  std::size_t left = width;
  for (const Piece& piece : pieces_) {
    const std::string_view text = width == 0 ? std::string_view(piece.text) : Cut(piece.text, left);
    out += Paint(style, piece.tone, text);
    left -= width == 0 ? 0 : Width(text);
  }
  return out;
}

Line Bar(std::uint64_t done, std::uint64_t total, std::size_t width, const Style& style) {
  const double share =
      total == 0 ? 0.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto full = static_cast<std::size_t>(share * static_cast<double>(width));
  const auto repeat = [](std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
  };
  Line bar;
  bar.Add(repeat(style.unicode ? "━" : "#", full), full == width ? Tone::kGood : Tone::kStrong);
  bar.Add(repeat(style.unicode ? "─" : ".", width - full), Tone::kFaint);
  return bar;
}

}  // namespace accord::cli
