// A tiny job for the tests of the trainer: 40 images of 8 x 8 in three classes that a cnn learns at once, as
// IDX files in a directory of the test.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "accord/trainer.h"
#include "base/codec.h"
#include "base/errors.h"
#include "model/init.h"
#include "tests/support/temp_dir.h"
#include "trainer/torch_trainer.h"

namespace accord::trainer {

inline void WriteBytes(const std::filesystem::path& path, ByteView bytes) {
  const std::string_view text = AsText(bytes);
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

inline Bytes Idx(const std::vector<std::uint32_t>& shape, const Bytes& elements) {
  Writer writer;
  writer.U16(0).U8(0x08).U8(static_cast<std::uint8_t>(shape.size()));
  for (const std::uint32_t n : shape) writer.U32(n);
  writer.Raw(ByteView(elements));
  return std::move(writer).Take();
}

class TinyJobTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kExamples = 40;
  static constexpr std::uint32_t kBatch = 12;  // epochs of 12, 12, 12 and 4

  TinyJobTest() {
    job_.seed = 7;
    job_.model = {.kind = "cnn", .input = {8, 8}, .classes = 3, .hidden = {6}, .channels = {2, 3}};
    job_.inner.lr = 0.1;
    job_.inner.momentum = 0.9;
    job_.inner.batch = kBatch;
    job_.inner.local_epochs = 2;
    job_.round.count = 10;
    data_ = {
        .id = "tiny", .format = "idx", .path = directory_ / "i", .labels = directory_ / "l", .holdout = 0.0};
    data_.eval_path = data_.path;
    data_.eval_labels = data_.labels;
    // The class decides which third of the image is bright; a little noise tells the examples apart.
    Bytes images(kExamples * 64);
    Bytes labels(kExamples);
    for (std::uint32_t i = 0; i < kExamples; ++i) {
      labels[i] = static_cast<std::uint8_t>(i % 3);
      for (std::uint32_t pixel = 0; pixel < 64; ++pixel) {
        const bool bright = pixel * 3 / 64 == labels[i];
        images[i * 64 + pixel] = static_cast<std::uint8_t>((bright ? 180 : 20) + (i * 37 + pixel * 11) % 50);
      }
    }
    WriteBytes(data_.path, Idx({kExamples, 8, 8}, images));
    WriteBytes(data_.labels, Idx({kExamples}, labels));
  }

  [[nodiscard]] static TorchOptions OneThread() {
    return {.threads = 1, .device = Device::kCpu, .progress_interval = std::chrono::milliseconds(0)};
  }
  [[nodiscard]] Result<std::unique_ptr<Trainer>> Create(const TorchOptions& options = OneThread()) const {
    return MakeTorchTrainerFactory(options).value()->Create(job_, data_);
  }
  [[nodiscard]] std::unique_ptr<Trainer> Make(const TorchOptions& options = OneThread()) const {
    Result<std::unique_ptr<Trainer>> made = Create(options);
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    return std::move(made).value();
  }
  [[nodiscard]] std::vector<float> Start(const Trainer& trainer) const {
    std::vector<float> weights(trainer.Layout().size);
    model::InitialWeights(trainer.Layout(), job_.seed, weights);
    return weights;
  }
  // The weights after `request`, whose weights and result are filled in here.
  [[nodiscard]] std::vector<float> Train(Trainer& trainer, TrainRequest request = {}) const {
    const std::vector<float> start = Start(trainer);
    std::vector<float> result(start.size());
    if (request.round == 0) request.round = 1;
    request.weights = start;
    request.result = result;
    const Result<TrainOutcome> outcome = trainer.Train(request);
    EXPECT_TRUE(outcome.ok()) << Describe(outcome.status());
    return result;
  }

  accord::testing::TempDir directory_;
  JobSpec job_;
  DatasetConfig data_;
};

}  // namespace accord::trainer
