// fuzz-deps: accord_bundle
// Files of a released model's bundle, in one input: a line "=== NAME", the file, and a newline more, for
// each. What can be read of it is written as the same files, and only what was signed for this model is
// taken.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "bundle/bom.h"
#include "bundle/contents.h"
#include "bundle/job_record.h"
#include "bundle/verify.h"
#include "ledger/dsse.h"

namespace {

using namespace accord::bundle;

Contents FilesOf(std::string_view text) {
  constexpr std::string_view kHead = "=== ";
  Contents contents;
  while (text.starts_with(kHead)) {
    text.remove_prefix(kHead.size());
    const std::size_t line = text.find('\n');
    if (line == std::string_view::npos) break;
    const std::string name(text.substr(0, line));
    text.remove_prefix(line + 1);
    const std::size_t next = text.find("\n=== ");
    const std::size_t end = next != std::string_view::npos ? next : std::max<std::size_t>(text.size(), 1) - 1;
    const std::string_view content = text.substr(0, end);
    contents.files[name] = accord::Bytes(content.begin(), content.end());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return contents;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Contents contents = FilesOf(accord::AsText({data, size}));
  const auto record = ReadRecord(contents);
  if (record.ok()) {
    Contents written;
    ACCORD_CHECK(WriteRecord(*record, written).ok());
    for (const auto& [name, file] : written.files) {
      const auto read = contents.files.find(name);
      ACCORD_CHECK(read != contents.files.end() && read->second == file);
    }
  }
  if (const auto bom = contents.Find(kBomFile); bom.ok()) (void)CheckBom(*bom, {}, {});
  const auto charters = ReadCharters(contents);
  if (!charters.ok() || charters->empty()) return 0;
  const auto first = accord::ledger::ParseEnvelope(accord::AsBytes(charters->front()));
  if (first.ok()) ACCORD_CHECK(!Verify(contents, first->Id()).status.ok());  // the model is not there
  return 0;
}
