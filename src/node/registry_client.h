// What `accord-node registry` asks the coordinator, and how little of the answer it believes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "charter/charter.h"
#include "node/identity.h"
#include "node/registry.h"
#include "rpc/node_client.h"
#include "rpc/views.h"

namespace accord::node {

struct ServedRegistry {
  std::vector<secagg::VouchedEntry> entries;  // each signed by a CA that counts
  secagg::Registry registry;
};

// The registry of this hash, or the newest; blocks. `secagg.wrong_registry` when another one came, the errors
// of CheckRegistry, and those of the call.
[[nodiscard]] Result<ServedRegistry> FetchRegistry(const Identity& identity,
                                                   const std::optional<Digest>& hash);
// What there is to believe in an answer: for FetchRegistry.
[[nodiscard]] Result<ServedRegistry> CheckServed(const rpc::RegistryView& view,
                                                 std::span<const crypto::Certificate> cas,
                                                 const std::optional<Digest>& hash);
// The same under a charter, by the CAs that came with it.
[[nodiscard]] Result<ServedRegistry> CheckServed(const rpc::RegistryView& view,
                                                 const charter::Charter& charter);
// Pins what CheckServed let pass, if it is another than the one that is pinned. `registry.replaced` when an
// entry of it is older than one that was pinned before.
[[nodiscard]] Status PinServed(const std::filesystem::path& state, const ServedRegistry& served);
// Does so with the newest registry of this coordinator, by the charter. Waits for the network: for workers.
[[nodiscard]] Status SyncRegistry(const std::filesystem::path& state, rpc::NodeClient& client,
                                  const charter::Charter& charter);

}  // namespace accord::node
