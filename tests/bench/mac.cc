// scripts/bench mac: what the MAC of a sum costs a node, its tag and its check of the sum, against the
// masking of the same update by OpenSSL's keystream (n = 10, b = 16, ten million coordinates; DESIGN 8). All
// take turns by chunks of 65,536 words; medians of thread CPU time, scaled to the whole update. The tag is
// taken from words in the cache, where encoding has just put them; the sum comes from memory.
#include <algorithm>
#include <cstring>

#include "secagg/poly_mac.h"
#include "tests/bench/masked_update.h"
#include "tests/bench/measure.h"

namespace accord::bench {
namespace {

constexpr int kRepeats = 9;

struct Times {
  std::vector<double> tag, verify, mask, fast_mask;
};

class Turns {
 public:
  explicit Turns(const MaskedUpdate& update)
      : fast_masks_(update.Masks()),
        masks_(EvpMasks(update)),
        tag_mac_(update.encoding(), Alpha()),
        sum_mac_(update.encoding(), Alpha()),
        sum_(update.encoding().Words()) {
    update.MakeEncoder().Encode(0, sum_);
  }

  void Take(std::size_t block, Times& times) {
    const std::uint64_t first = block * kBlockWords;
    const auto of_sum = std::span(sum_).subspan(first, kBlockWords);
    std::ranges::copy(of_sum, chunk_.begin());
    const auto tiles = [&](std::span<std::uint64_t> words, auto&& work) {
      return Time(ThreadMs, [&] {
        for (std::size_t at = 0; at < kBlockWords; at += kTileWords)
          work(first + at, words.subspan(at, kTileWords));
      });
    };
    times.tag.push_back(tiles(chunk_, [this](auto at, auto tile) { tag_mac_.Add(at, tile); }));
    times.mask.push_back(tiles(chunk_, [this](auto at, auto tile) { masks_.Apply(at, tile); }));
    times.fast_mask.push_back(tiles(chunk_, [this](auto at, auto tile) { fast_masks_.Apply(at, tile); }));
    const std::uint64_t far = (block + kFar) % (sum_.size() / kBlockWords) * kBlockWords;  // not in a cache
    times.verify.push_back(tiles(std::span(sum_).subspan(far, kBlockWords),
                                 [this](auto at, auto tile) { sum_mac_.Add(at, tile); }));
  }

 private:
  static constexpr std::size_t kFar = 25;  // blocks
  static secagg::SecretPair Alpha() { return secagg::SecretPair({0x1cdb58c159e9b44d, 0x0b7706309099d594}); }
  static secagg::MaskSet EvpMasks(const MaskedUpdate& update) {
    ACCORD_CHECK(crypto::UseKeystreamBackend(crypto::KeystreamBackend::kEvp));
    secagg::MaskSet masks = update.Masks();
    static_cast<void>(crypto::UseKeystreamBackend(crypto::KeystreamBackend::kVaes));
    return masks;
  }

  secagg::MaskSet fast_masks_;
  secagg::MaskSet masks_;
  secagg::PolyMac tag_mac_;
  secagg::PolyMac sum_mac_;
  std::vector<std::uint64_t> sum_;
  std::vector<std::uint64_t> chunk_ = std::vector<std::uint64_t>(kBlockWords);
};

void Measure(const MaskedUpdate& update, bool json) {
  Turns turns(update);
  Times times;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    for (std::size_t block = 0; block < update.Blocks(); ++block) turns.Take(block, times);
  }
  const double tag_ms = update.Whole(Median(times.tag));
  const double verify_ms = update.Whole(Median(times.verify));
  const double mask_ms = update.Whole(Median(times.mask));
  const double fast_ms = update.Whole(Median(times.fast_mask));
  Report(json, "mac", {"tag_verify", tag_ms + verify_ms, mask_ms, (tag_ms + verify_ms) / mask_ms});
  Report(json, "mac", {"tag", tag_ms, mask_ms, tag_ms / mask_ms});
  Report(json, "mac", {"verify", verify_ms, mask_ms, verify_ms / mask_ms});
  Report(json, "mac", {"tag_verify_fast", tag_ms + verify_ms, fast_ms, (tag_ms + verify_ms) / fast_ms});
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  accord::bench::Measure(accord::bench::MaskedUpdate(), json);
  return 0;
}
