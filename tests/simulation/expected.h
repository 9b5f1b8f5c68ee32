// What a job must come to: every lab's update in the clear, their sum, and the model after it, computed
// beside the federation by the production arithmetic. Labs train by sim/trainer.h, so their updates follow
// from the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "node/work.h"
#include "sim/federation.h"

namespace accord::simulation {

using Numbers = std::vector<std::uint64_t>;

class Expected {
 public:
  // `directory` is its own.
  Expected(const sim::Members& members, const Bytes& plan, const JobId& job,
           const std::filesystem::path& directory);

  struct Update {
    RoundId round;
    round::Purpose purpose = round::Purpose::kTrain;
    Digest model_hash;       // that it was trained from
    std::size_t cohort = 0;  // how many masked together
    friend auto operator<=>(const Update&, const Update&) = default;
  };
  // The words of lab `node` before masks; empty when nobody knows this model.
  [[nodiscard]] const Numbers& Plain(std::size_t node, const Update& update);
  struct Outcome {
    Digest sum;
    Digest model_hash;
  };
  // Of the survivors' updates, each counted once. From then on the model is known. In a job with groups the
  // model stays.
  [[nodiscard]] Outcome Sum(const std::vector<std::size_t>& survivors, const Update& update);
  // A job with groups: the model that the sums of these survivors come to; `cohort` of an Update is theirs.
  using Groups = std::vector<std::pair<std::vector<std::size_t>, Update>>;
  [[nodiscard]] Digest Combine(const Groups& groups);

  // Nodes that must come to the model of a round with so many in its masking cohort (secagg.md 2.5).
  [[nodiscard]] std::size_t LeastVerified(SecureMode mode, std::size_t cohort) const;

  [[nodiscard]] const JobSpec& spec() const { return *facts_.spec; }
  [[nodiscard]] const ModelLayout& layout() const { return *facts_.layout; }

 private:
  [[nodiscard]] Numbers Add(const std::vector<std::size_t>& survivors, const Update& update);
  [[nodiscard]] Numbers Encode(std::size_t node, const Update& update, const node::Weights& weights);

  const sim::Members& members_;
  node::JobFacts facts_;
  std::unique_ptr<store::Blobs> deltas_;
  std::unique_ptr<store::SpoolPool> spools_;
  std::map<Digest, node::Weights> models_;
  std::map<std::pair<std::size_t, Update>, Numbers> plain_;
};

}  // namespace accord::simulation
