// Protocol keys of nodes, as a coordinator serves them and their members' CAs vouch for them.
#pragma once

#include <span>

#include "accord/status.h"
#include "charter/chain.h"
#include "charter/contributions.h"
#include "rpc/views.h"

namespace accord::cli {

// Of the nodes for which a CA has signed that some version of the charter has for their member; a member may
// have replaced its CA, or left, since a node gave what it gave. Keys that only the coordinator vouches for
// are left out, so that what they signed counts as unverified. `secagg.bad_encoding` for entries that are
// none.
[[nodiscard]] Result<charter::NodeKeys> VouchedKeys(const rpc::RegistryView& view,
                                                    std::span<const charter::Version> chain);

}  // namespace accord::cli
