// What a proposal is judged by: the version of the charter that it was made under, and the one in force now.
// Members have to have a right in both: amendments take rights away at once, and give none for what was
// proposed before.
#pragma once

#include "accord/ids.h"
#include "charter/chain.h"
#include "charter/charter.h"

namespace accord::charter {

struct Ballot {
  Digest job;                        // the proposal's id
  const Version* version = nullptr;  // that it was made under
  const Charter* present = nullptr;  // in force
  UnixSeconds now = 0;

  // The member as it was then, if it has the right then and now; nullptr otherwise.
  [[nodiscard]] const Member* Find(std::string_view id, Right right) const {
    const Member* then = version->charter.Find(id);
    const Member* today = present->Find(id);
    const bool both = then != nullptr && today != nullptr && then->Has(right) && today->Has(right);
    return both ? then : nullptr;
  }
};

}  // namespace accord::charter
