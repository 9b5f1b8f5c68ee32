// From a registry as it is served to the one that is hashed, pinned and checked. For whoever asked a
// coordinator: nodes and the command line, which does not link
// gRPC in its tests: hence no file of its own. Pure.
#pragma once

#include <utility>

#include "accord/status.h"
#include "base/errors.h"
#include "rpc/views.h"
#include "secagg/registry.h"

namespace accord::rpc {

// `secagg.bad_encoding` unless name and entry are well-formed. Verifies nothing: see secagg::CheckVouched.
[[nodiscard]] inline Result<secagg::VouchedEntry> ToVouched(const RegistryView::Entry& entry) {
  ACCORD_ASSIGN_OR_RETURN(secagg::RegistryEntry parsed, secagg::RegistryEntry::Parse(entry.entry));
  Result<crypto::SpiffeId> identity = crypto::SpiffeId::Parse(entry.spiffe_id);
  if (!identity.ok()) return Fail(errors::kSecaggBadEncoding, identity.status().message());
  return secagg::VouchedEntry{*std::move(identity), std::move(parsed), entry.signature};
}
// `secagg.bad_encoding` also unless the entries are strictly ascending. Its Hash() is what labs pin.
[[nodiscard]] inline Result<secagg::Registry> ToRegistry(const RegistryView& view) {
  secagg::Registry registry{.version = view.version, .entries = {}};
  for (const RegistryView::Entry& one : view.entries) {
    ACCORD_ASSIGN_OR_RETURN(secagg::VouchedEntry vouched, ToVouched(one));
    if (!registry.entries.empty() && !(registry.entries.back().id < vouched.entry.id)) {
      return Fail(errors::kSecaggBadEncoding, "the entries of the registry are not strictly ascending");
    }
    registry.entries.push_back(std::move(vouched.entry));
  }
  return registry;
}

}  // namespace accord::rpc
