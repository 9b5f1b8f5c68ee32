#include <algorithm>

#include "base/errors.h"
#include "data/documents.h"
#include "data/utf8.h"

namespace accord::data {
namespace {

constexpr char kFormFeed = '\f';

Status NotUtf8(const Input& input, const Utf8Check& check) {
  return Fail(errors::kDataUtf8, input.name() + ": byte " + std::to_string(check.good()) +
                                     " (from 0) begins no UTF-8 character");
}

// The documents, and parts of documents, of one block.
Status AppendBlock(std::string_view block, std::string_view source, DocumentSink& sink) {
  while (true) {
    const std::size_t end = block.find(kFormFeed);
    if (end != 0 && !block.empty()) ACCORD_RETURN_IF_ERROR(sink.Append(block.substr(0, end)));
    if (end == std::string_view::npos) return {};
    ACCORD_RETURN_IF_ERROR(sink.End());
    ACCORD_RETURN_IF_ERROR(sink.Begin(source));
    block.remove_prefix(end + 1);
  }
}

}  // namespace

Status ReadTextDocuments(Input& input, std::string_view source, DocumentSink& sink) {
  Bytes block(kReadBlock);
  Utf8Check check;
  ACCORD_RETURN_IF_ERROR(sink.Begin(source));
  for (bool first = true;; first = false) {
    ACCORD_ASSIGN_OR_RETURN(const std::size_t got, input.Read(block));
    std::string_view text = AsText(ByteView(block).first(got));
    if (!check.Add(text)) return NotUtf8(input, check);
    if (first && text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
    ACCORD_RETURN_IF_ERROR(AppendBlock(text, source, sink));
    if (got < block.size()) break;
  }
  if (!check.Done()) return NotUtf8(input, check);
  return sink.End();
}

}  // namespace accord::data
