// scripts/bench mac: what the MAC of a sum costs a node, its tag and its check of the sum, against the
// masking of the same update (n = 10, b = 16, ten million coordinates; DESIGN 8). All take turns by chunks of
// 65,536 words; medians of thread CPU time, scaled to the whole update.
#include <cstring>

#include "secagg/poly_mac.h"
#include "tests/bench/masked_update.h"
#include "tests/bench/measure.h"

namespace accord::bench {
namespace {

constexpr int kRepeats = 9;

void Measure(const MaskedUpdate& update, bool json) {
  secagg::MaskSet masks = update.Masks();
  const secagg::SecretPair alpha({0x1cdb58c159e9b44d, 0x0b7706309099d594});
  secagg::PolyMac tag_mac(update.encoding(), alpha);
  secagg::PolyMac sum_mac(update.encoding(), alpha);
  BareKeystream bare;
  std::vector<std::uint64_t> words(update.encoding().Words());
  secagg::Encoder encoder = update.MakeEncoder();
  encoder.Encode(0, words);
  const std::vector<std::uint64_t> sum = words;
  std::vector<std::uint64_t> tile(kTileWords);
  std::vector<double> tag, verify, mask, floor;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    for (std::size_t block = 0; block < update.Blocks(); ++block) {
      const auto of = [&](const std::vector<std::uint64_t>& vector, std::size_t at) {
        return std::span(vector).subspan(block * kBlockWords + at, kTileWords);
      };
      tag.push_back(Time(ThreadMs, [&] {
        for (std::size_t at = 0; at < kBlockWords; at += kTileWords)
          tag_mac.Add(block * kBlockWords + at, of(words, at));
      }));
      mask.push_back(Time(ThreadMs, [&] {
        for (std::size_t at = 0; at < kBlockWords; at += kTileWords)
          masks.Apply(block * kBlockWords + at, tile);
      }));
      verify.push_back(Time(ThreadMs, [&] {
        for (std::size_t at = 0; at < kBlockWords; at += kTileWords)
          sum_mac.Add(block * kBlockWords + at, of(sum, at));
      }));
      floor.push_back(Time(ThreadMs, [&] { bare.Draw(8ULL * kNodes * kBlockWords); }));
    }
  }
  const double tag_ms = update.Whole(Median(tag));
  const double verify_ms = update.Whole(Median(verify));
  const double mask_ms = update.Whole(Median(mask));
  const double floor_ms = update.Whole(Median(floor));
  Report(json, "mac", {"tag_verify", tag_ms + verify_ms, mask_ms, (tag_ms + verify_ms) / mask_ms});
  Report(json, "mac", {"tag", tag_ms, mask_ms, tag_ms / mask_ms});
  Report(json, "mac", {"verify", verify_ms, mask_ms, verify_ms / mask_ms});
  Report(json, "mac", {"mask", mask_ms, floor_ms, mask_ms / floor_ms});
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  accord::bench::Measure(accord::bench::MaskedUpdate(), json);
  return 0;
}
