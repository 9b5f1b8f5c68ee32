// How many local steps this node takes in a round of a job whose plan lets slow nodes take fewer
// (strategy/dynamic_steps.h): chosen before the round begins, from what its steps took in the round before,
// and kept in a file of the job, so that a node that restarts, or a round that is repeated, keeps the choice.
// Speeds of machines leave the lab no more than the steps do: as a mean over nodes. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "accord/job_spec.h"

namespace accord::node {

class Pace {
 public:
  // `directory`: what lives from round to round at this node; empty: nothing is kept. `given`: what a step is
  // said to take, instead of what was measured (studies).
  Pace(const JobSpec& job, const std::filesystem::path& directory,
       std::optional<std::chrono::nanoseconds> given = {});

  // Whether the speed of this node was measured, or given.
  [[nodiscard]] bool Known() const { return given_ || choice_.step_ns > 0; }
  // Steps of `round`; durable on return. A file that cannot be read or written is a warning in the log: what
  // it costs is a choice made anew.
  [[nodiscard]] std::uint64_t Choose(std::uint64_t round);
  // What a step of the round that was chosen for took; nothing where none was taken.
  void Took(std::chrono::nanoseconds step_time);

 private:
  struct Choice {
    std::uint64_t round = 0, steps = 0;
    std::int64_t step_ns = 0;  // measured last; 0: never
  };
  [[nodiscard]] Choice Load() const;
  void Save() const;

  const JobSpec& job_;
  const std::filesystem::path path_;  // empty: nothing is kept
  const std::optional<std::chrono::nanoseconds> given_;
  Choice choice_;
};

}  // namespace accord::node
