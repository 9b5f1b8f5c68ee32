// Who may call what: one table, everything that is not in it is denied. The server's gate asks it for each
// RPC before any handler runs; docs/roles.md is made of it and held equal to it by a test. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "accord/status.h"
#include "rpc/handlers.h"

namespace accord::rpc {

// One method, by its gRPC path, and who may call it.
struct AccessRule {
  std::string_view path;  // "/accord.v1.Jobs/Submit"
  bool node = false;
  bool operator_ = false;
  bool researcher = false;
  bool anyone = false;  // also without a certificate
};

[[nodiscard]] std::span<const AccessRule> AccessRules();

// ok when a caller of this role, or without a certificate (nullopt), may call `path`; otherwise
// `auth.no_certificate` or `auth.role`.
[[nodiscard]] Status CheckAccess(std::string_view path, std::optional<Role> role);

// The table as docs/roles.md has it.
[[nodiscard]] std::string RolesPage();

}  // namespace accord::rpc
