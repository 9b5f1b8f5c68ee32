#include "rpc/status_map.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"

namespace accord::rpc {
namespace {

constexpr std::pair<Code, grpc::StatusCode> kCodes[] = {
    {Code::kOk, grpc::StatusCode::OK},
    {Code::kInvalid, grpc::StatusCode::INVALID_ARGUMENT},
    {Code::kNotFound, grpc::StatusCode::NOT_FOUND},
    {Code::kConflict, grpc::StatusCode::FAILED_PRECONDITION},
    {Code::kDenied, grpc::StatusCode::PERMISSION_DENIED},
    {Code::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED},
    {Code::kUnavailable, grpc::StatusCode::UNAVAILABLE},
    {Code::kTimeout, grpc::StatusCode::DEADLINE_EXCEEDED},
    {Code::kExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
    {Code::kCorrupt, grpc::StatusCode::DATA_LOSS},
    {Code::kInternal, grpc::StatusCode::INTERNAL},
};

// Base64 adds a third to the details, escapes up to two thirds to the text; the sum stays below 8 KiB.
constexpr std::size_t kIdLimit = 64;
constexpr std::size_t kMessageLimit = 3'072;
constexpr std::size_t kHintLimit = 512;
constexpr std::size_t kTextLimit = 384;

// Length of the UTF-8 character at the front of `text`, 0 when it is none (RFC 3629: no overlong forms, no
// surrogates).
std::size_t CharSize(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool good = tail(1) && tail(2) && (lead != 0xE0 || at(1) >= 0xA0) && (lead != 0xED || at(1) < 0xA0);
    return good ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool good =
        tail(1) && tail(2) && tail(3) && (lead != 0xF0 || at(1) >= 0x90) && (lead != 0xF4 || at(1) < 0x90);
    return good ? 4 : 0;
  }
  return 0;
}

// "auth.role: text" of a status whose details were dropped; nullptr unless it begins with an id of the table.
const ErrorInfo* MarkedBy(const std::string& text) {
  const auto colon = text.find(": ");
  return colon == std::string::npos ? nullptr : FindError(std::string_view(text).substr(0, colon));
}

const ErrorInfo& Unmarked(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
      return errors::kNetUnreachable;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return errors::kNetTimeout;
    case grpc::StatusCode::CANCELLED:
      return errors::kNetCancelled;
    case grpc::StatusCode::UNIMPLEMENTED:
      return errors::kProtocolVersion;
    default:
      return errors::kInternal;
  }
}

}  // namespace

grpc::StatusCode ToGrpcCode(Code code) {
  const auto* row = std::ranges::find(kCodes, code, &std::pair<Code, grpc::StatusCode>::first);
  return row == std::end(kCodes) ? grpc::StatusCode::INTERNAL : row->second;
}

Code FromGrpcCode(grpc::StatusCode code) {
  const auto* row = std::ranges::find(kCodes, code, &std::pair<Code, grpc::StatusCode>::second);
  return row == std::end(kCodes) ? Code::kInternal : row->first;
}

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  v1::Error error;
  ToProto(status, &error);
  return {ToGrpcCode(status.code()), error.id() + ": " + WireText(status.message(), kTextLimit),
          error.SerializeAsString()};
}

bool IsFromPeer(const grpc::Status& status) {
  return !status.error_details().empty() || MarkedBy(status.error_message()) != nullptr;
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return {};
  v1::Error error;
  if (!status.error_details().empty() && error.ParseFromString(status.error_details()) &&
      !error.id().empty()) {
    return {FromGrpcCode(status.error_code()), error.id(), error.message(), error.hint()};
  }
  const std::string& text = status.error_message();
  if (const ErrorInfo* info = MarkedBy(text)) {
    return {FromGrpcCode(status.error_code()), std::string(info->id), text.substr(info->id.size() + 2),
            std::string(info->remedy)};
  }
  return Fail(Unmarked(status.error_code()), text.empty() ? "The call failed without a reason." : text);
}

void ToProto(const Status& status, v1::Error* out) {
  out->Clear();
  if (status.ok()) return;
  out->set_id(WireText(status.error().empty() ? errors::kInternal.id : status.error(), kIdLimit));
  out->set_message(WireText(status.message(), kMessageLimit));
  out->set_hint(WireText(status.hint(), kHintLimit));
}

Status FromProto(const v1::Error& error) {
  if (error.id().empty()) return {};
  const ErrorInfo* info = FindError(error.id());
  return {info == nullptr ? Code::kInternal : info->code, error.id(), error.message(), error.hint()};
}

std::string WireText(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = CharSize(text);
    if (out.size() + std::max<std::size_t>(size, 1) > limit) break;
    out += size == 0 ? std::string_view("?") : text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

}  // namespace accord::rpc
