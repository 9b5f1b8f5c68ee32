// What a member says to a proposal (governance.md 2b). Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "charter/charter.h"

namespace accord::charter {

inline constexpr std::string_view kVoteType = "application/vnd.accord.vote.v1+json";

struct Vote {
  std::string federation;
  Digest job;  // the proposal's id
  Digest charter;
  std::uint32_t charter_version = 0;
  std::string voter;
  bool approve = false;
  std::array<std::uint8_t, 32> nonce{};
  UnixSeconds issued_at = 0, expires_at = 0;
  std::optional<Digest> conditions;  // of a text that the member attached

  friend bool operator==(const Vote&, const Vote&) = default;
};

[[nodiscard]] Bytes Encode(const Vote& vote);
// `ledger.malformed` for what is no vote.
[[nodiscard]] Result<Vote> ParseVote(ByteView payload);

}  // namespace accord::charter
