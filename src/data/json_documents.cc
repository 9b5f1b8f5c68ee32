#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/errors.h"
#include "data/documents.h"
#include "data/utf8.h"

namespace accord::data {
namespace {

// Lines without their LF; the last one may lack it.
class LineReader {
 public:
  explicit LineReader(Input& input) : input_(input), block_(kReadBlock) {}

  // The next line into `line`; false at the end. `data.json` for one that is too long.
  Result<bool> Next(std::string& line) {
    line.clear();
    ++number_;
    while (true) {
      if (rest_.empty()) {
        ACCORD_ASSIGN_OR_RETURN(const std::size_t got, input_.Read(block_));
        if (got == 0) return !line.empty();
        rest_ = AsText(ByteView(block_).first(got));
      }
      const std::size_t end = rest_.find('\n');
      const std::string_view part = rest_.substr(0, end);
      if (part.size() > kMaxJsonLine - line.size()) {
        return Fail(errors::kDataJson, Place() + " is longer than " + FormatBytes(kMaxJsonLine) +
                                           "; put such a document into a text file of its own");
      }
      line += part;
      rest_.remove_prefix(std::min(rest_.size(), part.size() + 1));
      if (end != std::string_view::npos) return true;
    }
  }
  [[nodiscard]] std::string Place() const { return input_.name() + ": line " + std::to_string(number_); }
  [[nodiscard]] bool first() const { return number_ == 1; }

 private:
  Input& input_;
  Bytes block_;
  std::string_view rest_;
  std::uint64_t number_ = 0;
};

// Keeps two string members of the outermost object, whatever else there is, and builds no tree of it.
class MemberHandler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit MemberHandler(const JsonFields& fields) : fields_(fields) {}

  bool null() override { return Other(); }
  bool boolean(bool) override { return Other(); }
  bool number_integer(number_integer_t) override { return Other(); }
  bool number_unsigned(number_unsigned_t) override { return Other(); }
  bool number_float(number_float_t, const string_t&) override { return Other(); }
  bool binary(binary_t&) override { return Other(); }
  bool string(string_t& value) override {
    if (depth_ == 0) return false;
    if (depth_ == 1 && in_text_)
      text = std::move(value);
    else if (depth_ == 1 && in_source_)
      source = std::move(value);
    return true;
  }
  bool key(string_t& name) override {
    in_text_ = depth_ == 1 && name == fields_.text;
    in_source_ = depth_ == 1 && name == fields_.source;
    return true;
  }
  bool start_object(std::size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override { return depth_ > 0 && Enter(); }
  bool end_array() override { return Leave(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

  std::optional<std::string> text, source;

 private:
  // A value that is no string: what an earlier member of the same name said does not count any more.
  bool Other() {
    if (depth_ == 1 && in_text_) text.reset();
    if (depth_ == 1 && in_source_) source.reset();
    return depth_ > 0;
  }
  bool Enter() {
    if (depth_ > 0) Other();
    ++depth_;
    return true;
  }
  bool Leave() {
    --depth_;
    return true;
  }

  const JsonFields& fields_;
  std::uint64_t depth_ = 0;
  bool in_text_ = false, in_source_ = false;  // the member whose value comes next
};

Status ReadLine(const std::string& place, std::string_view line, const JsonFields& fields,
                std::string_view source, DocumentSink& sink) {
  if (Utf8Prefix(line) != line.size()) return Fail(errors::kDataUtf8, place + " is not UTF-8");
  MemberHandler members(fields);
  if (!nlohmann::json::sax_parse(line, &members))
    return Fail(errors::kDataJson, place + " is no JSON object");
  if (!members.text) {
    return Fail(errors::kDataJson,
                place + " has no text in the member \"" + Printable(fields.text, 64) + "\"");
  }
  ACCORD_RETURN_IF_ERROR(sink.Begin(members.source ? std::string_view(*members.source) : source));
  if (!members.text->empty()) ACCORD_RETURN_IF_ERROR(sink.Append(*members.text));
  return sink.End();
}

}  // namespace

Status ReadJsonDocuments(Input& input, const JsonFields& fields, std::string_view source,
                         DocumentSink& sink) {
  LineReader lines(input);
  std::string line;
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(const bool more, lines.Next(line));
    if (!more) return {};
    std::string_view text = line;
    if (lines.first() && text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
    if (text.find_first_not_of(kWhiteSpace) == std::string_view::npos) continue;
    ACCORD_RETURN_IF_ERROR(ReadLine(lines.Place(), text, fields, source, sink));
  }
}

}  // namespace accord::data
