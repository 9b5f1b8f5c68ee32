// The seam between a node and what trains. A lab links its own trainer by handing a TrainerFactory to the
// node; the built-in libtorch trainer (src/trainer) uses this same interface.
//
// Thread rule: one Trainer serves one job at one node; the node calls it from one worker thread at a time.
// `stop` may be raised from any thread, and a call returns within a few local steps of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord {

// A data set as the node's configuration describes it: [data.<id>] of node.toml.
struct DatasetConfig {
  std::string id;
  std::string format;            // "idx" | "csv" | "text" | "jsonl"
  std::filesystem::path path;    // csv: the file; idx: the file of images; text, jsonl: a file or a directory
  std::filesystem::path labels;  // idx: the file of labels
  std::filesystem::path eval_path;  // hold-out given as files of its own (optional)
  std::filesystem::path eval_labels;
  double holdout = 0.1;  // fraction held out by a seeded shuffle when there is no eval_path
  std::uint64_t holdout_seed = 0;
  // csv: a column is named as in the header line, or by its number from 1 (a file may have no header line)
  std::string target;                        // csv: the column to predict
  std::vector<std::string> features;         // csv: the feature columns, empty: all but the target
  std::string missing = "?";                 // csv: text of a missing value; an empty cell is missing, too
  double positive_above = 0.0;               // csv with one output: target > positive_above is class 1
  std::string text_field = "text";           // jsonl: the member with a document's text
  std::string source_field = "source";       // jsonl: the member that says where a document comes from
  std::vector<std::string> holdout_sources;  // text, jsonl: documents from these are the hold-out
  std::filesystem::path tokenizer;           // text, jsonl: the SentencePiece model, where a job asks for one
  bool deduplicate = true;                   // text, jsonl: a document (exactly) seen before is left out
  std::filesystem::path base;                // the frozen model, where a job with an adapter asks for one
};

struct TrainRequest {
  std::uint64_t round = 0;
  std::uint64_t steps = 0;  // local steps to take, fewer than the plan's (inner.round_time); 0: the plan's
  std::span<const float> weights;    // the global model, flat by the layout; not owned
  std::span<float> result;           // the trained weights go here, same size; not owned
  std::filesystem::path checkpoint;  // a directory of this job and round: a restarted node goes on from here
  std::filesystem::path state;  // a directory of this job, for what lives from round to round; may be empty
  std::function<void(std::uint64_t done, std::uint64_t total)>
      progress;  // after a local step; called on this thread
  std::stop_token stop;
};

struct TrainOutcome {
  std::uint64_t examples = 0;  // size of the training set: the weight before the plan's policy
  std::uint64_t steps = 0;     // of the round, those before a restart too; above 0 where the plan has any
  // What a step of this call took, 0 where it took none (all were before a restart); absent: the trainer does
  // not time them, and the time of the whole call stands for all steps.
  std::optional<std::chrono::nanoseconds> step_time;
};

// Sums and counts over the hold-out. They leave the node only inside a sum. Of language models an example is
// a predicted token, and `bytes` are those of the text that the tokens stand for.
struct EvalOutcome {
  std::uint64_t examples = 0;
  double loss_sum = 0.0;  // sum over examples of the loss of each, in nats
  std::uint64_t correct = 0;
  std::uint64_t bytes = 0;  // 0: not a language model
};

struct EvalRequest {
  std::uint64_t round = 0;         // of the rounds before it the newest personal part counts
  std::span<const float> weights;  // as TrainRequest has them
  std::filesystem::path state;
  std::stop_token stop;
};

class Trainer {
 public:
  virtual ~Trainer() = default;
  // The layout of the model that it trains; must equal the plan's.
  [[nodiscard]] virtual const ModelLayout& Layout() const = 0;
  // Trains from request.weights. A stop gives `task.stopped`; NaN or Inf in the result is the caller's to
  // refuse.
  [[nodiscard]] virtual Result<TrainOutcome> Train(const TrainRequest& request) = 0;
  // In a job that streams with a delay: the first of `request.round`'s local steps, streaming.delay of them,
  // which go on from this node's weights after the round before and do not need the round's model; a node
  // asks for them while that model is made. What they come to is left in request.checkpoint, and Train of
  // this round goes on from there. request.weights and request.result are not used. A trainer that does
  // nothing here takes these steps in Train. A stop gives `task.stopped`.
  [[nodiscard]] virtual Status TrainAhead(const TrainRequest& /*request*/) { return {}; }
  // Evaluates `weights` on the hold-out.
  [[nodiscard]] virtual Result<EvalOutcome> Evaluate(std::span<const float> weights,
                                                     std::stop_token stop) = 0;
  // The same with what this node has kept for itself in request.state, in jobs whose plan says that it keeps
  // something: the figures are then those of the model that the node's own people would use.
  [[nodiscard]] virtual Result<EvalOutcome> EvaluatePersonal(const EvalRequest& request) {
    return Evaluate(request.weights, request.stop);
  }
};

class TrainerFactory {
 public:
  virtual ~TrainerFactory() = default;
  // Opens the data and builds the model. Fails by name when they do not fit each other: `data.shape`,
  // `data.label`, `data.truncated`, `data.magic`, `data.empty`, `data.missing`, `model.unknown`.
  [[nodiscard]] virtual Result<std::unique_ptr<Trainer>> Create(const JobSpec& job,
                                                                const DatasetConfig& data) = 0;
  // One line for people and logs: device, library, threads, BLAS.
  [[nodiscard]] virtual std::string Describe() const = 0;
  // Warnings that an operator should see at start (e.g. the reference BLAS is in use); empty when none.
  [[nodiscard]] virtual std::vector<std::string> Warnings() const = 0;
};

}  // namespace accord
