// The bytes of one exchange as Accord packs them: secagg's words for the field width that the sum of n nodes
// needs, and the messages of a masked attempt. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "accord/status.h"
#include "plan/timing.h"

namespace accord::plan {

struct Codec {
  std::string_view name;
  std::uint32_t bits = 0;  // of a coordinate before it is summed
  bool hadamard = false;   // rotated: filled up to a multiple of 4096 coordinates
};
// Updates travel as integers: "f32" stands for 32 bits a coordinate, "bf16" for 16.
inline constexpr std::array<Codec, 4> kCodecs{
    {{"f32", 32, false}, {"bf16", 16, false}, {"8-bit", 8, false}, {"4-bit Hadamard", 4, true}}};

struct Packing {
  std::uint32_t field_bits = 0;       // f = b + ceil(log2 n)
  std::uint32_t fields_per_word = 0;  // m = floor(64 / f)
  std::uint64_t words = 0;            // of 8 bytes: headers (count, omega, loss) and ceil(coordinates / m)
};
// Of an update of that many parameters in a cohort of `nodes`. `plan.invalid` when Accord has no such
// encoding.
[[nodiscard]] Result<Packing> PackingOf(const Codec& codec, std::uint64_t parameters, std::uint32_t nodes,
                                        bool secure);

// Bytes of a node's signed bodies in a masked attempt in which all stay, and of those that it is sent:
// keys, sealed shares, survivor set, opened shares, signatures. The frames of gRPC and TLS are not counted.
struct ProtocolBytes {
  std::uint64_t up = 0;
  std::uint64_t down = 0;
};
[[nodiscard]] ProtocolBytes MaskingBytes(std::uint32_t nodes);

// One exchange: the update up, the sum down, and with `secure` what masks cost beside them.
[[nodiscard]] Result<Traffic> TrafficOf(const Codec& codec, std::uint64_t parameters, std::uint32_t nodes,
                                        bool secure);

}  // namespace accord::plan
