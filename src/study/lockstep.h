// The rounds of a job among nodes in one process: everything that decides what the model becomes (training,
// clipping, rounding, the sum, the outer step) is what coordinator and nodes run; wire, masks and machines
// are left out. Since updates are integers, the models are to the bit those of a real federation of the same
// nodes in which everyone takes part in every round; groups change none of them, unless they have gates. For
// research: what a rule, a rate, a codec comes to. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"
#include "accord/trainer.h"
#include "node/work.h"
#include "round/round.h"
#include "update/next_model.h"

namespace accord::study {

struct Participant {
  std::string name;    // with the trust domain it makes the node's id, which rounding draws depend on
  DatasetConfig data;  // the data set that the job names, as this node has it
  // With inner.round_time: what a local step is said to take there; absent: what it takes here.
  std::optional<std::chrono::nanoseconds> step_time = {};
};

// A lab of the study: its trainer holds its data.
struct Lab {
  std::string name;
  NodeId id;
  std::unique_ptr<TrainerFactory> factory;
  std::unique_ptr<Trainer> trainer;
  std::filesystem::path state;  // what it keeps from round to round
  std::optional<std::chrono::nanoseconds> step_time;
};

struct LockstepOptions {
  JobSpec job;
  std::string trust_domain;
  std::vector<Participant> participants;
  std::uint32_t threads = 1;        // of one training step
  std::filesystem::path directory;  // for deltas and inner state; made when missing
  // The model to begin with (model/checkpoint.h); empty: as the plan's seed draws it. Where the plan names
  // weights it must be these: `model.start`.
  std::filesystem::path from;
  std::stop_token stop;
};

// What one round came to.
struct RoundReport {
  RoundId round;
  std::vector<round::MetricSum> metrics;  // as a federation would publish them
  std::uint64_t upload_bytes = 0;         // of one node
  double seconds = 0.0;                   // of all labs, one after the other
};

class Lockstep {
 public:
  // Opens every lab's data: `data.*`, `model.*`, `safetensors.*`.
  [[nodiscard]] static Result<std::unique_ptr<Lockstep>> Open(LockstepOptions options);

  // The words of every lab's update of a round, before masks, in the order of labs().
  using Updates = std::vector<std::vector<std::uint64_t>>;
  // The next round, training or, behind the last, the evaluation. Not beyond it. `job.invalid` with fewer
  // labs than a round begins with; one alone may be evaluated. `look` sees the updates before they are
  // summed; its failure is that of the round.
  [[nodiscard]] Result<RoundReport> Step(const std::function<Status(const Updates&)>& look = {});
  // The global state that the next round would make of the sum of so many updates.
  [[nodiscard]] Result<std::vector<float>> After(std::span<const std::uint64_t> sum,
                                                 std::uint32_t updates) const;
  // All rounds, and behind them the evaluation of a job that asks for metrics.
  [[nodiscard]] bool over() const {
    return next_.value > options_.job.round.count + (options_.job.eval.metrics.empty() ? 0 : 1);
  }

  // The global state: the model, and what the outer rule keeps beside it.
  [[nodiscard]] const node::Weights& weights() const { return weights_; }
  [[nodiscard]] const ModelLayout& layout() const { return *facts_.layout; }
  [[nodiscard]] std::span<const float> model() const {
    return std::span(*weights_).first(facts_.parameters());
  }
  [[nodiscard]] Digest model_hash() const;
  [[nodiscard]] const std::vector<Lab>& labs() const { return labs_; }

 private:
  explicit Lockstep(LockstepOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Status Prepare();
  [[nodiscard]] Status BeginFrom(std::vector<float>& global) const;
  [[nodiscard]] Status BeginFromStart(std::vector<float>& global) const;
  // The words of one lab's update, before masks.
  [[nodiscard]] Result<std::vector<std::uint64_t>> UpdateOf(Lab& lab, const task::Assignment& round);
  // The sum of so many updates of the next round.
  [[nodiscard]] update::Sum SumOf(std::span<const std::uint64_t> words, std::uint32_t updates) const;
  [[nodiscard]] round::Purpose purpose() const;

  LockstepOptions options_;
  node::JobFacts facts_;
  std::vector<Lab> labs_;
  std::unique_ptr<store::Blobs> deltas_;
  std::unique_ptr<store::SpoolPool> spools_;
  node::Weights weights_;
  RoundId next_{1};
};

}  // namespace accord::study
