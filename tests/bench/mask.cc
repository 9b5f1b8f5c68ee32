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

// By the backend that a node would use, and by OpenSSL's alone.
struct Times {
  std::vector<double> both, mask, encode, floor;
};

class Turns {
 public:
  explicit Turns(const MaskedUpdate& update) : worker_(update) {}
  void Take(std::size_t block, Times& times) {
    times.both.push_back(Time(ThreadMs, [&] { worker_.EncodeAndMask(block); }));
    times.floor.push_back(Time(ThreadMs, [&] { bare_.Draw(8ULL * kNodes * kBlockWords); }));
    times.mask.push_back(Time(ThreadMs, [&] { worker_.Mask(block); }));
    times.encode.push_back(Time(ThreadMs, [&] { worker_.Encode(block); }));
  }

 private:
  Worker worker_;
  BareKeystream bare_;
};

void MeasureMask(const MaskedUpdate& update, bool json) {
  Turns best(update);
  ACCORD_CHECK(crypto::UseKeystreamBackend(crypto::KeystreamBackend::kEvp));
  Turns evp(update);
  static_cast<void>(crypto::UseKeystreamBackend(crypto::KeystreamBackend::kVaes));
  Times best_times, evp_times;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    for (std::size_t block = 0; block < update.Blocks(); ++block) {
      best.Take(block, best_times);
      evp.Take(block, evp_times);
    }
  }
  const auto report = [&](const char* metric, const std::vector<double>& times, const Times& of) {
    const double ms = update.Whole(Median(times));
    const double floor_ms = update.Whole(Median(of.floor));
    Report(json, "mask", {metric, ms, floor_ms, ms / floor_ms});
  };
  report("mask_encode", best_times.both, best_times);
  report("mask", best_times.mask, best_times);
  report("encode", best_times.encode, best_times);
  report("mask_encode_evp", evp_times.both, evp_times);
  report("mask_evp", evp_times.mask, evp_times);
  report("encode_evp", evp_times.encode, evp_times);
}

// The fastest backend's bare stream, as many bytes as the floor's.
void MeasureStream(const MaskedUpdate& update, bool json) {
  crypto::Keystream stream(Bytes(32, 1));
  BareKeystream bare;
  std::vector<std::uint8_t> out(16 << 10);
  std::vector<double> fast, floor;
  constexpr std::uint64_t kBytes = 8ULL * kNodes * kBlockWords;
  for (int repeat = 0; repeat < 200; ++repeat) {
    fast.push_back(Time(ThreadMs, [&] {
      for (std::uint64_t at = 0; at < kBytes; at += out.size()) stream.FillBytes(at, out);
    }));
    floor.push_back(Time(ThreadMs, [&] { bare.Draw(kBytes); }));
  }
  const double fast_ms = update.Whole(Median(fast));
  const double floor_ms = update.Whole(Median(floor));
  const bool vaes = crypto::CurrentKeystreamBackend() == crypto::KeystreamBackend::kVaes;
  Report(json, "mask", {vaes ? "stream_vaes" : "stream_evp", fast_ms, floor_ms, fast_ms / floor_ms});
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
  // Of the times that other work on the machine disturbed least: on two cores a median would measure that
  // work.
  const double two_ms = update.Whole(Quantile(two, 0.1)) / kStride;
  const double one_ms = update.Whole(Quantile(one, 0.1)) / kStride;
  Report(json, "mask", {"scaling_1_to_2", one_ms, two_ms, one_ms / two_ms});
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  const accord::bench::MaskedUpdate update;
  accord::bench::MeasureMask(update, json);
  accord::bench::MeasureStream(update, json);
  accord::bench::MeasureScaling(update, json);
  return 0;
}
