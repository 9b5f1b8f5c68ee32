// fuzz-deps: accord_ledger
// Paths that strangers ask a log for, then the content of a tile or bundle: whatever parses has exactly those
// bytes, and no path leads out of the log.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "ledger/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = accord::AsText({data, size});
  const std::size_t line = std::min(input.find('\n'), input.size());
  const auto tile = accord::ledger::Tile::Parse(input.substr(0, line));
  if (!tile.ok()) return 0;
  ACCORD_CHECK(tile->Path() == input.substr(0, line) && tile->Path().find("..") == std::string_view::npos);
  const accord::ByteView content(data + std::min(line + 1, size), size - std::min(line + 1, size));
  if (tile->level) {
    if (const auto hashes = accord::ledger::ParseHashes(*tile, content); hashes.ok()) {
      ACCORD_CHECK(std::ranges::equal(accord::ledger::EncodeHashes(*hashes), content));
    }
  } else if (const auto entries = accord::ledger::ParseBundle(*tile, content); entries.ok()) {
    accord::Bytes again;
    for (const accord::ByteView entry : *entries)
      ACCORD_CHECK(accord::ledger::AppendEntry(again, entry).ok());
    ACCORD_CHECK(std::ranges::equal(again, content));
  }
  return 0;
}
