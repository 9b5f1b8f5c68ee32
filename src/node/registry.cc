#include "node/registry.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <map>
#include <set>

#include "base/errors.h"
#include "base/file.h"
#include "charter/authority.h"
#include "crypto/sha256.h"

namespace accord::node {
namespace {

constexpr std::uint64_t kMaxFile = 64ULL << 20;

std::filesystem::path PinPath(const std::filesystem::path& state) { return state / "registry.pinned"; }
std::filesystem::path BeforePath(const std::filesystem::path& state) { return state / "registry.before"; }
std::filesystem::path SeenPath(const std::filesystem::path& state) { return state / "registry.seen"; }

// Null where there is no file.
Result<std::shared_ptr<const secagg::Registry>> ReadRegistry(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return std::shared_ptr<const secagg::Registry>();
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(path, kMaxFile));
  Result<secagg::Registry> registry = secagg::Registry::Parse(bytes);
  if (registry.ok()) return std::make_shared<const secagg::Registry>(*std::move(registry));
  return Fail(
      errors::kStoreCorrupt, path.string() + " is damaged: " + Describe(registry.status()),
      "Pin the registry again: accord-node registry --pin HASH. If it is registry.seen, compare the keys "
      "of accord-node registry with the other members', and remove the file.");
}

secagg::Registry Collect(std::uint64_t version, std::span<const secagg::VouchedEntry> entries) {
  secagg::Registry registry{.version = version, .entries = {}};
  for (const secagg::VouchedEntry& vouched : entries) registry.entries.push_back(vouched.entry);
  return registry;
}

Status CheckAscending(std::span<const secagg::VouchedEntry> entries) {
  const auto unsorted = [](const secagg::VouchedEntry& a, const secagg::VouchedEntry& b) {
    return !(a.entry.id < b.entry.id);
  };
  if (std::ranges::adjacent_find(entries, unsorted) == entries.end()) return {};
  return Fail(errors::kSecaggBadEncoding, "the entries of the registry are not ascending");
}

Status CheckByCharter(const secagg::VouchedEntry& vouched, std::span<const crypto::Certificate> cas,
                      const charter::Charter& charter) {
  ACCORD_ASSIGN_OR_RETURN(const charter::Member* member, charter::MemberOf(charter, vouched.identity));
  ACCORD_ASSIGN_OR_RETURN(const auto known, charter::CasOf(*member, cas));
  ACCORD_RETURN_IF_ERROR(secagg::CheckVouched(vouched, known));
  // A coordinator that is its member's CA, too, certified nodes before the charter gave the member its name.
  const std::string& org = vouched.entry.org;
  if (org == member->id || org == member->trust_domain) return {};
  return Fail(errors::kRegistryUntrusted, "the registry entry of " + vouched.identity.Format() + " is of '" +
                                              Printable(org, 64) + "', not of " + member->id);
}

std::string NameOf(const secagg::RegistryEntry& entry, std::span<const secagg::VouchedEntry> vouched) {
  const auto named = std::ranges::find(vouched, entry.id, [](const auto& one) { return one.entry.id; });
  return named == vouched.end() ? entry.id.Hex() : named->identity.Format();
}

}  // namespace

Result<PinnedRegistry> LoadPinned(const std::filesystem::path& state) {
  PinnedRegistry pinned;
  ACCORD_ASSIGN_OR_RETURN(pinned.registry, ReadRegistry(PinPath(state)));
  if (!pinned.registry) return pinned;
  pinned.hash = pinned.registry->Hash();
  const auto before = ReadRegistry(BeforePath(state));
  if (before.ok()) pinned.before = *before;
  if (!pinned.before) return pinned;
  if (!Extends(*pinned.registry, *pinned.before)) pinned.before = nullptr;
  if (pinned.before) pinned.before_hash = pinned.before->Hash();
  return pinned;
}

bool Extends(const secagg::Registry& now, const secagg::Registry& before) {
  return std::ranges::all_of(before.entries, [&](const secagg::RegistryEntry& entry) {
    const secagg::RegistryEntry* known = now.Find(entry.id);
    return known != nullptr && *known == entry;
  });
}

// A crash between the two writes leaves a `before` that is the same as what is pinned, which is no harm.
Status Pin(const std::filesystem::path& state, const secagg::Registry& registry) {
  const Result<PinnedRegistry> last = LoadPinned(state);  // a damaged one is replaced
  if (last.ok() && last->registry && last->hash != registry.Hash())
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(BeforePath(state), last->registry->Encode(), FileMode::kShared));
  return WriteFileAtomic(PinPath(state), registry.Encode(), FileMode::kShared);
}

Result<secagg::Registry> CheckRegistry(std::uint64_t version, std::span<const secagg::VouchedEntry> entries,
                                       std::span<const crypto::Certificate> cas) {
  ACCORD_RETURN_IF_ERROR(CheckAscending(entries));
  for (const secagg::VouchedEntry& vouched : entries)
    ACCORD_RETURN_IF_ERROR(secagg::CheckVouched(vouched, cas));
  return Collect(version, entries);
}

