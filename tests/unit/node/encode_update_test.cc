// An update that is encoded from the delta in memory is the one that is encoded from its file.
#include <cstring>

#include "base/errors.h"
#include "tests/unit/node/lab.h"

namespace accord::node {
namespace {

class EncodeUpdateTest : public ::testing::Test {
 protected:
  EncodeUpdateTest() {
    facts_.spec = std::make_shared<const JobSpec>(*config::ParseJob(PlanText("off"), "job"));
    facts_.layout = std::make_shared<const ModelLayout>(*model::BuildLayout(facts_.spec->model));
    AddingTrainer trainer(*facts_.layout, 0.3F);
    const auto weights = std::make_shared<const std::vector<float>>(facts_.layout->size, 0.25F);
    delta_ = *TrainRound({.facts = facts_,
                          .round = round_,
                          .weights = weights,
                          .trainer = &trainer,
                          .deltas = deltas_.get(),
                          .checkpoint = dir_ / "checkpoint",
                          .progress = std::make_shared<WorkProgress>(),
                          .stop = {}},
                         &kept_);
  }

  [[nodiscard]] Result<EncodedUpdate> Encode(const Weights& values) {
    return EncodeUpdate({.facts = facts_,
                         .round = round_,
                         .delta = delta_,
                         .cohort = 3,
                         .deltas = deltas_.get(),
                         .values = values,
                         .spools = spools_.get(),
                         .masking = {},
                         .stop = {}});
  }
  static Bytes BytesOf(const EncodedUpdate& update) {
    const ByteView all = *update.spool->Tile(0, update.words * 8);
    return {all.begin(), all.end()};
  }

  const testing::TempDir dir_;
  const std::unique_ptr<store::Blobs> deltas_ = *store::Blobs::Open(dir_ / "deltas");
  const std::unique_ptr<store::SpoolPool> spools_ =
      *store::SpoolPool::Open({.directory = dir_ / "spool", .memory_budget = 1 << 20});
  const task::Assignment round_{RoundId{1}, round::Purpose::kTrain, {}, SecureMode::kOff};
  JobFacts facts_;
  task::Delta delta_;
  KeptDelta kept_;
};

TEST_F(EncodeUpdateTest, WhatIsKeptIsWhatTheFileHas) {
  EXPECT_EQ(kept_.file, delta_.file);
  const Bytes file = *deltas_->Get(delta_.file, 1 << 20);
  ASSERT_EQ(file.size(), kept_.values->size() * sizeof(float));
  EXPECT_EQ(std::memcmp(file.data(), kept_.values->data(), file.size()), 0);
}

TEST_F(EncodeUpdateTest, FromMemoryAndFromTheFileItIsTheSame) {
  const auto from_memory = Encode(kept_.values);
  const auto from_file = Encode(nullptr);
  ASSERT_TRUE(from_memory.ok() && from_file.ok());
  EXPECT_EQ(from_memory->root, from_file->root);
  EXPECT_EQ(BytesOf(*from_memory), BytesOf(*from_file));
  const Weights other = std::make_shared<const std::vector<float>>(facts_.layout->size, 0.5F);
  EXPECT_NE(Encode(other)->root, from_file->root);
}

TEST_F(EncodeUpdateTest, OnlyWhatIsNotInMemoryNeedsTheFile) {
  ASSERT_TRUE(deltas_->Delete(delta_.file).ok());
  EXPECT_TRUE(Encode(kept_.values).ok());
  EXPECT_EQ(Encode(nullptr).status().error(), errors::kTaskNoDelta.id);
}

}  // namespace
}  // namespace accord::node
