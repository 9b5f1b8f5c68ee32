// A graduate: a common model tuned by one lab on its own data. It is made where the data is and stays there;
// nothing of it is sent. For a lab (accord-node graduate) and for studies (accord-sim graduate). One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/status.h"
#include "accord/trainer.h"
#include "study/evaluate.h"

namespace accord::study {

enum class GraduateMethod : std::uint8_t {
  kFull,   // all weights
  kLora,   // an adapter beside the common model
  kDitto,  // all weights, held near the common model: F(v) + lambda / 2 |v - w|^2 with w as it is
  kNone,   // nothing: the job's model made whole, its adapter merged and the node's kept parts put in
};

struct GraduateWish {
  JobSpec job;                  // of the common model; its [inner] says how to train, but for what follows
  DatasetConfig data;           // the lab's own; with an adapter in the job also the frozen model
  std::filesystem::path model;  // the common model, as accord model download gives it
  std::filesystem::path kept;   // what this node has kept of the job; empty: nothing
  GraduateMethod method = GraduateMethod::kFull;
  std::uint64_t steps = 0;  // at least 1, but for kNone
  double lr = 0.0;          // 0: the job's; it rises in the first twentieth of the steps, and falls as a
                            // cosine to a tenth
  std::uint32_t batch = 0;  // 0: the job's
  AdapterSpec adapter;      // kLora: rank, alpha, projections
  double lambda = 0.1;      // kDitto
  std::uint64_t seed = 0;   // of the order of examples, and of A
  std::uint32_t threads = 0;
  std::filesystem::path cache;        // for the tokens of texts
  std::filesystem::path out;          // the graduate's file
  std::filesystem::path adapter_out;  // kLora: its adapter as PEFT reads it, or where the name ends with
                                      // ".gguf" as llama.cpp does; empty: none
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
  std::stop_token stop;
};

struct Graduate {
  std::optional<Worth> common;  // none where the common model is whole at nodes alone
  Worth worth;                  // both on the lab's hold-out
  std::uint64_t examples = 0;   // to train on
  Digest hash;                  // of the file
};

// Tunes, measures, writes the graduate as a safetensors file of the job's [model], whole (an adapter merged),
// and the adapter. All of it is checked before it is trained; after a failure or a stop no file is there.
// Fails with `cli.exists`; `job.invalid` for a wish without sense; `data.empty` without a hold-out;
// `update.not_finite` when the tuning diverged; and as ReadWhole, TrainerFactory::Create and Train.
[[nodiscard]] Result<Graduate> MakeGraduate(const GraduateWish& wish);

}  // namespace accord::study
