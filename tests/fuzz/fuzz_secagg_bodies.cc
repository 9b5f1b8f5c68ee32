// fuzz-deps: accord_secagg
// Bodies of nodes, of every type: whatever parses has exactly those canonical bytes. The first byte chooses
// the type.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "secagg/bodies.h"

namespace {

template <class Body>
void ParseAs(accord::ByteView input) {
  const auto body = Body::Parse(input);
  if (body.ok()) ACCORD_CHECK(std::ranges::equal(body->Encode(), input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::secagg;
  if (size == 0) return 0;
  constexpr void (*kParsers[])(accord::ByteView) = {
      ParseAs<Advertise>,  ParseAs<GraphOpening>,    ParseAs<SharesHead>,
      ParseAs<ShareEntry>, ParseAs<MaskedEnd>,       ParseAs<U3Signature>,
      ParseAs<Unmask>,     ParseAs<ResultSignature>, ParseAs<Abort>};
  kParsers[data[0] % std::size(kParsers)](accord::ByteView(data, size).subspan(1));
  return 0;
}
