// Nodes, members, models and contexts as text for people. Pure (golden tests in tests/golden/cli).
#pragma once

#include <string>
#include <vector>

#include "cli/context_store.h"
#include "cli/style.h"
#include "rpc/views.h"

namespace accord::cli {

[[nodiscard]] std::string NodeTable(const std::vector<rpc::NodeView>& nodes, TimePoint now,
                                    const Style& style);
[[nodiscard]] std::string NodeDetails(const rpc::NodeView& node, TimePoint now, const Style& style);

[[nodiscard]] std::string MemberTable(const std::vector<rpc::MemberView>& members, TimePoint now,
                                      const Style& style);
// "alice (operator) is suspended": after suspend and restore.
[[nodiscard]] std::string MemberChange(const rpc::MemberView& member, const Style& style);
// The token, and what to do with it; `role` decides which program joins.
[[nodiscard]] std::string InviteText(const rpc::InviteView& invite, std::string_view role, TimePoint now,
                                     const Style& style);

[[nodiscard]] std::string ModelTable(const std::vector<rpc::ModelView>& models, const Style& style);

// `current` is marked; an empty name when none is in force.
[[nodiscard]] std::string ContextTable(const std::vector<Context>& contexts, const std::string& current,
                                       TimePoint now, const Style& style);
[[nodiscard]] std::string ContextDetails(const Context& context, TimePoint now, const Style& style);

}  // namespace accord::cli
