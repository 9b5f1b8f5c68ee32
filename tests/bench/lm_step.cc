// scripts/bench lm-step: tokens per second that the node's trainer trains a language model on, one thread.
// f32 is measured against the same model in Python's torch, bf16 against f32; the sides take turns, in
// processor time, and the median of the pairs' ratios counts: other work on the machine takes turns with
// both. Memory is that of the process, against the flat buffers (weights, gradients, two moments and AdamW's
// scratch).
//
// usage: bench_lm_step [--json] [--blocks N] [--python COMMAND]
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/trainer.h"
#include "base/check.h"
#include "base/errors.h"
#include "model/init.h"
#include "tests/bench/coprocess.h"
#include "tests/bench/measure.h"
#include "tests/support/temp_dir.h"
#include "trainer/torch_trainer.h"

namespace accord::bench {
namespace {

constexpr std::uint64_t kContext = 128;
constexpr std::uint32_t kBatch = 8;
constexpr double kStepTokens = static_cast<double>(kContext * kBatch);
constexpr double kMib = 1 << 20;

struct Size {
  const char* name;
  std::uint64_t hidden, layers, heads, inner, steps;  // steps of a block
};
constexpr Size kSizes[] = {{"0.12m", 64, 2, 2, 176, 30},
                           {"0.47m", 96, 4, 3, 256, 10},
                           {"2m", 192, 4, 6, 512, 4},
                           {"25m", 512, 8, 8, 1'376, 1}};

struct Arguments {
  bool json = false;
  std::size_t blocks = 7;
  std::string python;  // command of a Coprocess, to which the size is added; empty: not compared
};

// A text of bytes that are no pattern; the time of a step does not depend on them.
void WriteText(const std::filesystem::path& path) {
  std::string text(1 << 18, ' ');
  std::uint32_t state = 1;
  for (char& c : text) c = static_cast<char>('!' + ((state = state * 1664525U + 1013904223U) >> 24) % 90);
  std::ofstream(path, std::ios::binary) << text;
}

JobSpec Job(const Size& size, Precision precision, bool checkpointing) {
  JobSpec job;
  job.model.kind = "llama";
  job.model.llama = {.hidden_size = size.hidden,
                     .intermediate_size = size.inner,
                     .num_hidden_layers = size.layers,
                     .num_attention_heads = size.heads,
                     .max_position_embeddings = kContext};
  job.text.context = kContext;
  job.inner.optimizer = OptimizerKind::kAdamW;
  job.inner.lr = 1e-3;
  job.inner.beta2 = 0.95;
  job.inner.weight_decay = 0.1;
  job.inner.clip_norm = 1.0;
  job.inner.batch = kBatch;
  job.inner.has_local_steps = true;
  job.inner.local_steps = size.steps;
  job.inner.precision = precision;
  job.inner.checkpointing = checkpointing;
  job.round.count = 1;
  return job;
}

// The node's trainer with what a round needs.
class Side {
 public:
  Side(const std::filesystem::path& directory, const JobSpec& job) {
    const auto factory = trainer::MakeTorchTrainerFactory(
        {.threads = 1, .device = trainer::Device::kCpu, .cache = directory / "cache"});
    ACCORD_CHECK(factory.ok());
    auto made = factory.value()->Create(
        job, {.id = "noise", .format = "text", .path = directory / "noise.txt", .holdout = 0.0});
    if (!made.ok()) {
      std::fprintf(stderr, "%s\n", Describe(made.status()).c_str());
      std::exit(1);
    }
    trainer_ = std::move(made).value();
    weights_.resize(trainer_->Layout().size);
    model::InitialWeights(trainer_->Layout(), 1, weights_);
    result_.resize(weights_.size());
  }
  [[nodiscard]] double parameters() const { return static_cast<double>(weights_.size()); }
  // Tokens per second of one block.
  double Run(std::uint64_t steps) {
    const double ms = Time(ProcessMs, [&] {
      ACCORD_CHECK(trainer_->Train({.round = 1, .weights = weights_, .result = result_}).ok());
    });
    return static_cast<double>(steps) * kStepTokens / ms * 1e3;
  }

 private:
  std::unique_ptr<Trainer> trainer_;
  std::vector<float> weights_, result_;
};

void Print(const Arguments& arguments, const std::string& metric, const Measured& m) {
  Measured named = m;
  named.metric = metric.c_str();
  Report(arguments.json, "lm-step", named);
  std::fflush(stdout);
}

void Speed(const Arguments& arguments, const std::filesystem::path& directory, const Size& size) {
  Side f32(directory, Job(size, Precision::kF32, false)), bf16(directory, Job(size, Precision::kBf16, false));
  std::optional<Coprocess> python;
  if (!arguments.python.empty()) {
    std::string command = arguments.python;
    for (const std::uint64_t n :
         {size.hidden, size.layers, size.heads, size.inner, kContext, std::uint64_t{kBatch}, size.steps})
      command += " " + std::to_string(n);
    python.emplace(command);
  }
  std::vector<double> ours, halves, theirs, to_python, to_f32;
  for (std::size_t block = 0; block <= arguments.blocks; ++block) {
    const double a = f32.Run(size.steps);
    const std::optional<double> ms = python ? python->Ask() : std::nullopt;
    const double b = bf16.Run(size.steps);
    if (block == 0) continue;  // all warm up once
    ours.push_back(a);
    halves.push_back(b);
    to_f32.push_back(b / a);
    if (!ms) continue;
    theirs.push_back(kStepTokens / *ms * 1e3);
    to_python.push_back(a / theirs.back());
  }
  const std::string name = std::string("_") + size.name;
  if (!theirs.empty()) {
    Print(arguments, "f32" + name, {"", Median(ours), Median(theirs), Median(to_python), "tokens/s"});
  }
  Print(arguments, "bf16" + name, {"", Median(halves), Median(ours), Median(to_f32), "tokens/s"});
}

double ResidentMib() {
  std::ifstream file("/proc/self/statm");
  double all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / kMib;
}

void Memory(const Arguments& arguments, const std::filesystem::path& directory, const Size& size) {
  for (const bool checkpointing : {false, true}) {
    ::malloc_trim(0);
    const double before = ResidentMib();
    Side side(directory, Job(size, Precision::kF32, checkpointing));
    (void)side.Run(size.steps);
    // The request's own two vectors are the node's, not the trainer's.
    const double used = ResidentMib() - before - side.parameters() * 2 * sizeof(float) / kMib;
    const double flat = side.parameters() * 5 * sizeof(float) / kMib;
    Print(arguments, std::string(checkpointing ? "checkpointing_mib_" : "memory_mib_") + size.name,
          {"", used, flat, used / flat, "MiB"});
  }
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
    } else if (words[i] == "--python") {
      arguments.python = value();
    }
  }
  if (arguments.blocks == 0) {
    std::fprintf(stderr, "--blocks is a number from 1\n");
    std::exit(4);
  }
  return arguments;
}

int Main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  const testing::TempDir scratch;
  WriteText(scratch / "noise.txt");
  // Memory first, the largest last: what earlier sizes left in the heap would hide it.
  for (const Size& size : kSizes) Memory(arguments, scratch.path(), size);
  for (const Size& size : kSizes) Speed(arguments, scratch.path(), size);
  return 0;
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) { return accord::bench::Main(argc, argv); }
