// fuzz-deps: accord_charter
// Logs as coordinators serve them, an entry a line: no line crashes who reads them, what may be logged is
// also read, and what is read again says the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "charter/record.h"

namespace {

constexpr accord::charter::UnixSeconds kNow = 1'800'000'000;  // of the seeds
constexpr std::size_t kMostLines = 40;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::charter;
  std::string_view rest = accord::AsText({data, size});
  Record record, again;
  for (std::size_t i = 0; i < kMostLines && !rest.empty(); ++i) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const accord::ByteView entry = accord::AsBytes(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto allowed = record.Check(entry, kNow);
    const auto taken = record.Add(entry);
    ACCORD_CHECK(!allowed.ok() || (taken.ok() && *taken == *allowed));
    ACCORD_CHECK(again.Add(entry).ok() == taken.ok());
  }
  ACCORD_CHECK(record.chain().size() == record.charter_places().size());
  for (const auto& [job, matter] : record.matters()) {
    const auto first = record.StandingOf(job, kNow), second = again.StandingOf(job, kNow);
    ACCORD_CHECK(first.ok() == second.ok() && (!first.ok() || first->outcome == second->outcome));
  }
  return 0;
}
