// Two jobs at one lab that train alike, to the bit.
#include <algorithm>
#include <filesystem>

#include "base/errors.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "tests/unit/node/lab.h"

namespace accord::node {
namespace {

TEST(TwoJobsTest, OneForgetsItsDeltaAndTheOtherStillHasItsOwn) {
  Lab lab("ke", 0.1F, "off");
  lab.config.policy.allow_unmasked = true;
  const auto spec = config::ParseJob(AsText(lab.plan), "job");
  const auto layout = model::BuildLayout(spec->model);
  std::vector<float> weights(layout->size);
  model::InitialWeights(*layout, spec->seed, weights);
  const Digest first_model = model::ModelHash(*layout, weights);

  lab.Prepare();
  lab.Await<rpc::Prepared>();
  const std::shared_ptr<JobTask> other = lab.AnotherTask(BytesOf("another token"));
  lab.Await<rpc::Prepared>();
  for (const auto& task : {lab.task, other}) {
    task->OnTrain({task->id(), RoundId{1}, round::Purpose::kTrain, first_model, {}, {}});
    lab.Await<rpc::Trained>();
  }
  // The first goes on to a round without a delta, and forgets the one that it has.
  lab.task->OnTrain({lab.task->id(), RoundId{2}, round::Purpose::kEvaluate, first_model, {}, {}});
  lab.Await<rpc::Trained>();
  const auto files_of = [&](const JobId& job) {
    using Entries = std::filesystem::recursive_directory_iterator;
    return std::ranges::count_if(Entries(lab.dir / "deltas" / job.Hex()), Entries(),
                                 [](const auto& entry) { return entry.is_regular_file(); });
  };
  EXPECT_EQ(files_of(lab.task->id()), 0);
  EXPECT_EQ(files_of(other->id()), 1);
  other->OnCollect({other->id(), RoundId{1}, AttemptId{0}, {lab.id}, {}, {}});
  EXPECT_EQ(lab.Await<rpc::Update>().job, other->id());
  other->Shutdown();
}

}  // namespace
}  // namespace accord::node
