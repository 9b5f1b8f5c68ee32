// The local checkpoint of a round in training: one file, replaced whole, so that a restarted node goes on
// from its last step on disk. Written and read by the trainer on its thread. It holds weights trained on the
// nation's data: private to the node (mode 0600), never sent.
//
// File: a header of base/codec { "ACCKPT", u16 version = 1, u64 round, u32 plan, u32 start, u64 step, u32
// vectors, u64 size of each }, then the vectors as little-endian f32, then the crc32c of all before it (u32,
// big-endian).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "accord/status.h"

namespace accord::trainer {

// What a checkpoint must agree with before it is used: checksums of everything that shapes the training.
struct CheckpointId {
  std::uint64_t round = 0;
  std::uint32_t plan = 0;   // crc32c over the layout, the inner optimizer, seeds and number of examples
  std::uint32_t start = 0;  // crc32c over the weights that the round starts from
  friend bool operator==(const CheckpointId&, const CheckpointId&) = default;
};

// Writes `step` (steps done) and the vectors, all of one size: weights, then the optimizer's state.
[[nodiscard]] Status SaveCheckpoint(const std::filesystem::path& path, const CheckpointId& id,
                                    std::uint64_t step, std::span<const std::span<const float>> vectors);

// The step, and the vectors filled; nullopt when there is no file. Fails with `store.corrupt` for a damaged
// file and one of another training, `store.version` for one of a newer version, `store.io`; the vectors
// are then untouched.
[[nodiscard]] Result<std::optional<std::uint64_t>> LoadCheckpoint(const std::filesystem::path& path,
                                                                  const CheckpointId& id,
                                                                  std::span<const std::span<float>> vectors);

}  // namespace accord::trainer
