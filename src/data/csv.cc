#include "data/csv.h"

#include "base/errors.h"

namespace accord::data {
namespace {
constexpr std::size_t kLineBuffer = 64 << 10;
}  // namespace

Status CsvReader::Broken(const std::string& what) const {
  return Fail(errors::kDataRow, name() + " line " + std::to_string(line_) + ": " + what);
}

Result<int> CsvReader::Get() {
  if (at_ == buffer_.size()) {
    buffer_.resize(kLineBuffer);
    ACCORD_ASSIGN_OR_RETURN(const std::size_t got, input_.Read(buffer_));
    buffer_.resize(got);
    at_ = 0;
    if (got == 0) return kEnd;
    if (!begun_ && AsText(buffer_).starts_with("\xEF\xBB\xBF")) at_ = 3;
    begun_ = true;
    if (at_ == got) return kEnd;
  }
  const int byte = buffer_[at_++];
  if (byte == '\n') ++next_line_;
  return byte;
}

Result<CsvReader::State> CsvReader::Inside(State state, int byte) {
  if (state == State::kQuoted && byte == '"') return State::kQuoteInQuoted;
  if (state == State::kFieldStart && byte == '"') return State::kQuoted;
  if (state == State::kPlain && byte == '"')
    return Broken("a quote inside a field that does not begin with one");
  if (state == State::kQuoteInQuoted && byte != '"') return Broken("text after a closing quote");
  if (field_.size() == kMaxField) return Broken("a field is longer than " + FormatBytes(kMaxField));
  field_ += static_cast<char>(byte);
  return state == State::kFieldStart ? State::kPlain
         : state == State::kPlain    ? State::kPlain
                                     : State::kQuoted;
}

Status CsvReader::EndField(std::vector<std::string>& fields) {
  record_bytes_ += field_.size();
  if (fields.size() == kMaxFields || record_bytes_ > kMaxRecord) return Broken("the record is too long");
  fields.push_back(std::move(field_));
  field_.clear();
  return {};
}

Result<bool> CsvReader::ReadRecord(std::vector<std::string>& fields) {
  State state = State::kFieldStart;
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(int byte, Get());
    if (state != State::kQuoted && byte == '\r') {
      ACCORD_ASSIGN_OR_RETURN(byte, Get());
      if (byte != '\n' && byte != kEnd) return Broken("a carriage return without a line feed");
    }
    if (byte == kEnd && state == State::kQuoted) return Broken("a quote is not closed");
    if (byte == kEnd && state == State::kFieldStart && fields.empty()) return false;
    if (state != State::kQuoted && (byte == ',' || byte == '\n' || byte == kEnd)) {
      ACCORD_RETURN_IF_ERROR(EndField(fields));
      if (byte != ',') return true;
      state = State::kFieldStart;
      continue;
    }
    ACCORD_ASSIGN_OR_RETURN(state, Inside(state, byte));
  }
}

Result<bool> CsvReader::Next(std::vector<std::string>& fields) {
  while (true) {
    fields.clear();
    field_.clear();
    record_bytes_ = 0;
    line_ = next_line_;
    ACCORD_ASSIGN_OR_RETURN(const bool found, ReadRecord(fields));
    if (!found) return false;
    if (fields.size() > 1 || !fields[0].empty()) return true;
  }
}

}  // namespace accord::data
