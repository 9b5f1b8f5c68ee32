// fuzz-deps: accord_rpc
// The bytes of an UpdatePart, in a split chosen by the first byte: never a crash, and equal results for every
// split.
#include <cstdlib>
#include <vector>

#include "rpc/update_part.h"

namespace {

accord::Result<accord::rpc::UpdatePart> ParseIn(accord::ByteView bytes, std::size_t piece) {
  std::vector<accord::ByteView> slices;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    slices.push_back(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  }
  return accord::rpc::ParseUpdatePart(slices);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const accord::ByteView bytes(data + 1, size - 1);
  const auto whole = ParseIn(bytes, bytes.size() + 1);
  const auto split = ParseIn(bytes, 1 + data[0] % 16);
  if (whole.ok() != split.ok() || whole.status() != split.status()) std::abort();
  if (!whole.ok()) return 0;
  if (whole->key != split->key || whole->words != split->words || whole->seq != split->seq ||
      whole->root != split->root || whole->data_bytes != split->data_bytes ||
      accord::rpc::CheckPartCrc(*whole).ok() != accord::rpc::CheckPartCrc(*split).ok()) {
    std::abort();
  }
  return 0;
}
