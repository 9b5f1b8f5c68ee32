// Views as JSON for --json. The names are a promise to scripts: add, never rename. Times are RFC 3339, ids
// and hashes hex, what is unknown or unset is null. Pure (golden tests in tests/golden/cli).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "cli/context_store.h"
#include "cli/explain_text.h"
#include "rpc/views.h"

namespace accord::cli {

// {"ok":true,"data":DATA,"end":END}; `data` is JSON text.
[[nodiscard]] std::string JsonAnswer(std::string_view data, bool end);
// {"ok":false,"error":{"code","message","hint"},"end":true}
[[nodiscard]] std::string JsonFailure(const Status& status);

[[nodiscard]] std::string Json(const rpc::JobView& job);
[[nodiscard]] std::string Json(const Explained& explained);
[[nodiscard]] std::string Json(const rpc::ValidationView& validation);
[[nodiscard]] std::string Json(const rpc::LogLineView& line);
[[nodiscard]] std::string Json(const rpc::NodeView& node);
[[nodiscard]] std::string Json(const rpc::MemberView& member);
[[nodiscard]] std::string Json(const rpc::InviteView& invite);
[[nodiscard]] std::string Json(const rpc::ModelView& model);
[[nodiscard]] std::string Json(const Context& context);

template <class T>
[[nodiscard]] std::string Json(const std::vector<T>& items) {
  std::string out = "[";
  for (const T& item : items) out += (out.size() > 1 ? "," : "") + Json(item);
  return out + "]";
}

// An object of strings and nulls, for small answers.
struct Field {
  std::string_view name;
  std::optional<std::string> value;
};
[[nodiscard]] std::string JsonObject(const std::vector<Field>& fields);

}  // namespace accord::cli
