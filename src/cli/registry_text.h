// The registry for people and scripts: its hash is worked out here, from the entries that came, and never
// taken from the coordinator. Pure (golden tests in tests/golden/cli).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "cli/style.h"
#include "rpc/views.h"
#include "secagg/registry.h"

namespace accord::cli {

struct RegistryListing {
  std::uint64_t version = 0;
  Digest hash;
  std::vector<secagg::VouchedEntry> nodes;
};

// `secagg.bad_encoding` for a registry that is not well-formed.
[[nodiscard]] Result<RegistryListing> MakeListing(const rpc::RegistryView& view);
[[nodiscard]] std::string RegistryText(const RegistryListing& listing, TimePoint now, const Style& style);
[[nodiscard]] std::string Json(const RegistryListing& listing);

}  // namespace accord::cli
