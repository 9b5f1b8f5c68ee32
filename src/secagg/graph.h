// The neighbour graph of large cohorts (secagg.md 2.6): who masks with whom, and which degree and threshold
// are safe. Roster indexes count from 0. Made by every node from the opened nonces, by the coordinator when
// it writes the parameters. Everything here is public. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "secagg/bodies.h"
#include "secagg/params.h"

namespace accord::secagg {

// Cohorts up to this size use the full graph.
inline constexpr std::uint32_t kFullGraphNodes = 200;

// SHA-256("FSA-1/graph\0", ctx, roster_hash, the nonces in roster order) (7.2).
[[nodiscard]] Digest GraphSeed(const Digest& ctx, const Digest& roster_hash,
                               std::span<const GraphNonce> nonces);

// Fisher-Yates over 0 to n - 1 with the words of Keystream(seed) (7.3).
[[nodiscard]] std::vector<std::uint32_t> Permutation(const Digest& seed, std::uint32_t n);
// The same with words from elsewhere; those that would favour a place are drawn again.
[[nodiscard]] std::vector<std::uint32_t> PermuteWith(std::uint32_t n,
                                                     const std::function<std::uint64_t()>& draw);

// Harary's ring: place p of the permutation is adjacent to p +- 1 .. p +- k/2.
class RingGraph {
 public:
  // k even, 2 <= k < n.
  RingGraph(const Digest& seed, std::uint32_t n, std::uint32_t k);

  // The k neighbours of a node, ascending; both by roster index.
  [[nodiscard]] std::vector<std::uint32_t> NeighboursOf(std::uint32_t index) const;

 private:
  std::uint32_t degree_;
  std::vector<std::uint32_t> node_at_;   // by place
  std::vector<std::uint32_t> place_of_;  // by roster index
};

// log2 Pr[X >= at_least] for X ~ Hyp(population, marked, drawn): of that many drawn without putting back, how
// many are marked. Minus infinity when it cannot be. Far more exact than the tolerances below.
struct Hypergeometric {
  std::uint32_t population, marked, drawn;
};
[[nodiscard]] double Log2Tail(const Hypergeometric& of, std::int64_t at_least);

// Condition (i) with the tolerance that a node allows: corrupt neighbours do not reach the threshold (in
// malicious mode: not by asking two halves of the honest ones), but with probability 2^-40 over all nodes.
[[nodiscard]] bool HidesFromCorrupt(const NeighbourGraph& graph, std::uint32_t n, std::uint32_t corrupt,
                                    SecureMode mode);

struct GraphRisk {
  std::uint32_t n = 0;
  std::uint32_t corrupt = 0;  // T
  std::uint32_t dropped = 0;  // D, how many may be lost
  SecureMode mode = SecureMode::kMalicious;
};
// The graph of smallest degree, and of that the smallest threshold, that meets conditions (i) to (iii).
// nullopt when none of at most 1,024 neighbours does.
[[nodiscard]] std::optional<NeighbourGraph> SmallestGraph(const GraphRisk& risk);

}  // namespace accord::secagg
