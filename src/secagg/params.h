// The parameters of one attempt and their canonical bytes (secagg.md 7.4): who may be lost or corrupt, what
// hides the update, how it is encoded. Made by the coordinator from a job, parsed and checked by every node.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "base/text.h"
#include "secagg/encoding.h"

namespace accord::secagg {

struct Thresholds {
  std::uint32_t t = 0;      // signatures of a certificate; shares of a secret in the full graph
  std::uint32_t u_min = 0;  // the smallest set that may be summed

  // The rule of 2.5 for a cohort of n >= 3 of whom `corrupt` <= n - 2 may be corrupt; mode is not kOff.
  [[nodiscard]] static Thresholds Of(std::uint32_t n, std::uint32_t corrupt, SecureMode mode);

  friend bool operator==(const Thresholds&, const Thresholds&) = default;
};

// T of a job that names none: 0 below five nodes, else n / 5.
[[nodiscard]] std::uint32_t DefaultCorrupt(std::uint32_t n);
// What the choice tolerates, for people: "3 nodes, 1 of them assumed corrupt: no node may be lost".
[[nodiscard]] std::string DescribeTolerance(std::uint32_t n, std::uint32_t corrupt, SecureMode mode);

// The neighbour graph of 2.6: every node masks with k others, and t_k of its shares open its secrets.
struct NeighbourGraph {
  std::uint32_t degree = 0;     // k, even
  std::uint32_t threshold = 0;  // t_k

  friend bool operator==(const NeighbourGraph&, const NeighbourGraph&) = default;
};

// Distributed differential privacy (2.10): each node adds Skellam(mu, mu) to its integers.
struct NoiseParams {
  double clip_norm = 0.0;    // C2
  double mu = 0.0;           // per node
  std::uint32_t margin = 0;  // A, equal to Encoding::margin

  friend bool operator==(const NoiseParams&, const NoiseParams&) = default;
};

inline constexpr std::uint32_t kDefaultChunkWords = 65'536;  // 512 KiB on the wire
inline constexpr std::uint32_t kMaxChunkWords = 1U << 20;

struct Params {
  bool verify = true;                   // whether the sum carries the MAC of section 3 (V1)
  std::optional<NeighbourGraph> graph;  // nothing: the full graph
  std::uint32_t corrupt = 0;            // T
  Thresholds thresholds;
  Encoding encoding;  // n, b, f, d, C, W_max, A and the headers
  std::uint32_t chunk_words = kDefaultChunkWords;
  std::optional<NoiseParams> noise;

  // What a job and its cohort leave to decide.
  struct Choice {
    SecureMode mode = SecureMode::kMalicious;  // not kOff
    std::uint32_t n = 0;
    std::uint32_t corrupt = 0;
    std::uint64_t coordinates = 0;
    std::vector<Header> extras;         // follow count and omega
    std::uint32_t least_survivors = 0;  // raises u_min above the rule where a job asks for more
    // Above 200 nodes, without a graph of the caller's choice: the smallest that is safe when this many may
    // be lost (D of 2.6); a tenth when nothing is said.
    std::optional<NeighbourGraph> graph;
    std::optional<std::uint32_t> dropped;
    bool verify = true;
  };
  // The parameters of a job's [update] table: `secagg.cohort_too_small` or `secagg.bad_params` as Validate.
  [[nodiscard]] static Result<Params> For(const UpdateSpec& update, const Choice& choice);

  // Strict: every rule of 7.4 in its order. `secagg.cohort_too_small` unless 3 <= n <= 65,535 and T <= n - 2;
  // `secagg.bad_params` for any other rule; `secagg.bad_encoding` for short, long or ill-formed bytes.
  // That n is the size of the cohort is the caller's to check.
  [[nodiscard]] static Result<Params> Parse(ByteView bytes, SecureMode mode);
  [[nodiscard]] Bytes Encode() const;  // of valid parameters
  // The rules of Parse on the fields.
  [[nodiscard]] Status Validate(SecureMode mode) const;

  [[nodiscard]] std::uint32_t n() const { return encoding.n; }
  // Shares that open a secret: t_k in the neighbour graph, else t.
  [[nodiscard]] std::uint32_t ShareThreshold() const { return graph ? graph->threshold : thresholds.t; }
  // Tags of an upload: two with the MAC, else none.
  [[nodiscard]] std::size_t Tags() const { return verify ? 2 : 0; }

  friend bool operator==(const Params&, const Params&) = default;
};

}  // namespace accord::secagg
