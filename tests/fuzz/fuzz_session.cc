// fuzz-deps: accord_rpc accord_proto
// The bytes of a session's message, from a node or (first byte odd) to one: never a crash, and what is
// accepted is accepted again, unchanged, in the form that this side writes.
#include <google/protobuf/stubs/logging.h>

#include <cstdlib>
#include <string>

#include "rpc/convert.h"

namespace {

template <class Wire>
void ReadAndWriteAgain(const std::string& bytes) {
  Wire wire;
  if (!wire.ParseFromString(bytes)) return;
  const auto first = accord::rpc::FromProto(wire);
  if (!first.ok()) return;
  Wire written;
  accord::rpc::ToProto(*first, &written);
  const auto second = accord::rpc::FromProto(written);
  if (!second.ok()) std::abort();
  Wire again;
  accord::rpc::ToProto(*second, &again);
  if (again.SerializeAsString() != written.SerializeAsString()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  [[maybe_unused]] static const auto quiet = google::protobuf::SetLogHandler(nullptr);  // texts not in UTF-8
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 0) {
    ReadAndWriteAgain<accord::v1::NodeMessage>(bytes);
  } else {
    ReadAndWriteAgain<accord::v1::CoordinatorMessage>(bytes);
  }
  return 0;
}
