// How text looks on the stream that it goes to: colours, line drawing, width. Pure, but for the two functions
// that ask the system. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace accord::cli {

// What a stream can show. The default is what a pipe gets: no colours, ASCII, no redrawing.
struct Style {
  bool color = false;
  bool unicode = false;
  bool live = false;  // a terminal on which lines may be drawn again
  int width = 80;
  int height = 24;
  int fd = -1;  // of the terminal, to follow its size
};

using Variables = std::map<std::string, std::string>;  // the environment of the process

// The style of a file descriptor: colours only on a terminal, without NO_COLOR and with TERM not "dumb".
[[nodiscard]] Style DetectStyle(int fd, const Variables& variables);
// The same style with the terminal's size of now.
[[nodiscard]] Style Resized(Style style);

enum class Tone : std::uint8_t { kPlain, kStrong, kFaint, kGood, kWarn, kBad };

// Columns that UTF-8 text takes, one a code point: all that Accord prints itself is of that width.
[[nodiscard]] std::size_t Width(std::string_view text);
// The words of the text on lines of at most `columns`; 0: one line. Longer words are not cut.
[[nodiscard]] std::vector<std::string> Wrap(std::string_view text, std::size_t columns);
[[nodiscard]] std::string Paint(const Style& style, Tone tone, std::string_view text);

// One line made of pieces with tones. Cut, not wrapped, where it is drawn in place.
class Line {
 public:
  Line& Add(std::string text, Tone tone = Tone::kPlain);
  // Two spaces, then the piece; no spaces at the beginning of a line.
  Line& Gap(std::string text, Tone tone = Tone::kPlain);
  // Appends the pieces of another line.
  Line& Append(const Line& other);
  // Without line end. `width` 0: whole.
  [[nodiscard]] std::string Render(const Style& style, std::size_t width = 0) const;

 private:
  struct Piece {
    std::string text;
    Tone tone;
  };
  std::vector<Piece> pieces_;
};

// A bar of `width` columns; `done` of `total` filled, empty when total is 0.
[[nodiscard]] Line Bar(std::uint64_t done, std::uint64_t total, std::size_t width, const Style& style);

}  // namespace accord::cli
