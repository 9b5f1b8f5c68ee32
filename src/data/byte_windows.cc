#include "data/byte_windows.h"

#include <algorithm>
#include <string>

namespace accord::data {
namespace {

constexpr std::uint64_t kLook = 256;     // bytes in which a space is looked for
constexpr std::uint64_t kCharacter = 4;  // bytes, at most

bool IsWhite(std::int32_t token) { return token == ' ' || token == '\n' || token == '\t' || token == '\r'; }
bool Continues(std::int32_t token) { return token >= 0x80 && token < 0xC0; }

}  // namespace

ByteWindows::ByteWindows(const TokenSource& source, std::uint64_t context)
    : source_(source),
      context_(context),
      look_(std::min(context, kLook)),
      size_(source.tokens() / context + (source.tokens() % context != 0 ? 1 : 0)) {}

std::size_t ByteWindows::BeginIn(std::span<const std::int32_t> tokens, std::size_t at) const {
  const std::size_t end = std::min(tokens.size(), at + static_cast<std::size_t>(look_));
  for (std::size_t i = at; i < end; ++i) {
    // Before the first of several spaces: they are one to most vocabularies.
    if (tokens[i] == kByteBos || (tokens[i] == ' ' && !IsWhite(tokens[i - 1]))) return i;
  }
  if (end == tokens.size()) return end;  // the last word of all
  while (at < tokens.size() && Continues(tokens[at])) ++at;
  return at;
}

Status ByteWindows::ForEachText(std::uint64_t index,
                                const std::function<void(std::string_view, Place)>& take) const {
  const std::uint64_t first = index * context_ - (index > 0 ? 1 : 0);
  const std::uint64_t last = std::min(source_.tokens(), index * context_ + context_ + look_ + kCharacter);
  std::vector<std::int32_t> tokens(last - first);
  ACCORD_RETURN_IF_ERROR(source_.Read(first, tokens));
  const std::size_t begin = index > 0 ? BeginIn(tokens, 1) : 0;
  const std::uint64_t next = index * context_ + context_ - first;
  const std::size_t end = next < tokens.size() ? BeginIn(tokens, next) : tokens.size();
  std::string text;
  for (std::size_t at = begin; at < end;) {
    const bool fresh = tokens[at] == kByteBos;
    if (fresh) ++at;
    text.clear();
    for (; at < end && tokens[at] != kByteBos; ++at) text += static_cast<char>(tokens[at]);
    if (text.empty()) continue;
    const bool ends = at == tokens.size() || tokens[at] == kByteBos;
    const bool begins = fresh || (at == text.size() + begin && begin > 0 && tokens[begin - 1] == kByteBos);
    take(text, {.first = begins, .last = ends});
  }
  return {};
}

}  // namespace accord::data
