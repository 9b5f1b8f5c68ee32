#include "ledger/lines.h"

#include <charconv>

#include "base/text.h"
#include "crypto/base64.h"

namespace accord::ledger {

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || stop != end || leading_zero || number > kMaxNumber) return std::nullopt;
  return number;
}

std::optional<Digest> ParseHash(std::string_view text) {
  const std::optional<Bytes> bytes = crypto::FromBase64(text);
  return bytes ? Digest::FromBytes(AsText(*bytes)) : std::nullopt;
}

std::string FormatHash(const Digest& hash) { return crypto::ToBase64(hash.bytes); }

std::string Quoted(std::string_view line) { return '"' + Printable(line, 80) + '"'; }

}  // namespace accord::ledger
