// fuzz-deps: accord_data
// Text and JSONL as documents: what is accepted is UTF-8, whole documents come one after the other, and how
// the bytes arrive makes no difference.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "data/documents.h"
#include "data/utf8.h"

namespace {

using namespace accord;
using namespace accord::data;

class Collector final : public DocumentSink {
 public:
  Status Begin(std::string_view) override {
    ACCORD_CHECK(!open_);
    open_ = true;
    documents.emplace_back();
    return {};
  }
  Status Append(std::string_view piece) override {
    ACCORD_CHECK(open_ && !piece.empty());
    documents.back() += piece;
    return {};
  }
  Status End() override {
    ACCORD_CHECK(open_);
    open_ = false;
    ACCORD_CHECK(Utf8Prefix(documents.back()) == documents.back().size());
    return {};
  }

  std::vector<std::string> documents;

 private:
  bool open_ = false;
};

void CheckUtf8(std::string_view text) {
  const std::size_t prefix = Utf8Prefix(text);
  for (std::size_t size : {1U, 3U, 4096U}) {
    Utf8Check check;
    bool fine = true;
    for (std::size_t at = 0; at < text.size() && fine; at += size) fine = check.Add(text.substr(at, size));
    ACCORD_CHECK(check.good() == prefix);
    ACCORD_CHECK((fine && check.Done()) == (prefix == text.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  CheckUtf8(AsText(bytes));
  Collector text, json;
  MemoryInput text_input("fuzz", bytes);
  const Status read = ReadTextDocuments(text_input, "s", text);
  ACCORD_CHECK(read.ok() == (Utf8Prefix(AsText(bytes)) == size));
  MemoryInput json_input("fuzz", bytes);
  const JsonFields fields{.text = "text", .source = "source"};
  const Status parsed = ReadJsonDocuments(json_input, fields, "s", json);
  ACCORD_CHECK(parsed.ok() || parsed.error() == "data.json" || parsed.error() == "data.utf8");
  return 0;
}
