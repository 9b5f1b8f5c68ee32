// The journal's tables, shared by its reader and its writer. Stateless.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/text.h"

namespace accord::store {

// The ladder of schema versions; only ever append. records.id is KeyOf(stream, seq): one B-tree by one
// integer, so that a commit of one record writes one page and a stream reads in one sweep.
inline constexpr std::array<const char*, 1> kJournalSchema = {
    "CREATE TABLE streams(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE records(id INTEGER PRIMARY KEY, crc INTEGER NOT NULL, record BLOB NOT NULL)"};

inline constexpr std::int64_t kMaxSeq = 0xffff'ffff;
inline constexpr std::int64_t kMaxStream = 0x7fff'ffff;

[[nodiscard]] constexpr std::int64_t KeyOf(std::int64_t stream, std::int64_t seq) {
  return stream << 32 | seq;
}

// CRC-32C over the record and its place, so that rows that were swapped or moved are found, too.
[[nodiscard]] std::int64_t RecordChecksum(const std::string& stream, std::int64_t seq, ByteView record);

}  // namespace accord::store
