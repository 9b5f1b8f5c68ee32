// p6 and p7 of the coordinator, as one piece of work for a worker thread: adds the survivors' spools, checks
// the sum, makes the outer step, stores sum and model. Called by JobRunner with everything it needs; shares
// nothing.
#pragma once

#include <memory>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"
#include "round/round.h"
#include "secagg/recover.h"
#include "store/blobs.h"
#include "store/spool.h"
#include "update/global_state.h"

namespace accord::coordinator {

struct AggregateTask {
  std::shared_ptr<const JobSpec> spec;
  std::shared_ptr<const ModelLayout> layout;  // of the global state (update/global_state.h)
  round::Purpose purpose = round::Purpose::kTrain;
  RoundId round;
  std::uint32_t cohort = 0;
  std::uint64_t words = 0;
  std::vector<std::shared_ptr<store::Spool>> uploads;  // complete, of the survivors; nobody else uses them
  bool grouped = false;           // of a group: the model stays as it is until all sums are there
  Digest model_hash;              // of the model that the round started from
  store::Blobs* blobs = nullptr;  // which holds that model
  struct Masked {                 // masked rounds
    secagg::OpenedMasks masks;
    secagg::U3 survivors;
    std::uint32_t chunk_words = 0;
  };
  std::shared_ptr<const Masked> masked;
};
// What the encoding of a round needs to know of the model that it starts from: read from that model's blob,
// or from the one that the round made, where the state says it.
enum class Made : std::uint8_t { kBefore, kBy };  // the round
[[nodiscard]] Result<update::BaseModel> BaseOf(const store::Blobs& blobs, const update::RoundBase& round,
                                               const Digest& model, Made made);
// Whether the sum itself makes a model.
[[nodiscard]] inline bool Steps(const AggregateTask& task) {
  return task.purpose == round::Purpose::kTrain && !task.grouped;
}

struct Aggregated {
  round::Outcome outcome;
  Bytes sum;  // the words as sent, when at most 64 KiB; else empty
};

// Holds the words of the sum, and nothing else that grows with the model or the nodes: the step reads the old
// model and writes the new one by tiles. Where state lives beside the model, both are held whole. Uses a
// thread of its own within the call, and in the sum one for each core. A sum that breaks a bound is
// `secagg.*`; a disk that is full `store.disk_full`; a base model that cannot be read, or is not the one
// named, `store.corrupt` or `blob.not_found`.
[[nodiscard]] Result<Aggregated> Aggregate(const AggregateTask& task);

// Sums of groups, each a blob that Aggregate has stored, and the step that those make which pass the gates.
struct CombineTask {
  std::shared_ptr<const JobSpec> spec;
  std::shared_ptr<const ModelLayout> layout;
  round::Purpose purpose = round::Purpose::kTrain;
  RoundId round;
  struct Part {
    std::uint32_t group = 0;
    std::uint32_t cohort = 0;
    std::uint32_t survivors = 0;
    Digest sum;
    std::uint64_t words = 0;
  };
  std::vector<Part> parts;  // ascending by group
  Digest model_hash;        // of the model that the round started from
  store::Blobs* blobs = nullptr;
};
struct CombinedSums {
  Digest model_hash;
  std::vector<round::MetricSum> metrics;
  std::vector<round::LeftOut> left_out;
};
// Holds the words of all sums. The model is durable when this returns. Failures as Aggregate, and
// `job.too_few_groups`.
[[nodiscard]] Result<CombinedSums> CombineGroups(const CombineTask& task);

// Stores the global state that a job begins with, durably, as the safetensors blob that Aggregate reads;
// gives its model_hash.
[[nodiscard]] Result<Digest> StoreInitialModel(store::Blobs& blobs, const ModelLayout& layout,
                                               std::span<const float> weights);

}  // namespace accord::coordinator
