// A lab's own trainer in plain C++, plugged in through the public seam alone: least squares by gradient
// descent on numbers that it reads its own way. What a node does with a factory is done here by hand.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "accord/trainer.h"
#include "base/errors.h"
#include "model/layout.h"
#include "tests/support/temp_dir.h"

namespace {

using accord::DatasetConfig;
using accord::EvalOutcome;
using accord::JobSpec;
using accord::ModelLayout;
using accord::Result;
using accord::TrainOutcome;
using accord::TrainRequest;

struct Point {
  float x, y;
};

// y = slope * x + offset; two parameters: "offset", "slope".
class LineTrainer final : public accord::Trainer {
 public:
  LineTrainer(ModelLayout layout, std::vector<Point> points, const JobSpec& job)
      : layout_(std::move(layout)),
        points_(std::move(points)),
        rate_(job.inner.lr),
        steps_(job.inner.local_steps) {}

  const ModelLayout& Layout() const override { return layout_; }

  Result<TrainOutcome> Train(const TrainRequest& request) override {
    float offset = request.weights[0], slope = request.weights[1];
    for (std::uint64_t step = 0; step < steps_; ++step) {
      if (request.stop.stop_requested()) return accord::Fail(accord::errors::kTaskStopped, "stopped");
      float to_offset = 0, to_slope = 0;
      for (const Point& p : points_) {
        const float residual = offset + slope * p.x - p.y;
        to_offset += residual;
        to_slope += residual * p.x;
      }
      const float scale = static_cast<float>(rate_) / static_cast<float>(points_.size());
      offset -= scale * to_offset;
      slope -= scale * to_slope;
      if (request.progress) request.progress(step + 1, steps_);
    }
    request.result[0] = offset;
    request.result[1] = slope;
    return TrainOutcome{.examples = points_.size(), .steps = steps_};
  }

  Result<EvalOutcome> Evaluate(std::span<const float> weights, std::stop_token) override {
    EvalOutcome outcome{.examples = points_.size()};
    for (const Point& p : points_) {
      const double residual = weights[0] + weights[1] * p.x - p.y;
      outcome.loss_sum += residual * residual;
    }
    return outcome;
  }

 private:
  ModelLayout layout_;
  std::vector<Point> points_;
  double rate_;
  std::uint64_t steps_;
};

class LineFactory final : public accord::TrainerFactory {
 public:
  Result<std::unique_ptr<accord::Trainer>> Create(const JobSpec& job, const DatasetConfig& data) override {
    if (job.model.kind != "line") return accord::Fail(accord::errors::kModelUnknown, job.model.kind);
    std::ifstream file(data.path);
    if (!file) return accord::Fail(accord::errors::kDataMissing, data.path.string());
    std::vector<Point> points;
    for (Point p{}; file >> p.x >> p.y;) points.push_back(p);
    ACCORD_ASSIGN_OR_RETURN(
        ModelLayout layout,
        accord::model::MakeLayout({{.name = "slope", .shape = {1}}, {.name = "offset", .shape = {1}}}));
    return std::unique_ptr<accord::Trainer>(
        std::make_unique<LineTrainer>(std::move(layout), std::move(points), job));
  }
  std::string Describe() const override { return "least squares, plain C++"; }
  std::vector<std::string> Warnings() const override { return {}; }
};

TEST(LabTrainerTest, PlugsInThroughTheSeamAlone) {
  const accord::testing::TempDir directory;
  std::ofstream(directory / "points") << "0 1\n1 3\n2 5\n3 7\n";
  const std::unique_ptr<accord::TrainerFactory> factory = std::make_unique<LineFactory>();
  JobSpec job;
  job.model.kind = "line";
  job.inner.lr = 0.2;
  job.inner.local_steps = 500;
  auto trainer = factory->Create(job, {.id = "points", .path = directory / "points"});
  ASSERT_TRUE(trainer.ok());
  ASSERT_EQ((*trainer)->Layout().size, 2U);
  EXPECT_EQ((*trainer)->Layout().tensors[0].name, "offset");
  const std::vector<float> start(2);
  std::vector<float> result(2);
  std::uint64_t told = 0;
  const auto outcome = (*trainer)->Train(
      {.round = 1, .weights = start, .result = result, .progress = [&](auto done, auto) { told = done; }});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->examples, 4U);
  EXPECT_EQ(told, 500U);
  EXPECT_NEAR(result[0], 1.0, 1e-3);
  EXPECT_NEAR(result[1], 2.0, 1e-3);
  EXPECT_LT((*trainer)->Evaluate(result, {})->loss_sum, 1e-5);

  job.model.kind = "cnn";
  EXPECT_EQ(factory->Create(job, {}).status().error(), "model.unknown");
}

}  // namespace
