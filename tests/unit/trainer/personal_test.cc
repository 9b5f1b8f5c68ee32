// What a node trains for itself: it stays, is there again after a restart, and its evaluation is of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "model/frozen.h"
#include "model/layout.h"
#include "model/partition.h"
#include "model/safetensors.h"
#include "tests/unit/trainer/fixture.h"

namespace accord::trainer {
namespace {

class PersonalTest : public TinyJobTest {
 protected:
  std::filesystem::path State() const { return directory_ / "state"; }
  // What is exchanged after a round from `start`, by a trainer of its own, as after a restart.
  std::vector<float> Round(std::uint64_t round, const std::vector<float>& start, TrainRequest request = {}) {
    std::vector<float> result(start.size());
    request.round = round;
    request.weights = start;
    request.result = result;
    request.state = State();
    const auto outcome = Make()->Train(request);
    EXPECT_TRUE(outcome.ok()) << Describe(outcome.status());
    return result;
  }
  double LossOf(const std::vector<float>& weights, std::uint64_t round) const {
    return Make()->EvaluatePersonal({.round = round, .weights = weights, .state = State()})->loss_sum;
  }
  std::vector<float> Begin() const { return Start(*Make()); }
  void FedPer() { job_.personal = {.kind = PersonalKind::kFedPer, .tensors = {"fc2"}}; }
  void Ditto(double lambda) {
    job_.personal = {.kind = PersonalKind::kDitto, .lambda = lambda, .local_steps = 8};
    job_.inner.has_local_steps = true;
    job_.inner.local_steps = 8;
  }
};

TEST_F(PersonalTest, FedPerGivesTheRestAndKeepsTheNamed) {
  FedPer();
  job_.inner.local_epochs = 20;
  const std::vector<float> start = Begin();
  EXPECT_EQ(start.size(), model::BuildLayout(job_.model)->size - (6 * 3 + 3));
  const std::vector<float> result = Round(1, start);
  EXPECT_NE(result, start);
  EXPECT_TRUE(std::filesystem::exists(State() / "personal-1.state"));
  EXPECT_LT(LossOf(result, 2), 0.9 * Make()->Evaluate(result, {})->loss_sum)
      << "the part that was trained with it makes a difference";
}

TEST_F(PersonalTest, AllOfItTogetherIsATrainingOfTheWholeModel) {
  const std::vector<float> whole = Round(1, Begin());
  const double loss = LossOf(whole, 2);
  FedPer();
  std::vector<float> shared = Round(1, Begin());
  EXPECT_DOUBLE_EQ(LossOf(shared, 2), loss) << "the same seeds start the parts and the whole";
}

// FedProx pulls towards the common model; of what is a node's own there is none. Two steps of equal data: the
// pull is felt in the second one, and by the gradient of other tensors in the third.
TEST_F(PersonalTest, AProximalTermPullsWhatIsSharedAlone) {
  FedPer();
  job_.inner.batch = kExamples;
  job_.inner.has_local_steps = true;
  job_.inner.local_steps = 2;
  const auto trained = [&](double proximal) {
    std::filesystem::remove_all(State());
    job_.inner.proximal = proximal;
    return WithPersonal(job_, Round(1, Begin()), State()).value();
  };
  const std::vector<float> free = trained(0.0), pulled = trained(5.0);
  const ModelLayout layout = model::BuildLayout(job_.model).value();
  for (const TensorSpec& tensor : layout.tensors) {
    const bool personal = tensor.name.starts_with("fc2");
    const auto part = [&](const std::vector<float>& all) {
      return std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(tensor.offset),
                                all.begin() + static_cast<std::ptrdiff_t>(tensor.offset + tensor.size));
    };
    EXPECT_EQ(part(free) == part(pulled), personal) << tensor.name;
  }
}

TEST_F(PersonalTest, GoesOnFromRoundToRoundAndRepeatsARound) {
  FedPer();
  const std::vector<float> first = Round(1, Begin());
  const std::vector<float> second = Round(2, first);
  EXPECT_EQ(Round(2, first), second) << "a repeated round begins as it did before";
  std::filesystem::remove_all(State());
  EXPECT_NE(Round(2, first), second) << "it begins anew when the job's state is gone";
}

TEST_F(PersonalTest, AnInterruptedRoundEndsAsOneThatWasNot) {
  FedPer();
  const std::vector<float> first = Round(1, Begin());
  const std::vector<float> expected = Round(2, first);
  std::filesystem::remove(State() / "personal-2.state");
  std::stop_source source;
  std::vector<float> result(first.size());
  const auto stopped = Make()->Train({.round = 2,
                                      .weights = first,
                                      .result = result,
                                      .checkpoint = directory_ / "round-2",
                                      .state = State(),
                                      .progress =
                                          [&](std::uint64_t done, std::uint64_t) {
                                            if (done == 3) source.request_stop();
                                          },
                                      .stop = source.get_token()});
  EXPECT_EQ(stopped.status().error(), "task.stopped");
  EXPECT_FALSE(std::filesystem::exists(State() / "personal-2.state"));
  EXPECT_EQ(Round(2, first, {.checkpoint = directory_ / "round-2"}), expected);
}

TEST_F(PersonalTest, NeedsAPlaceToKeepIt) {
  FedPer();
  const std::vector<float> start = Begin();
  std::vector<float> result(start.size());
  EXPECT_EQ(Make()->Train({.round = 1, .weights = start, .result = result}).status().error(), "job.invalid");
  std::ofstream(State()) << "no directory";
  EXPECT_EQ(
      Make()->Train({.round = 1, .weights = start, .result = result, .state = State()}).status().error(),
      "store.io");
}

TEST_F(PersonalTest, FedSaKeepsBAndGivesA) {
  const ModelLayout layout = model::BuildLayout(job_.model).value();
  std::vector<float> base(layout.size);
  model::InitialWeights(layout, 3, base);
  data_.base = directory_ / "base";
  const Digest hash = model::WriteSafetensors(data_.base, layout, base).value();
  job_.adapter = {.kind = AdapterKind::kFedSaLora,
                  .rank = 2,
                  .alpha = 8.0,
                  .projections = {"fc1", "fc2"},
                  .base = model::NameOfHash(hash)};
  job_.inner.local_epochs = 10;
  const std::vector<float> start = Begin();
  const double before = LossOf(start, 1);
  const std::vector<float> result = Round(1, start);
  EXPECT_NE(result, start) << "A moves once B has left zero";
  EXPECT_EQ(Make()->Evaluate(result, {})->loss_sum, before) << "without its B the node has the frozen model";
  EXPECT_LT(LossOf(result, 2), 0.8 * before);
}

TEST_F(PersonalTest, DittosOwnModelLeavesTheCommonTrainingAsItIs) {
  Ditto(0.1);
  const std::vector<float> with = Round(1, Begin());
  job_.personal = {};
  EXPECT_EQ(Round(1, Begin()), with);
}

// With lambda = 0 it is what the node would train alone; with a large one it stays at the common model.
TEST_F(PersonalTest, DittoHoldsItsModelNearTheCommonOne) {
  const auto loss_after = [&](double lambda) {
    std::filesystem::remove_all(State());
    Ditto(lambda);
    job_.inner.batch = kExamples;
    job_.inner.momentum = 0.0;
    const std::vector<float> start = Begin();
    for (std::uint64_t round = 1; round <= 6; ++round) (void)Round(round, start);  // w stays
    return LossOf(start, 7);
  };
  const double common = Make()->Evaluate(Begin(), {})->loss_sum;
  const double alone = loss_after(0.0), near = loss_after(0.5), held = loss_after(8.0);
  EXPECT_LT(alone, near);
  EXPECT_LT(near, held);
  EXPECT_LT(held, common);
}

TEST_F(PersonalTest, DittoFollowsItsEquation) {
  Ditto(0.7);
  job_.inner.momentum = 0.0;
  job_.inner.local_steps = 1;
  job_.personal.local_steps = 1;
  job_.inner.batch = kExamples;  // every step has the same gradient F
  const std::vector<float> w1 = Begin();
  const std::vector<float> w2 = Round(1, w1);  // w1 - lr grad F(w1), and so is v after its first step from w1
  const std::vector<float>& v1 = w2;
  job_.personal = {};
  std::filesystem::remove_all(State());
  const std::vector<float> plain = Round(1, v1);  // v1 - lr grad F(v1)
  std::vector<float> expected(v1.size());
  for (std::size_t i = 0; i < v1.size(); ++i) expected[i] = plain[i] - 0.1F * 0.7F * (v1[i] - w1[i]);
  const double loss = Make()->Evaluate(expected, {})->loss_sum;
  std::filesystem::remove_all(State());
  Ditto(0.7);
  job_.inner.local_steps = job_.personal.local_steps = 1;
  (void)Round(1, w1);
  (void)Round(2, w1);  // back at w1: v <- v - lr (grad F(v) + 0.7 (v - w1))
  EXPECT_NEAR(LossOf(w1, 3), loss, 1e-4);
  EXPECT_GT(std::abs(LossOf(w1, 2) - loss), 1e-3) << "the second step is seen";
}

TEST_F(PersonalTest, DittoBeginsAnewAfterAStopAndEndsTheSame) {
  Ditto(0.1);
  const std::vector<float> start = Begin();
  (void)Round(1, start);
  const double expected = LossOf(start, 2);
  for (const std::uint64_t stop_at : {3U, 11U}) {  // in its own steps, and in the common ones
    std::filesystem::remove_all(State());
    std::stop_source source;
    std::vector<float> result(start.size());
    TrainRequest request{.round = 1,
                         .weights = start,
                         .result = result,
                         .checkpoint = directory_ / ("stopped-" + std::to_string(stop_at)),
                         .state = State(),
                         .progress =
                             [&](std::uint64_t done, std::uint64_t total) {
                               EXPECT_EQ(total, 16U);
                               if (done == stop_at) source.request_stop();
                             },
                         .stop = source.get_token()};
    EXPECT_EQ(Make()->Train(request).status().error(), "task.stopped");
    (void)Round(1, start, {.checkpoint = request.checkpoint});
    EXPECT_EQ(LossOf(start, 2), expected) << stop_at;
  }
}

TEST_F(PersonalTest, DittoKeepsItsOptimizerWhereThePlanKeepsThem) {
  Ditto(0.1);
  job_.inner.keep_state = true;
  const std::vector<float> start = Begin();
  (void)Round(1, start);
  (void)Round(2, start);
  const double kept = LossOf(start, 3);
  std::filesystem::remove_all(State());
  job_.inner.keep_state = false;
  (void)Round(1, start);
  (void)Round(2, start);
  EXPECT_NE(LossOf(start, 3), kept);
}

}  // namespace
}  // namespace accord::trainer
