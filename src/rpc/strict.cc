#include "rpc/strict.h"

#include "base/errors.h"
#include "rpc/status_map.h"

namespace accord::rpc {
namespace {

constexpr std::uint64_t kLastMs = 253'402'300'799'999;  // the end of the year 9999
constexpr int kMaxCohort = 65'536;

}  // namespace

void Strict::Refuse(std::string_view field, std::string_view what) {
  if (!status_.ok()) return;
  status_ = Fail(errors::kRpcMalformed,
                 std::string(message_) + "." + std::string(field) + " " + std::string(what) + ".");
}

std::vector<NodeId> Strict::Cohort(const google::protobuf::RepeatedPtrField<std::string>& ids,
                                   std::string_view field) {
  std::vector<NodeId> out;
  Require(!ids.empty() && ids.size() <= kMaxCohort, field, "is empty or too long");
  if (!status_.ok()) return out;
  out.reserve(static_cast<std::size_t>(ids.size()));
  for (const std::string& raw : ids) {
    const auto id = Id<NodeId>(raw, field);
    Require(out.empty() || out.back() < id, field, "is not strictly ascending");
    if (!status_.ok()) return {};
    out.push_back(id);
  }
  return out;
}

RoundId Strict::Round(std::uint64_t value, std::string_view field) {
  Require(value != 0, field, "is 0, but rounds count from 1");
  return {value};
}

std::string Strict::Text(const std::string& text, std::size_t limit, std::string_view field) {
  Require(text.size() <= limit, field, "is longer than " + std::to_string(limit) + " bytes");
  return status_.ok() ? text : std::string();
}

Bytes Strict::Bytes(const std::string& raw, std::size_t limit, std::string_view field) {
  Require(raw.size() <= limit, field, "is longer than " + std::to_string(limit) + " bytes");
  if (!status_.ok()) return {};
  return {raw.begin(), raw.end()};
}

TimePoint Strict::Time(std::uint64_t ms, std::string_view field) { return TimePoint(Duration(ms, field)); }

Millis Strict::Duration(std::uint64_t ms, std::string_view field) {
  Require(ms <= kLastMs, field, "is out of range");
  return Millis(ms <= kLastMs ? static_cast<std::int64_t>(ms) : 0);
}

Status Strict::Error(const v1::Error& error, std::string_view field) {
  Require(!error.id().empty(), field, "has no id");
  return ErrorOrOk(error, field);
}

Status Strict::ErrorOrOk(const v1::Error& error, std::string_view field) {
  constexpr std::size_t kIdLimit = 64;
  constexpr std::size_t kTextLimit = 16'384;
  Require(error.id().size() <= kIdLimit && error.message().size() <= kTextLimit &&
              error.hint().size() <= kTextLimit,
          field, "is too long");
  return FromProto(error);
}

}  // namespace accord::rpc
