// A node's side of the integer path: floats in, words out, tile by tile. Called by the node's shell when a
// round asks for the update; masks are added to the same tiles afterwards (crypto::Keystream::Add).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "crypto/prg.h"
#include "crypto/zeroizing.h"
#include "secagg/encoding.h"

namespace accord::secagg {

// SHA-256("FSA-1/rounding\0" || u64 job seed || u64 round || id): rounding without differential privacy is
// public and repeats bit for bit (2.9).
[[nodiscard]] Digest RoundingSeed(std::uint64_t job_seed, RoundId round, const NodeId& node);
// Expand(seed, "FSA-1/round/noise\0") (7.3): the key of the rounding keystream. `seed` has 32 bytes.
[[nodiscard]] crypto::ZeroizingBytes NoiseKey(ByteView seed);

// A delta that may be encoded: of the right length and finite.
struct CheckedDelta {
  std::span<const float> values;  // borrowed; must not change until encoding has ended
  std::uint64_t clipped = 0;      // coordinates with |value| > C
};
// `secagg.wrong_length`, or `update.not_finite` naming the first NaN or Inf.
[[nodiscard]] Result<CheckedDelta> CheckDelta(const Encoding& encoding, std::span<const float> delta);

// Produces the word vector: headers, then packed words. Any tiling gives the same words. One thread at a
// time; several encoders of the same update may work on different tiles.
class Encoder {
 public:
  // `headers`: a value for each header of the encoding; headers[1] is omega and weighs the update.
  // `noise_key` has 32 bytes. `secagg.wrong_length` or `secagg.range` when the headers do not fit.
  [[nodiscard]] static Result<Encoder> Create(const Encoding& encoding, CheckedDelta delta,
                                              std::vector<std::uint64_t> headers, ByteView noise_key);

  // Words [first, first + out.size()) of encoding.Words(). Allocates nothing.
  void Encode(std::uint64_t first, std::span<std::uint64_t> out);

 private:
  Encoder(const Encoding& encoding, CheckedDelta delta, std::vector<std::uint64_t> headers,
          ByteView noise_key);
  void EncodePacked(std::uint64_t first, std::span<std::uint64_t> out);

  Encoding encoding_;
  CheckedDelta delta_;
  std::vector<std::uint64_t> headers_;
  crypto::Keystream noise_;
};

}  // namespace accord::secagg
