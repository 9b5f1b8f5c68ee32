// fuzz-deps: accord_bundle
// model.sig, and the statement in it: whatever parses is written as something that parses to the same.
#include <cstdint>

#include "base/check.h"
#include "bundle/model_signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::bundle;
  const auto signature = ParseModelSignature({data, size});
  if (signature.ok()) {
    const std::string text = EncodeModelSignature(*signature);
    const auto again = ParseModelSignature(accord::AsBytes(text));
    ACCORD_CHECK(again.ok() && again->hint == signature->hint && again->payload == signature->payload &&
                 again->signature == signature->signature);
  }
  const auto list =
      ParseStatement(signature.ok() ? accord::ByteView(signature->payload) : accord::ByteView(data, size));
  if (list.ok()) {
    const auto again = ParseStatement(EncodeStatement(*list));
    ACCORD_CHECK(again.ok() && *again == *list);
  }
  return 0;
}