Result<secagg::Registry> CheckRegistry(std::uint64_t version, std::span<const secagg::VouchedEntry> entries,
                                       std::span<const crypto::Certificate> cas,
                                       const charter::Charter& charter) {
  ACCORD_RETURN_IF_ERROR(CheckAscending(entries));
  std::map<std::string, std::string> names;  // by trust domain
  for (const secagg::VouchedEntry& vouched : entries) {
    ACCORD_RETURN_IF_ERROR(CheckByCharter(vouched, cas, charter));
    // Policies count a member's nodes by that name (max_per_org).
    const auto [known, fresh] = names.emplace(vouched.identity.trust_domain, vouched.entry.org);
    if (!fresh && known->second != vouched.entry.org)
      return Fail(errors::kRegistryUntrusted, "nodes of " + known->first + " are registered by two names, " +
                                                  Printable(known->second, 64) + " and " +
                                                  Printable(vouched.entry.org, 64));
  }
  return Collect(version, entries);
}

Result<secagg::Registry> LoadSeen(const std::filesystem::path& state) {
  ACCORD_ASSIGN_OR_RETURN(const auto seen, ReadRegistry(SeenPath(state)));
  return seen ? *seen : secagg::Registry();
}

Result<secagg::Registry> SeeNewer(secagg::Registry seen, const secagg::Registry& served,
                                  std::span<const secagg::VouchedEntry> vouched) {
  std::vector<secagg::RegistryEntry> unknown;
  for (const secagg::RegistryEntry& entry : served.entries) {
    const auto known = std::ranges::lower_bound(seen.entries, entry.id, {}, &secagg::RegistryEntry::id);
    if (known == seen.entries.end() || known->id != entry.id) {
      unknown.push_back(entry);
    } else if (entry.Replaces(*known)) {
      *known = entry;
    } else if (entry != *known) {
      return Fail(errors::kRegistryReplaced,
                  "the entry of " + NameOf(entry, vouched) + " in version " + std::to_string(served.version) +
                      " of the registry is older than the one that was pinned here");
    }
  }
  std::ranges::move(unknown, std::back_inserter(seen.entries));
  std::ranges::sort(seen.entries, {}, &secagg::RegistryEntry::id);
  return seen;
}

Status KeepSeen(const std::filesystem::path& state, const secagg::Registry& seen) {
  return WriteFileAtomic(SeenPath(state), seen.Encode(), FileMode::kShared);
}

std::shared_ptr<const secagg::Registry> Counting(const secagg::Registry& registry,
                                                 const charter::Charter& charter) {
  std::set<NodeId> revoked;
  for (const charter::Revocation& one : charter.revoked) {
    const auto id = crypto::SpiffeId::Parse(one.id);
    if (one.kind == charter::kRevokedNode && id.ok()) revoked.insert(id->ToNodeId());
  }
  const auto is_of_member = [&](const std::string& org) {
    return std::ranges::any_of(charter.members, [&](const charter::Member& member) {
      return !member.suspended && (member.id == org || member.trust_domain == org);
    });
  };
  auto counting = std::make_shared<secagg::Registry>(registry);
  std::erase_if(counting->entries, [&](const secagg::RegistryEntry& entry) {
    return revoked.contains(entry.id) || !is_of_member(entry.org);
  });
  return counting;
}

std::string RegistryText(std::uint64_t version, std::span<const secagg::VouchedEntry> entries,
                         const NodeId& own) {
  std::array<char, 256> line{};
  const auto print = [&](const char* name, const char* org, const char* until, const char* key) {
    std::snprintf(line.data(), line.size(), "%-24.64s  %-24.64s  %-24s  %s\n", name, org, until, key);
    return std::string(line.data());
  };
  std::string text = print("NAME", "ORGANISATION", "VALID UNTIL", "KEY");
  for (const secagg::VouchedEntry& vouched : entries) {
    const secagg::RegistryEntry& entry = vouched.entry;
    const TimePoint until{std::chrono::seconds(std::min<std::uint64_t>(entry.not_after, 253'402'300'799))};
    const std::string name = vouched.identity.name + (entry.id == own ? " (this node)" : "");
    const std::string key = crypto::Sha256::Of(ByteView(entry.key.bytes)).Hex().substr(0, 16);
    text += print(Printable(name, 64).c_str(), Printable(entry.org, 64).c_str(), FormatTime(until).c_str(),
                  key.c_str());
  }
  const secagg::Registry registry = Collect(version, entries);
  return text + "\nVersion " + std::to_string(version) + ", " + std::to_string(entries.size()) +
         " nodes, hash " + registry.Hash().Hex() + "\n";
}

}  // namespace accord::node
