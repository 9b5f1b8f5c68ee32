// A node's own part in a round of a job that members decided on, as a file beside the job's others, until the
// round is in the log: what its receipt says, and by what the node knows that it was counted.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "charter/receipt.h"

namespace accord::node {

struct RoundPart {
  RoundId round;
  std::uint64_t steps = 0;  // local ones that were taken
  std::uint64_t wall_s = 0;
  std::optional<std::uint64_t> energy_j;   // nothing where the machine does not tell
  charter::UpdateCommitment::Salt salt{};  // opens the receipt's commitment, should this lab want to
  std::string receipt;  // the JSON of the envelope that went with the last update; empty: none did
  Digest made;          // the model that a sum with that update came to, as computed here; zero: none

  friend bool operator==(const RoundPart&, const RoundPart&) = default;
};

[[nodiscard]] Bytes Encode(const RoundPart& part);
// `store.corrupt`.
[[nodiscard]] Result<RoundPart> DecodeRoundPart(ByteView bytes);

// Durable when it returns, in `directory`; the parts of rounds before the last are gone then.
[[nodiscard]] Status KeepPart(const std::filesystem::path& directory, const RoundPart& part);
// One without anything in it where there is no file. `store.corrupt`, `store.io`.
[[nodiscard]] Result<RoundPart> LoadPart(const std::filesystem::path& directory, RoundId round);

}  // namespace accord::node
