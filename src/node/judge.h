// A lab that says what groups' sums are worth (governance.md f, ledger B; governance.evaluate): in a job
// whose groups are dealt anew each round it holds every set of the certified sums against its own hold-out,
// while it makes the round's model of them. What comes out stays at the lab, in <state>/worth/JOB, until its
// people make a report of it (accord attribution publish).
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "accord/trainer.h"
#include "charter/group_worth.h"
#include "node/work.h"
#include "update/groups.h"

namespace accord::node {

struct Judge {
  std::shared_ptr<Trainer> trainer;  // nobody else uses it meanwhile
  std::filesystem::path file;
};

// By `sums` of one training round from `base`, 2^n evaluations for n of them. `data.empty` without a
// hold-out; errors of the trainer and of update::OuterStep.
[[nodiscard]] Result<charter::GroupWorth> WorthOfGroups(const JobFacts& facts,
                                                        std::span<const update::GroupSum> sums,
                                                        const std::vector<float>& base, Trainer& trainer,
                                                        std::stop_token stop);
// Adds the round to the file, durably; a file that is damaged is an error, and stays.
[[nodiscard]] Status KeepWorth(const std::filesystem::path& file, const Digest& job,
                               charter::GroupWorth worth);

}  // namespace accord::node
