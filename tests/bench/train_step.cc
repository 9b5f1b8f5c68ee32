// scripts/bench train-step: what one step of the node's training costs, beside the same loop in plain C++
// libtorch in the same process. The node's side is Trainer::Train as the node calls it: gathering shuffled
// examples, progress, local checkpoints. The two take turns; medians are compared.
//
// usage: bench_train_step [--json] [--blocks N] [--steps N] [--python COMMAND]
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/trainer.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "tests/bench/coprocess.h"
#include "tests/bench/train_step_floor.h"
#include "tests/support/temp_dir.h"
#include "trainer/torch_trainer.h"

namespace accord::bench {
namespace {

constexpr std::uint32_t kExamples = 4096;
constexpr std::uint32_t kPixels = 28 * 28;
constexpr std::uint32_t kBatch = 32;
constexpr double kRate = 0.01;

struct Arguments {
  bool json = false;
  std::size_t blocks = 15;
  std::uint64_t steps = 60;
  std::string python;  // command of a Coprocess, to which threads and steps are added; empty: not compared
};

// Images of noise with labels: the time of a step does not depend on what they show.
struct Noise {
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;

  Noise() : pixels(kExamples * kPixels), labels(kExamples) {
    std::uint32_t state = 1;
    const auto next = [&state] { return (state = state * 1664525U + 1013904223U) >> 24; };
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(next());
    for (std::uint8_t& label : labels) label = static_cast<std::uint8_t>(next() % 10);
  }
};

void WriteIdx(const std::filesystem::path& path, const std::vector<std::uint32_t>& shape,
              const std::vector<std::uint8_t>& bytes) {
  Writer writer;
  writer.U16(0).U8(0x08).U8(static_cast<std::uint8_t>(shape.size()));
  for (const std::uint32_t n : shape) writer.U32(n);
  writer.Raw(ByteView(bytes));
  const std::string_view text = AsText(writer.bytes());
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

JobSpec Job(std::uint64_t steps) {
  JobSpec job;
  job.model = {.kind = "cnn", .input = {1, 28, 28}, .classes = 10, .hidden = {128}, .channels = {16, 32}};
  job.inner.lr = kRate;
  job.inner.momentum = 0.9;
  job.inner.batch = kBatch;
  job.inner.has_local_steps = true;
  job.inner.local_steps = steps;
  job.round.count = 1;
  return job;
}

std::unique_ptr<Trainer> MakeTrainer(const std::filesystem::path& directory, std::uint32_t threads,
                                     std::uint64_t steps) {
  // Checkpoints come as often as their cost bound allows, not every ten seconds: the worst case is measured.
  auto factory = trainer::MakeTorchTrainerFactory({.threads = threads,
                                                   .device = trainer::Device::kCpu,
                                                   .checkpoint_interval = std::chrono::milliseconds(100)});
  ACCORD_CHECK(factory.ok());
  for (const std::string& warning : factory.value()->Warnings())
    std::fprintf(stderr, "%s\n", warning.c_str());
  auto made = factory.value()->Create(Job(steps), {.id = "noise",
                                                   .format = "idx",
                                                   .path = directory / "images",
                                                   .labels = directory / "labels",
                                                   .holdout = 0.0});
  if (!made.ok()) {
    std::fprintf(stderr, "%s\n", Describe(made.status()).c_str());
    std::exit(1);
  }
  return std::move(made).value();
}

double TrainOnce(Trainer& trainer, const std::filesystem::path& checkpoint, std::vector<float>& weights) {
  std::vector<float> result(weights.size());
  std::uint64_t calls = 0;
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = trainer.Train({.round = 1,
                                      .weights = weights,
                                      .result = result,
                                      .checkpoint = checkpoint,
                                      .progress = [&](std::uint64_t, std::uint64_t) { ++calls; }});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ACCORD_CHECK(outcome.ok() && calls > 0);
  std::filesystem::remove_all(checkpoint);
  return seconds;
}

double Median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

void Print(const Arguments& arguments, const std::string& metric, double value, double floor) {
  std::printf(
      arguments.json
          ? "{\"bench\":\"train-step\",\"metric\":\"%s\",\"value\":%.4f,\"floor\":%.4f,\"ratio\":%.4f}\n"
          : "train-step %s: %.4f, floor %.4f, ratio %.4f\n",
      metric.c_str(), value, floor, value / floor);
  std::fflush(stdout);
}

void Measure(const Arguments& arguments, const Noise& noise, const std::filesystem::path& directory,
             std::uint32_t threads) {
  const std::unique_ptr<Trainer> trainer = MakeTrainer(directory, threads, arguments.steps);
  std::vector<float> images(noise.pixels.size());
  std::ranges::transform(noise.pixels, images.begin(), [](std::uint8_t pixel) { return pixel / 255.0F; });
  const std::vector<std::int64_t> labels(noise.labels.begin(), noise.labels.end());
  PlainLoop plain(images, labels, kBatch, kRate, static_cast<int>(threads));
  std::vector<float> weights(trainer->Layout().size);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i % 97) * 1e-3F - 0.048F;

  std::optional<Coprocess> python;
  if (!arguments.python.empty()) {
    python.emplace(arguments.python + " " + std::to_string(threads) + " " + std::to_string(arguments.steps));
  }

  const double steps = static_cast<double>(arguments.steps);
  std::vector<double> value, floor, scripted;
  for (std::size_t block = 0; block <= arguments.blocks; ++block) {
    const double ours = TrainOnce(*trainer, directory / "checkpoint", weights) * 1e3 / steps;
    const double theirs = plain.Run(arguments.steps) * 1e3 / steps;
    const std::optional<double> pythons = python ? python->Ask() : std::nullopt;
    if (block == 0) continue;  // all warm up once
    value.push_back(ours);
    floor.push_back(theirs);
    if (pythons) scripted.push_back(*pythons);
  }
  const std::string metric =
      "ms_per_step_" + std::to_string(threads) + (threads == 1 ? "_thread" : "_threads");
  Print(arguments, metric, Median(value), Median(floor));
  if (!scripted.empty()) Print(arguments, metric + "_python", Median(value), Median(scripted));
}

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto value = [&] { return i + 1 < words.size() ? std::string(words[++i]) : std::string(); };
    if (words[i] == "--json") {
      arguments.json = true;
    } else if (words[i] == "--blocks") {
      arguments.blocks = std::strtoull(value().c_str(), nullptr, 10);
    } else if (words[i] == "--steps") {
      arguments.steps = std::strtoull(value().c_str(), nullptr, 10);
    } else if (words[i] == "--python") {
      arguments.python = value();
    }
  }
  if (arguments.blocks == 0 || arguments.steps == 0) {
    std::fprintf(stderr, "--blocks and --steps are numbers from 1\n");
    std::exit(4);
  }
  return arguments;
}

int Main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  const testing::TempDir scratch;
  const Noise noise;
  WriteIdx(scratch / "images", {kExamples, 28, 28}, noise.pixels);
  WriteIdx(scratch / "labels", {kExamples}, noise.labels);
  for (const std::uint32_t threads : {1U, 2U}) Measure(arguments, noise, scratch.path(), threads);
  return 0;
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) { return accord::bench::Main(argc, argv); }
