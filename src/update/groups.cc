#include "update/groups.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>
#include <utility>

#include "base/codec.h"
#include "base/errors.h"
#include "crypto/sha256.h"
#include "crypto/spiffe.h"
#include "update/headers.h"

namespace accord::update {
namespace {

constexpr std::size_t kTile = 16'384;
constexpr std::size_t kLeastForAMedian = 3;  // of two nobody can say which one is off

// The sums of a round's groups, by tiles of their means.
class Means {
 public:
  static Result<Means> Open(const JobSpec& spec, std::span<const GroupSum> sums, const BaseModel& base) {
    Means means;
    means.encodings_.reserve(sums.size());  // parts point into it
    for (const GroupSum& item : sums) {
      ACCORD_ASSIGN_OR_RETURN(const OuterStep checked, OuterStep::Open(spec, item.sum, base));
      ACCORD_ASSIGN_OR_RETURN(const secagg::Encoding encoding,
                              EncodingFor(spec, item.sum.purpose, base, item.sum.cohort));
      means.coordinates_ = encoding.coordinates;
      means.encodings_.push_back(encoding);
      means.parts_.push_back({&means.encodings_.back(), item.sum.words});
    }
    return means;
  }

  // `visit` sees the tiles of the means of `which`, in order: one span of equal length for each.
  template <class Visit>
  void ForEachTile(const std::vector<std::size_t>& which, Visit visit) const {
    std::vector<std::vector<double>> tiles(which.size());
    for (std::uint64_t first = 0; first < coordinates_; first += kTile) {
      for (std::size_t i = 0; i < which.size(); ++i) {
        tiles[i].resize(std::min<std::uint64_t>(kTile, coordinates_ - first));
        secagg::DecodeMean({&parts_[which[i]], 1}, first, tiles[i]);
      }
      visit(tiles);
    }
  }

 private:
  Means() = default;
  std::uint64_t coordinates_ = 0;
  std::vector<secagg::Encoding> encodings_;
  std::vector<secagg::SumPart> parts_;
};

std::vector<double> NormsOf(const Means& means, const std::vector<std::size_t>& which) {
  std::vector<double> norms(which.size());
  means.ForEachTile(which, [&](const auto& tiles) {
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      for (const double value : tiles[i]) norms[i] += value * value;
    }
  });
  for (double& norm : norms) norm = std::sqrt(norm);
  return norms;
}

double MedianOf(std::vector<double>& values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

// Of each of `which` and their coordinate-wise median; 1 where one of the two is zero.
std::vector<double> CosinesOf(const Means& means, const std::vector<std::size_t>& which,
                              const std::vector<double>& norms) {
  std::vector<double> cosines(which.size());
  double median_square = 0.0;
  std::vector<double> column(which.size());
  means.ForEachTile(which, [&](const auto& tiles) {
    for (std::size_t j = 0; j < tiles[0].size(); ++j) {
      for (std::size_t i = 0; i < tiles.size(); ++i) column[i] = tiles[i][j];
      const double median = MedianOf(column);
      median_square += median * median;
      for (std::size_t i = 0; i < tiles.size(); ++i) cosines[i] += tiles[i][j] * median;
    }
  });
  const double median_norm = std::sqrt(median_square);
  for (std::size_t i = 0; i < cosines.size(); ++i) {
    const double norm = norms[which[i]];
    cosines[i] = norm > 0.0 && median_norm > 0.0 ? cosines[i] / (norm * median_norm) : 1.0;
  }
  return cosines;
}

// Moves those of `which` whose value does not pass to `out`.
template <class Passes>
void Sieve(std::span<const GroupSum> sums, Gate gate, const std::vector<double>& values, Passes passes,
           std::vector<std::size_t>& which, std::vector<round::LeftOut>& out) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (passes(values[i])) {
      kept.push_back(which[i]);
    } else {
      out.push_back({sums[which[i]].group, static_cast<std::uint8_t>(gate), values[i]});
    }
  }
  which = std::move(kept);
}

// Which of the sums count.
Result<std::vector<std::size_t>> ApplyGates(const JobSpec& spec, std::span<const GroupSum> sums,
                                            const BaseModel& base, std::vector<round::LeftOut>& out) {
  std::vector<std::size_t> which(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) which[i] = i;
  const GroupsSpec& groups = spec.groups;
  const bool by_norm = groups.max_norm > 0.0;
  const bool by_cosine = groups.min_cosine > -1.0;
  if (sums[0].sum.purpose != round::Purpose::kTrain || (!by_norm && !by_cosine)) return which;
  ACCORD_ASSIGN_OR_RETURN(const Means means, Means::Open(spec, sums, base));
  const std::vector<double> norms = NormsOf(means, which);
  if (by_norm) {
    const auto passes = [&](double norm) { return norm <= groups.max_norm; };
    Sieve(sums, Gate::kNorm, norms, passes, which, out);
  }
  if (by_cosine && which.size() >= kLeastForAMedian) {
    const auto passes = [&](double cosine) { return cosine >= groups.min_cosine; };
    Sieve(sums, Gate::kCosine, CosinesOf(means, which, norms), passes, which, out);
  }
  std::ranges::sort(out, {}, &round::LeftOut::group);
  return which;
}

