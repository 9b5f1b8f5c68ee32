// What a new job must pass beyond being readable.
#include "update/new_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace accord::update {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

JobSpec Speaker() {
  JobSpec spec;
  spec.model = {.kind = "llama", .llama = {.preset = "2m"}};
  spec.inner = {.lr = 0.01, .local_steps = 4};
  spec.round.count = 10;
  return spec;
}

std::string Fault(const JobSpec& spec) {
  const Status status = CheckNewJob(spec);
  EXPECT_EQ(status.error(), errors::kJobInvalid.id) << status.message();
  return status.message();
}

TEST(NewJobTest, HoldsTheContextAgainstThePositionsOfAPreset) {
  JobSpec spec = Speaker();
  spec.text.context = 512;
  EXPECT_TRUE(CheckNewJob(spec).ok());
  spec.text.context = 513;
  EXPECT_THAT(Fault(spec),
              AllOf(HasSubstr("data.context = 513 is above the 512 positions"), HasSubstr("preset \"2m\"")));
  spec.model.llama.max_position_embeddings = 1'024;
  EXPECT_TRUE(CheckNewJob(spec).ok()) << "what is given stands before the preset";
  spec.model = {.kind = "unigram", .llama = {.vocab_size = 300}};
  EXPECT_TRUE(CheckNewJob(spec).ok()) << "its context is bytes";
}

TEST(NewJobTest, LeavesAPromptRoomToBeReadInBytes) {
  JobSpec spec = Speaker();
  spec.samples.prompts = {{"kenya", std::string(511, 'x')}, {"togo", "Le"}};
  EXPECT_TRUE(CheckNewJob(spec).ok()) << "<s> and 511 bytes";
  spec.samples.prompts["kenya"] += 'x';
  EXPECT_THAT(Fault(spec), AllOf(HasSubstr("samples.kenya.prompt has 512 bytes"), Not(HasSubstr("togo"))));
  spec.text.tokenizer = "sha256:" + std::string(64, 'a');
  EXPECT_TRUE(CheckNewJob(spec).ok()) << "pieces are longer than bytes, nobody knows by how much";
}

TEST(NewJobTest, HoldsTheVocabularyAgainstTheTokenizerWhereAllKnowIt) {
  JobSpec spec = Speaker();
  spec.model.llama.vocab_size = 259;
  EXPECT_TRUE(CheckNewJob(spec).ok());
  spec.model.llama.vocab_size = 300;
  EXPECT_EQ(Fault(spec),
            "model.vocab_size = 300, but data.tokenizer = \"byte\" has 259: name the tokenizer or leave the "
            "key out");
  spec.text.tokenizer = "sha256:" + std::string(64, 'a');
  EXPECT_TRUE(CheckNewJob(spec).ok()) << "only its file says how many it has";
}

TEST(NewJobTest, RefusesARiseThatIsNotOverBeforeTheJob) {
  JobSpec spec = Speaker();
  spec.inner.schedule = {.unit = ScheduleUnit::kStep, .warmup_steps = 39};
  EXPECT_TRUE(CheckNewJob(spec).ok());
  spec.inner.schedule.warmup_steps = 40;
  EXPECT_THAT(Fault(spec), HasSubstr("warmup_steps = 40 is not below the 40 local steps"));
  spec.round.synchronous = 9;  // of one step each
  spec.inner.schedule.warmup_steps = 12;
  EXPECT_TRUE(CheckNewJob(spec).ok());
  spec.inner.schedule.warmup_steps = 13;
  EXPECT_THAT(Fault(spec), HasSubstr("the 13 local steps"));
  spec.inner.schedule.unit = ScheduleUnit::kRound;
  EXPECT_TRUE(CheckNewJob(spec).ok()) << "warmup_steps counts with the unit step alone";
}

TEST(NewJobTest, CountsTheStepsOfTheLongestJob) {
  JobSpec spec = Speaker();
  spec.round.count = 1'000'000'000;
  spec.inner.local_steps = 1'000'000'000;
  spec.inner.schedule = {.unit = ScheduleUnit::kStep, .warmup_steps = 999'999'999'999'999'999};
  EXPECT_TRUE(CheckNewJob(spec).ok());
  ++spec.inner.schedule.warmup_steps;
  EXPECT_THAT(Fault(spec), HasSubstr("the 1000000000000000000 local steps"));
}

TEST(NewJobTest, RefusesAFallThatBeginsBeforeTheRiseIsOver) {
  JobSpec spec = Speaker();
  spec.inner.schedule = {
      .kind = ScheduleKind::kWsd, .unit = ScheduleUnit::kStep, .warmup_steps = 10, .decay_steps = 30};
  EXPECT_TRUE(CheckNewJob(spec).ok());
  spec.inner.schedule.decay_steps = 31;
  EXPECT_THAT(Fault(spec), HasSubstr("decay_steps = 31 with warmup_steps = 10 is above the 40 local steps"));
  spec.inner.schedule.warmup_steps = 0;
  EXPECT_TRUE(CheckNewJob(spec).ok());
  spec.inner.schedule.decay_steps = UINT64_MAX;
  EXPECT_THAT(Fault(spec), HasSubstr(" is above the 40 local steps"));
}

TEST(NewJobTest, RefusesMorePartsOfABatchThanExamples) {
  JobSpec spec = Speaker();
  spec.inner.accumulate = spec.inner.batch = 8;
  EXPECT_TRUE(CheckNewJob(spec).ok());
  ++spec.inner.accumulate;
  EXPECT_THAT(Fault(spec), HasSubstr("inner.accumulate = 9 is above inner.batch = 8"));
}

TEST(NewJobTest, RefusesAnOuterRuleThatNoRoundIsLeftFor) {
  JobSpec spec = Speaker();
  spec.round.synchronous = 10;
  EXPECT_TRUE(CheckNewJob(spec).ok()) << "the plain average is what synchronous rounds do";
  spec.outer.rule = "diloco";
  EXPECT_THAT(Fault(spec), HasSubstr("round.synchronous = 10 are all rounds: outer.rule = \"diloco\""));
  spec.round.synchronous = 9;
  EXPECT_TRUE(CheckNewJob(spec).ok());
}

TEST(NewJobTest, NamesAllThatIsWrong) {
  JobSpec spec = Speaker();
  spec.text.context = 1'024;
  spec.inner.schedule = {.unit = ScheduleUnit::kStep, .warmup_steps = 100'000};
  EXPECT_THAT(Fault(spec), AllOf(HasSubstr("data.context"), HasSubstr("warmup_steps = 100000")));
  spec.model.llama.hidden_size = 191;
  EXPECT_EQ(CheckNewJob(spec).error(), errors::kModelShape.id) << "of no such model can more be said";
}

}  // namespace
}  // namespace accord::update
