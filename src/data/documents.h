// The documents of one file, piece by piece, so that none needs to fit into memory. Called by the corpus
// builder; tests and fuzzers hand in memory. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accord/status.h"
#include "data/input.h"

namespace accord::data {

inline constexpr std::size_t kReadBlock = 256 << 10;  // bytes read at once
// A document of nothing else is none.
inline constexpr std::string_view kWhiteSpace = " \t\n\r\v";

// Takes documents one after the other: Begin, Append as often as it has pieces, End. A failure stops the
// reader, which hands it on.
class DocumentSink {
 public:
  virtual ~DocumentSink() = default;
  // `source`: where the document comes from.
  [[nodiscard]] virtual Status Begin(std::string_view source) = 0;
  // UTF-8, cut anywhere, even within a character; the whole document is well-formed unless the reader fails.
  [[nodiscard]] virtual Status Append(std::string_view piece) = 0;
  [[nodiscard]] virtual Status End() = 0;
};

// Plain text: documents end at a form feed and at the end of the file; a byte order mark at the begin is left
// out. Fails with `data.utf8`, which names the byte.
[[nodiscard]] Status ReadTextDocuments(Input& input, std::string_view source, DocumentSink& sink);

inline constexpr std::size_t kMaxJsonLine = 64 << 20;  // bytes; a line is held in memory

struct JsonFields {
  std::string text;
  std::string source;
};

// One JSON object a line (https://jsonlines.org); blank lines are skipped. The member fields.text is the
// document, fields.source its source, and `source` where that is missing; of members with equal names the
// last counts. Fails with `data.utf8` and `data.json`, which name the line.
[[nodiscard]] Status ReadJsonDocuments(Input& input, const JsonFields& fields, std::string_view source,
                                       DocumentSink& sink);

}  // namespace accord::data