// Whole numbers that follow from a seed, each below its bound as likely as any other.
class SeededDraws {
 public:
  explicit SeededDraws(const Digest& seed) : seed_(seed) {}

  std::uint64_t Below(std::uint64_t bound) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t fair = kMost - kMost % bound;
    std::uint64_t value = Next();
    while (value >= fair) value = Next();
    return value % bound;
  }

 private:
  std::uint64_t Next() {
    Writer out;
    out.Raw("accord/groups").U8(0).Fixed(seed_).U64(draws_++);
    const Digest digest = crypto::Sha256::Of(out.bytes());
    return Reader(ByteView(digest.bytes)).U64();
  }

  const Digest seed_;
  std::uint64_t draws_ = 0;
};

}  // namespace

Partition Reshuffled(const Partition& plan, const Digest& seed) {
  std::vector<NodeId> nodes;
  for (const Group& group : plan) nodes.insert(nodes.end(), group.nodes.begin(), group.nodes.end());
  std::ranges::sort(nodes);
  SeededDraws draws(seed);
  for (std::size_t i = nodes.size(); i-- > 1;) std::swap(nodes[i], nodes[draws.Below(i + 1)]);
  Partition dealt;
  auto next = nodes.cbegin();
  for (const Group& group : plan) {
    const auto end = next + static_cast<std::ptrdiff_t>(group.nodes.size());
    dealt.push_back({group.name, round::NodeSet(next, end)});
    next = end;
  }
  return dealt;
}

Result<Partition> PartitionOf(const JobSpec& spec, const std::string& trust_domain) {
  Partition partition;
  for (const auto& [name, nodes] : spec.groups.nodes) {
    Group group{name, {}};
    for (const std::string& node : nodes) {
      const std::size_t slash = node.find('/');
      const bool named = slash != std::string::npos;
      ACCORD_ASSIGN_OR_RETURN(
          const crypto::SpiffeId id,
          crypto::SpiffeId::Make(named ? node.substr(0, slash) : trust_domain, crypto::Role::kNode,
                                 named ? node.substr(slash + 1) : node));
      group.nodes.insert(id.ToNodeId());
    }
    partition.push_back(std::move(group));
  }
  return partition;
}

std::optional<std::uint32_t> GroupOf(const Partition& partition, NodeId node) {
  if (partition.empty()) return 0;
  const auto found =
      std::ranges::find_if(partition, [&](const Group& group) { return group.nodes.contains(node); });
  if (found == partition.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - partition.begin());
}

Result<GroupStep> OpenGroups(const JobSpec& spec, std::span<const GroupSum> sums, const BaseModel& base) {
  std::vector<round::LeftOut> left_out;
  std::vector<Sum> counted;
  if (!sums.empty()) {
    ACCORD_ASSIGN_OR_RETURN(const auto which, ApplyGates(spec, sums, base, left_out));
    for (const std::size_t i : which) counted.push_back(sums[i].sum);
  }
  if (counted.empty() || counted.size() < spec.groups.min_groups) {
    std::string why =
        std::to_string(counted.size()) + " of " + std::to_string(sums.size()) +
        " sums of groups passed the gates; groups.min_groups = " + std::to_string(spec.groups.min_groups);
    for (const round::LeftOut& item : left_out) why += "; " + Describe(spec, item);
    return Fail(errors::kJobTooFewGroups, std::move(why));
  }
  ACCORD_ASSIGN_OR_RETURN(OuterStep step, OuterStep::Open(spec, counted, base));
  return GroupStep{std::move(step), std::move(left_out)};
}

std::string Describe(const JobSpec& spec, const round::LeftOut& left_out) {
  const std::string& group = std::next(spec.groups.nodes.begin(), left_out.group)->first;
  const bool norm = left_out.gate == static_cast<std::uint8_t>(Gate::kNorm);
  char text[160];
  std::snprintf(text, sizeof text,
                norm ? "the norm of its mean update is %.6g, above groups.max_norm = %g"
                     : "the cosine of its mean update and the groups' median is %.6g, below "
                       "groups.min_cosine = %g",
                left_out.value, norm ? spec.groups.max_norm : spec.groups.min_cosine);
  return "group " + group + " was left out of the step: " + text;
}

}  // namespace accord::update
