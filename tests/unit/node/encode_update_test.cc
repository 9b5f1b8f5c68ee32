// An update that is encoded from the delta in memory is the one that is encoded from its file.
#include <cstring>
#include <functional>

#include "base/errors.h"
#include "secagg/sum.h"
#include "tests/unit/node/lab.h"
#include "update/headers.h"
#include "update/next_model.h"
#include "update/rotation.h"

namespace accord::node {
namespace {

class EncodeUpdateTest : public ::testing::Test {
 protected:
  explicit EncodeUpdateTest(const std::function<void(JobSpec&)>& change = [](JobSpec&) {}) {
    JobSpec spec = *config::ParseJob(PlanText("off"), "job");
    change(spec);
    facts_.spec = std::make_shared<const JobSpec>(spec);
    facts_.layout = std::make_shared<const ModelLayout>(*update::GlobalLayout(spec));
    Train();
  }

  void Train() {
    AddingTrainer trainer(update::ModelOf(*facts_.layout), 0.3F);
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
  task::Assignment round_{RoundId{1}, round::Purpose::kTrain, {}, SecureMode::kOff};
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

// With a state beside the weights, of which 0.25 is the RMS of the mean update before.
class RotatedUpdateTest : public EncodeUpdateTest {
 protected:
  RotatedUpdateTest()
      : EncodeUpdateTest([](JobSpec& spec) {
          spec.outer.rule = "diloco";
          spec.update.bits = 16;
          spec.update.transform = Transform::kHadamard;
          spec.update.clip_rms = 20.0;
        }) {}
};

TEST_F(RotatedUpdateTest, IsTheRotatedDeltaClippedByTheModelsRms) {
  const auto from_memory = Encode(kept_.values);
  const auto from_file = Encode(nullptr);
  ASSERT_TRUE(from_memory.ok() && from_file.ok()) << Describe(from_file.status());
  EXPECT_EQ(from_memory->root, from_file->root);
  const std::uint64_t parameters = facts_.parameters();
  EXPECT_EQ(kept_.values->size(), parameters + 1);
  const auto base = BaseOfDelta(facts_, {1}, *deltas_, delta_.file);
  ASSERT_TRUE(base.ok());
  EXPECT_EQ(base->rms, 0.25F);
  const auto encoding = *update::EncodingFor(*facts_.spec, round::Purpose::kTrain, *base, 3);
  EXPECT_EQ(encoding.clip, 20.0 * 0.25);
  EXPECT_EQ(encoding.coordinates, update::RotatedSize(parameters));
  const Bytes bytes = BytesOf(*from_file);
  std::vector<std::uint64_t> words(bytes.size() / 8);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  std::vector<std::uint64_t> fields(encoding.coordinates);
  secagg::UnpackFields(encoding, words, 0, fields);
  const std::vector<float> rotated =
      update::Rotation(facts_.spec->seed, RoundId{1}).Rotated(std::span(*kept_.values).first(parameters));
  const double share = static_cast<double>(words[1]) / 4294967295.0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const double value =
        (static_cast<double>(fields[i]) - static_cast<double>(encoding.Limit())) / encoding.Scale();
    ASSERT_NEAR(value, share * static_cast<double>(rotated[i]), 1.0 / encoding.Scale()) << i;
  }
}

// A job that streams: in round 2, the first after a synchronous one, of its first fragment.
class FragmentUpdateTest : public EncodeUpdateTest {
 protected:
  FragmentUpdateTest()
      : EncodeUpdateTest([](JobSpec& spec) {
          spec.model.hidden = {3};
          spec.inner = {.has_local_steps = true, .local_steps = 2, .keep_state = true};
          spec.streaming.fragments = 2;
          spec.round.synchronous = 1;
          spec.update.clip_rms = 20.0;
        }) {}
};

TEST_F(FragmentUpdateTest, IsTheFragmentAloneInTheFileAndInTheWords) {
  EXPECT_EQ(kept_.values->size(), facts_.parameters() + 1) << "a synchronous round is of all";
  const std::vector<float> whole = *kept_.values;
  const std::uint64_t words = Encode(nullptr)->words;
  round_.round = {2};
  Train();
  const std::uint64_t first = 2 * 3 + 3;
  EXPECT_EQ(kept_.values->size(), first + 1);
  EXPECT_TRUE(std::ranges::equal(std::span(*kept_.values).first(first), std::span(whole).first(first)));
  EXPECT_EQ(kept_.values->back(), 0.25F);
  const auto base = BaseOfDelta(facts_, {2}, *deltas_, delta_.file);
  ASSERT_TRUE(base.ok());
  EXPECT_EQ(base->parameters, first);
  EXPECT_EQ(base->rms, 0.25F);
  const auto update = Encode(nullptr);
  ASSERT_TRUE(update.ok()) << Describe(update.status());
  EXPECT_LT(update->words, words);
  EXPECT_EQ(update->root, Encode(kept_.values)->root);
  round_.round = {3};
  EXPECT_EQ(Encode(nullptr).status().error(), "task.no_delta") << "the other fragment has another size";
  Train();
  EXPECT_EQ(kept_.values->size(), facts_.parameters() - first + 1);
}

class TextUpdateTest : public EncodeUpdateTest {
 protected:
  TextUpdateTest()
      : EncodeUpdateTest(
            [](JobSpec& spec) { spec.eval = {.metrics = {Metric::kBitsPerByte}, .exact = true}; }) {}
};

TEST_F(TextUpdateTest, TheBytesOfTheHoldOutAreInTheSum) {
  const auto update = Encode(nullptr);
  ASSERT_TRUE(update.ok()) << Describe(update.status());
  const Bytes bytes = BytesOf(*update);
  std::uint64_t header[5];  // count, omega, examples, bytes, nats
  std::memcpy(header, bytes.data(), sizeof header);
  EXPECT_EQ(header[2], 20U);
  EXPECT_EQ(header[3], 60U);
}

class UnmeasuredUpdateTest : public EncodeUpdateTest {
 protected:
  UnmeasuredUpdateTest()
      : EncodeUpdateTest([](JobSpec& spec) {
          spec.eval = {.metrics = {Metric::kLoss, Metric::kBitsPerByte}, .exact = true, .every = 3};
        }) {}
};

TEST_F(UnmeasuredUpdateTest, OnlyEachThirdRoundIsMeasured) {
  EXPECT_EQ(delta_.eval_examples, 20U) << "the first is";
  EXPECT_TRUE(update::Measures(*facts_.spec, round::Purpose::kTrain, {4}));
  round_.round = {2};
  Train();
  EXPECT_EQ(delta_.eval_examples, 0U);
  const auto update = Encode(nullptr);
  ASSERT_TRUE(update.ok()) << Describe(update.status());
  std::vector<std::uint64_t> words(update->words);
  std::memcpy(words.data(), BytesOf(*update).data(), words.size() * sizeof(std::uint64_t));
  for (std::size_t i = 2; i < 6; ++i) EXPECT_EQ(words[i], 0U) << i;
  std::vector<float> global(facts_.layout->size, 0.25F);
  const auto metrics = update::NextModel(
      *facts_.spec,
      {.purpose = round::Purpose::kTrain, .round = {2}, .cohort = 3, .survivors = 1, .words = words}, global);
  ASSERT_TRUE(metrics.ok()) << Describe(metrics.status());
  ASSERT_EQ(metrics->size(), 1U) << "no figure of a hold-out that nobody looked at";
  EXPECT_EQ(metrics->front().metric, static_cast<std::uint8_t>(update::Figure::kPeak));
}

TEST_F(EncodeUpdateTest, OnlyWhatIsNotInMemoryNeedsTheFile) {
  ASSERT_TRUE(deltas_->Delete(delta_.file).ok());
  EXPECT_TRUE(Encode(kept_.values).ok());
  EXPECT_EQ(Encode(nullptr).status().error(), errors::kTaskNoDelta.id);
}

}  // namespace
}  // namespace accord::node
