// scripts/bench unmask: what the coordinator pays for the sum of ten masked uploads without its masks (n =
// 10, b = 16, ten million coordinates, nobody lost), against the bare keystream of as many bytes on one
// thread (DESIGN 8). Work and floor take turns by pieces of 65,536 words; medians of thread CPU time, scaled
// to the whole sum. `unmask` adds the uploads, in memory, and takes the masks away; `masks` is the second
// alone, of an accumulator that holds the uploads. `one_dropped`: nine uploads, and beside their own masks
// those that they share with a tenth node, which was lost; its floor is of as many streams. Scaling is by
// wall clock, and says little while other work holds the cores; `cpu_of_2_threads` is the CPU time of both
// against that of one.
#include "secagg/unmask.h"

#include <cstring>

#include "crypto/prg.h"
#include "secagg/sum.h"
#include "tests/bench/masked_update.h"
#include "tests/bench/measure.h"

namespace accord::bench {
namespace {

constexpr int kRepeats = 5;
constexpr int kSums = 40;  // by one thread and by two in turns

// Uploads in memory, as sent, and the keys that unmask their sum.
class MaskedSum {
 public:
  MaskedSum(std::uint64_t words, std::size_t uploads, std::size_t masks)
      : words_(words), uploads_(uploads, Bytes(8 * words)) {
    for (Bytes& upload : uploads_) {
      for (std::size_t i = 0; i < upload.size(); ++i) upload[i] = static_cast<std::uint8_t>(i * 7);
    }
    for (std::size_t k = 0; k < masks; ++k) {
      keys_.push_back(Bytes(32, static_cast<std::uint8_t>(k)));
    }
    for (std::size_t k = 0; k < masks; ++k) {
      undo_.push_back(
          {keys_[k], k < uploads || k % 2 == 0 ? secagg::MaskSign::kSubtract : secagg::MaskSign::kAdd});
    }
  }

  [[nodiscard]] std::size_t masks() const { return undo_.size(); }

  // Words [first, first + size) of the sum, by `threads`; with the uploads, or of an accumulator that has
  // them.
  void Unmask(std::uint64_t first, std::size_t size, unsigned threads, bool with_uploads) {
    const auto out = std::span(sum_).first(size);
    const secagg::AddUpload add = [&](std::size_t upload, std::uint64_t at, std::span<std::uint64_t> words) {
      secagg::AddBytes(words, 0, ByteView(uploads_[upload]).subspan(8 * (first + at), words.size_bytes()));
      return Status();
    };
    const Status done = secagg::UnmaskSum(
        {.uploads = with_uploads ? uploads_.size() : 0, .add = add, .masks = undo_, .threads = threads}, out);
    ACCORD_CHECK(done.ok());
  }

 private:
  std::uint64_t words_;
  std::vector<Bytes> uploads_;
  std::vector<Bytes> keys_;
  std::vector<secagg::SignedKey> undo_;
  std::vector<std::uint64_t> sum_ = std::vector<std::uint64_t>(words_);
};

// Work and floor of one piece after the other, by the backend that is chosen now.
struct Times {
  std::vector<double> unmask, masks, floor;
};

Times TakeTurns(MaskedSum& sum, std::uint64_t words, crypto::KeystreamBackend backend) {
  static_cast<void>(crypto::UseKeystreamBackend(backend));
  BareKeystream bare;
  Times times;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    for (std::uint64_t first = 0; first + kBlockWords <= words; first += kBlockWords) {
      times.unmask.push_back(Time(ThreadMs, [&] { sum.Unmask(first, kBlockWords, 1, true); }));
      times.floor.push_back(Time(ThreadMs, [&] { bare.Draw(8ULL * sum.masks() * kBlockWords); }));
      times.masks.push_back(Time(ThreadMs, [&] { sum.Unmask(first, kBlockWords, 1, false); }));
    }
  }
  return times;
}

void MeasureUnmask(const MaskedUpdate& update, MaskedSum& sum, crypto::KeystreamBackend best, bool json) {
  const std::uint64_t words = update.encoding().Words();
  const auto report = [&](const char* metric, const std::vector<double>& times, const Times& of) {
    const double ms = update.Whole(Median(times));
    const double floor_ms = update.Whole(Median(of.floor));
    Report(json, "unmask", {metric, ms, floor_ms, ms / floor_ms});
  };
  const Times by_best = TakeTurns(sum, words, best);
  report("unmask", by_best.unmask, by_best);
  report("masks", by_best.masks, by_best);
  const Times by_evp = TakeTurns(sum, words, crypto::KeystreamBackend::kEvp);
  report("unmask_evp", by_evp.unmask, by_evp);
  report("masks_evp", by_evp.masks, by_evp);
  MaskedSum dropped(words, kNodes - 1, 2 * (kNodes - 1));
  const Times one_dropped = TakeTurns(dropped, words, best);
  report("one_dropped", one_dropped.unmask, one_dropped);
}

// Whole sums by one thread and by two in turns.
void MeasureScaling(MaskedSum& sum, std::uint64_t words, crypto::KeystreamBackend best, bool json) {
  static_cast<void>(crypto::UseKeystreamBackend(best));
  std::vector<double> one, two, one_cpu, two_cpu;
  const auto run = [&](unsigned threads, std::vector<double>& wall, std::vector<double>& cpu) {
    const double began = ProcessMs();
    wall.push_back(Time(WallMs, [&] { sum.Unmask(0, words, threads, true); }));
    cpu.push_back(ProcessMs() - began);
  };
  for (int repeat = 0; repeat < kSums; ++repeat) {
    run(1, one, one_cpu);
    run(2, two, two_cpu);
  }
  // Of the times that other work on the machine disturbed least: on two cores a median would measure that
  // work.
  const double one_ms = Quantile(one, 0.1);
  const double two_ms = Quantile(two, 0.1);
  Report(json, "unmask", {"scaling_1_to_2", one_ms, two_ms, one_ms / two_ms});
  const double one_cpu_ms = Median(one_cpu);
  const double two_cpu_ms = Median(two_cpu);
  Report(json, "unmask", {"cpu_of_2_threads", two_cpu_ms, one_cpu_ms, two_cpu_ms / one_cpu_ms});
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  using namespace accord;
  const bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  const bench::MaskedUpdate update;
  const std::uint64_t words = update.encoding().Words();
  const crypto::KeystreamBackend best = crypto::CurrentKeystreamBackend();
  bench::MaskedSum sum(words, bench::kNodes, bench::kNodes);
  bench::MeasureUnmask(update, sum, best, json);
  bench::MeasureScaling(sum, words, best, json);
  return 0;
}
