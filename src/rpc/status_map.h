// accord::Status on the wire: code <-> gRPC code in one table, and id, message and hint without loss in the
// status details (accord.v1.Error). The status text is "id: message", which is what tools without Accord's
// protos show, and all that is left where gRPC drops details (refusals by the access check). Pure; any
// thread.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "accord/status.h"
#include "accord/v1/types.pb.h"

namespace accord::rpc {

[[nodiscard]] grpc::StatusCode ToGrpcCode(Code code);
[[nodiscard]] Code FromGrpcCode(grpc::StatusCode code);

// Texts are trimmed so that all fits the 8 KiB of trailers that every gRPC client accepts.
[[nodiscard]] grpc::Status ToGrpc(const Status& status);
// A status without Accord's mark (made by gRPC itself, or by a proxy) becomes `net.unreachable`,
// `net.timeout`, `net.cancelled`, `protocol.version` (the peer does not know the method), else `internal`.
[[nodiscard]] Status FromGrpc(const grpc::Status& status);
// Whether the peer's Accord made this status, not gRPC on the way.
[[nodiscard]] bool IsFromPeer(const grpc::Status& status);

// In messages: no id is ok. An id that this version does not know keeps its texts and is kInternal.
void ToProto(const Status& status, v1::Error* out);
[[nodiscard]] Status FromProto(const v1::Error& error);

// Text fit for a proto string: at most `limit` bytes, cut between characters, with '?' for what is not UTF-8.
[[nodiscard]] std::string WireText(std::string_view text, std::size_t limit);

}  // namespace accord::rpc
