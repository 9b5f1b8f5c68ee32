// What `accord-node registry` asks the coordinator, and how little of the answer it believes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "node/identity.h"
#include "node/registry.h"
#include "rpc/views.h"

namespace accord::node {

struct ServedRegistry {
  std::vector<secagg::VouchedEntry> entries;  // each signed by the CA that this node trusts
  secagg::Registry registry;
};

// The registry of this hash, or the newest; blocks. `secagg.wrong_registry` when another one came, the errors
// of CheckRegistry, and those of the call.
[[nodiscard]] Result<ServedRegistry> FetchRegistry(const Identity& identity,
                                                   const std::optional<Digest>& hash);
// What there is to believe in an answer: for FetchRegistry.
[[nodiscard]] Result<ServedRegistry> CheckServed(const rpc::RegistryView& view, const crypto::Certificate& ca,
                                                 const std::optional<Digest>& hash);

}  // namespace accord::node
