// scripts/bench mask: what a node pays to encode and mask an update (n = 10, b = 16, ten million
// coordinates), against the bare keystream of as many bytes on one thread (DESIGN 8). Work and floor take
// turns by chunks of 65,536 words; medians of thread CPU time, scaled to the whole update. Scaling is by wall
// clock.
#include <barrier>
#include <cstring>
#include <thread>

#include "tests/bench/masked_update.h"
#include "tests/bench/measure.h"

namespace accord::bench {
namespace {

constexpr int kRepeats = 5;

// Encodes and masks block after block, as a node does: tile by tile in one buffer.
class Worker {
 public:
  explicit Worker(const MaskedUpdate& update) : encoder_(update.MakeEncoder()), masks_(update.Masks()) {}

  void EncodeAndMask(std::size_t block) {
    Tiles(block, [this](std::uint64_t first, std::span<std::uint64_t> tile) {
      encoder_.Encode(first, tile);
      masks_.Apply(first, tile);
    });
  }
  void Mask(std::size_t block) {
    Tiles(block, [this](std::uint64_t first, std::span<std::uint64_t> tile) { masks_.Apply(first, tile); });
  }
  void Encode(std::size_t block) {
    Tiles(block,
          [this](std::uint64_t first, std::span<std::uint64_t> tile) { encoder_.Encode(first, tile); });
  }

 private:
  template <class Work>
  void Tiles(std::size_t block, Work work) {
    for (std::size_t at = 0; at < kBlockWords; at += kTileWords) {
      work(block * kBlockWords + at, std::span(words_).subspan(at, kTileWords));
    }
  }
  secagg::Encoder encoder_;
  secagg::MaskSet masks_;
  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(kBlockWords);
};

void MeasureMask(const MaskedUpdate& update, bool json) {
  Worker worker(update);
  Worker mask_only(update);
  Worker encode_only(update);
  BareKeystream bare;
  std::vector<double> both, mask, encode, floor;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    for (std::size_t block = 0; block < update.Blocks(); ++block) {
      both.push_back(Time(ThreadMs, [&] { worker.EncodeAndMask(block); }));
      floor.push_back(Time(ThreadMs, [&] { bare.Draw(8ULL * kNodes * kBlockWords); }));
      mask.push_back(Time(ThreadMs, [&] { mask_only.Mask(block); }));
      encode.push_back(Time(ThreadMs, [&] { encode_only.Encode(block); }));
    }
  }
  const double floor_ms = update.Whole(Median(floor));
  const auto report = [&](const char* metric, const std::vector<double>& times) {
    const double ms = update.Whole(Median(times));
    Report(json, "mask", {metric, ms, floor_ms, ms / floor_ms});
  };
  report("mask_encode", both);
  report("mask", mask);
  report("encode", encode);
}

// Two threads, each with its own half of the blocks, against one that does all.
void MeasureScaling(const MaskedUpdate& update, bool json) {
  constexpr std::size_t kStride = 4;  // blocks between two readings of the clock
  Worker first(update);
  Worker second(update);
  Worker alone(update);
  std::barrier<> meet(2);
  std::vector<double> one, two;
  const std::size_t steps = update.Blocks() / kStride * kRepeats;
  const auto half = [&](Worker& worker, std::size_t step, std::size_t offset) {
    const std::size_t begin = step % (update.Blocks() / kStride) * kStride;
    for (std::size_t i = 0; i < kStride / 2; ++i) worker.EncodeAndMask(begin + offset + i);
  };
  std::thread helper([&] {
    for (std::size_t step = 0; step < steps; ++step) {
      meet.arrive_and_wait();
      half(second, step, kStride / 2);
      meet.arrive_and_wait();
    }
  });
  for (std::size_t step = 0; step < steps; ++step) {
    one.push_back(Time(WallMs, [&] {
      half(alone, step, 0);
      half(alone, step, kStride / 2);
    }));
    meet.arrive_and_wait();
    two.push_back(Time(WallMs, [&] {
      half(first, step, 0);
      meet.arrive_and_wait();
    }));
  }
  helper.join();
  const double two_ms = update.Whole(Median(two)) / kStride;
  const double one_ms = update.Whole(Median(one)) / kStride;
  Report(json, "mask", {"scaling_1_to_2", one_ms, two_ms, one_ms / two_ms});
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  const accord::bench::MaskedUpdate update;
  accord::bench::MeasureMask(update, json);
  accord::bench::MeasureScaling(update, json);
  return 0;
}
