// The registry that this lab pinned: which protocol key is whose (secagg.md 7.4, governance.md h). Under a
// charter the node pins it by itself, once each entry is by a CA that the charter has for its member; without
// one a person compares its hash with the other members' and pins it with `accord-node registry --pin HASH`.
// The coordinator only carries it. A running node reads the file anew at every Offer.
//
//   <state>/registry.pinned   the registry's canonical bytes
//   <state>/registry.before   those of the one before, if nobody has left it since
//   <state>/registry.seen     of each node the newest entry that was ever pinned by a charter, as a registry
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "accord/status.h"
#include "charter/charter.h"
#include "crypto/x509.h"
#include "secagg/registry.h"

namespace accord::node {

struct PinnedRegistry {
  std::shared_ptr<const secagg::Registry> registry;  // null: none is pinned
  Digest hash;                                       // of it; else zero
  // The one before, while all of its entries are in this one: an attempt that was begun under it goes on
  // though a node has joined meanwhile. Null: there is none.
  std::shared_ptr<const secagg::Registry> before;
  Digest before_hash;

  // To take part in an attempt under the registry of this hash.
  [[nodiscard]] PinnedRegistry For(const Digest& wanted) const {
    return before && before_hash == wanted ? PinnedRegistry{before, before_hash, nullptr, {}} : *this;
  }
};

// Without those who count no more by this charter: revoked nodes, and the nodes of members that are
// suspended, or no members (any more). What is pinned, and its hash, stay as they are.
[[nodiscard]] std::shared_ptr<const secagg::Registry> Counting(const secagg::Registry& registry,
                                                               const charter::Charter& charter);
// Whether every entry of `before` is in `now`, as it was.
[[nodiscard]] bool Extends(const secagg::Registry& now, const secagg::Registry& before);

// `store.corrupt` when what is pinned is damaged; a damaged one before it counts as none.
[[nodiscard]] Result<PinnedRegistry> LoadPinned(const std::filesystem::path& state);
// Durable when it returns. In the place of the one that was pinned.
[[nodiscard]] Status Pin(const std::filesystem::path& state, const secagg::Registry& registry);

// The registry of these entries, once each is signed by one of the CAs that this node knows.
// `registry.untrusted`; `secagg.bad_encoding` when they are not strictly ascending by id.
[[nodiscard]] Result<secagg::Registry> CheckRegistry(std::uint64_t version,
                                                     std::span<const secagg::VouchedEntry> entries,
                                                     std::span<const crypto::Certificate> cas);
// Once each is of an active member and signed by one of those of `cas` that the charter has for it, and all
// of a member's say so by one name; also `auth.*`, `cert.chain`.
[[nodiscard]] Result<secagg::Registry> CheckRegistry(std::uint64_t version,
                                                     std::span<const secagg::VouchedEntry> entries,
                                                     std::span<const crypto::Certificate> cas,
                                                     const charter::Charter& charter);
// The newest entries that this lab knows, also of nodes that have left since; empty in the beginning.
// `store.corrupt`.
[[nodiscard]] Result<secagg::Registry> LoadSeen(const std::filesystem::path& state);
// `seen` and the entries that are newer, or of others. `registry.replaced` when one is none of that: its
// member gave the node another key since, and who serves it plays an older registry. `vouched`: for names.
[[nodiscard]] Result<secagg::Registry> SeeNewer(secagg::Registry seen, const secagg::Registry& served,
                                                std::span<const secagg::VouchedEntry> vouched = {});
// Durable when it returns.
[[nodiscard]] Status KeepSeen(const std::filesystem::path& state, const secagg::Registry& seen);
// What a person looks at before pinning: a line an entry, then version and hash. `own` is marked.
[[nodiscard]] std::string RegistryText(std::uint64_t version, std::span<const secagg::VouchedEntry> entries,
                                       const NodeId& own);

}  // namespace accord::node
