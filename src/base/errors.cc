#include "base/errors.h"

#include <algorithm>
#include <array>

namespace accord {
namespace {

constexpr const ErrorInfo* kAll[] = {
#define ACCORD_ERROR(name, id, code, meaning, remedy) &errors::name,
#include "base/errors.def"
#undef ACCORD_ERROR
};

}  // namespace

std::span<const ErrorInfo* const> AllErrors() { return kAll; }

const ErrorInfo* FindError(std::string_view id) {
  const auto* found = std::ranges::find(kAll, id, [](const ErrorInfo* error) { return error->id; });
  return found == std::end(kAll) ? nullptr : *found;
}

Status Fail(const ErrorInfo& error, std::string message, std::string hint) {
  return {error.code, std::string(error.id), std::move(message),
          hint.empty() ? std::string(error.remedy) : std::move(hint)};
}

Status StatusOf(std::string_view id) {
  const ErrorInfo* info = FindError(id);
  if (info == nullptr) return {Code::kConflict, std::string(id), std::string(id)};
  return Fail(*info, std::string(info->meaning));
}

std::string Describe(const Status& status) {
  if (status.ok()) return "ok";
  std::string text = status.message() + " (" + status.error() + ")";
  if (!status.hint().empty()) text += "  " + status.hint();
  return text;
}

}  // namespace accord
