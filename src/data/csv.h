// Records of a CSV file as RFC 4180 writes them: fields between commas, quoted ones with "" for a quote and
// with commas and line ends inside; lines end in LF or CR LF. Blank lines are skipped, a UTF-8 byte order
// mark too. Called by the table reader. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "data/input.h"

namespace accord::data {

class CsvReader {
 public:
  static constexpr std::size_t kMaxField = 64 << 10;   // bytes; longer is a quote that nobody closed
  static constexpr std::size_t kMaxRecord = 16 << 20;  // bytes of all fields of a record
  static constexpr std::size_t kMaxFields = 1 << 20;

  // `input` outlives the reader.
  explicit CsvReader(Input& input) : input_(input) {}

  // The next record into `fields`; false at the end. `data.row` names the line of broken quotes.
  [[nodiscard]] Result<bool> Next(std::vector<std::string>& fields);
  // The line on which the last record began, from 1.
  [[nodiscard]] std::uint64_t line() const { return line_; }
  [[nodiscard]] const std::string& name() const { return input_.name(); }

 private:
  enum class State : std::uint8_t { kFieldStart, kPlain, kQuoted, kQuoteInQuoted };
  static constexpr int kEnd = -1;

  // The next byte, or kEnd.
  [[nodiscard]] Result<int> Get();
  [[nodiscard]] Result<bool> ReadRecord(std::vector<std::string>& fields);
  // The state after `byte`, which neither ends the field nor the record.
  [[nodiscard]] Result<State> Inside(State state, int byte);
  [[nodiscard]] Status EndField(std::vector<std::string>& fields);
  [[nodiscard]] Status Broken(const std::string& what) const;

  Input& input_;
  Bytes buffer_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 0;       // where the record began
  std::uint64_t next_line_ = 1;  // where the reader is
  std::string field_;
  std::size_t record_bytes_ = 0;
  bool begun_ = false;
};

}  // namespace accord::data
