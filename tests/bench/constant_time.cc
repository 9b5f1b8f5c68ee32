// scripts/bench constant-time: whether the time of what works on secrets depends on them (secagg.md section
// 6, Hygiene): Shamir's sharing, the tag of the MAC and its check, and the comparison of secrets, each with
// one fixed input against random ones (welch.h). `value` is |t|, `floor` the bound. A comparison that stops
// at the first difference is measured too: where that is not seen, the run says nothing, and fails.
#include <cstring>
#include <numeric>

#include "crypto/zeroizing.h"
#include "secagg/field61.h"
#include "secagg/poly_mac.h"
#include "secagg/shamir.h"
#include "tests/bench/measure.h"
#include "tests/bench/welch.h"

namespace accord::bench {
namespace {

constexpr std::uint32_t kCohort = 10;
constexpr std::uint32_t kThreshold = 7;
constexpr std::size_t kSecretWords = secagg::kShamirSecretBytes / 8;
constexpr std::size_t kShareWords = secagg::kShareBytes / 8;

using Input = std::span<const std::uint64_t>;
using Fill = std::span<std::uint64_t>;

ByteView BytesOf(Input words) {
  return {reinterpret_cast<const std::uint8_t*>(words.data()), words.size_bytes()};
}

// Zeros, or random words.
void FillWords(bool fixed, std::mt19937_64& random, Fill input) {
  for (std::uint64_t& word : input) word = fixed ? 0 : random();
}

std::vector<secagg::DealtShare> Split(Input secret_and_seed) {
  std::vector<std::uint32_t> xs(kCohort);
  std::iota(xs.begin(), xs.end(), 1U);
  return secagg::SplitSecret({.secret = BytesOf(secret_and_seed.first(kSecretWords)),
                              .coefficient_seed = BytesOf(secret_and_seed.subspan(kSecretWords)),
                              .threshold = kThreshold,
                              .dealer_x = kCohort},
                             xs);
}

Subject ShamirSplit() {
  return {.words = 2 * kSecretWords, .fill = FillWords, .run = [](Input input) -> std::uint64_t {
            return Split(input).back().share.view()[0];
          }};
}

// The shares of zeros, or of a random secret.
Subject ShamirRecover() {
  const auto fill = [](bool fixed, std::mt19937_64& random, Fill input) {
    std::array<std::uint64_t, 2 * kSecretWords> secret_and_seed;
    FillWords(fixed, random, secret_and_seed);
    const auto shares = Split(secret_and_seed);
    for (std::size_t i = 0; i < kThreshold; ++i) {
      std::memcpy(input.subspan(i * kShareWords).data(), shares[i].share.view().data(), secagg::kShareBytes);
    }
  };
  const auto run = [](Input input) -> std::uint64_t {
    std::array<secagg::IndexedShare, kThreshold> shares;
    for (std::uint32_t i = 0; i < kThreshold; ++i) {
      shares[i] = {i + 1, BytesOf(input.subspan(i * kShareWords, kShareWords))};
    }
    return (*secagg::RecoverSecret(kThreshold, shares)).view()[0];
  };
  return {.words = kThreshold * kShareWords, .fill = fill, .run = run};
}

// Of an update of zeros under the points 0, or of a random one; two words of alpha, then the update.
Subject MacTag() {
  const secagg::Encoding encoding{.n = kCohort,
                                  .bits = 16,
                                  .field_bits = secagg::FieldBits(16, kCohort),
                                  .coordinates = 384,
                                  .clip = 1.0,
                                  .w_max = 1,
                                  .headers = {{"count", 1}, {"omega", secagg::kOmegaOne}}};
  const std::uint64_t used = (1ULL << (encoding.FieldsPerWord() * encoding.field_bits)) - 1;
  const auto fill = [used](bool fixed, std::mt19937_64& random, Fill input) {
    FillWords(fixed, random, input);
    for (std::uint64_t& point : input.first(2)) point = secagg::FieldReduce(point);
    for (std::uint64_t& header : input.subspan(2, 2)) header &= secagg::kOmegaOne;
    for (std::uint64_t& word : input.subspan(4)) word &= used;
  };
  const auto run = [encoding](Input input) {
    secagg::PolyMac mac(encoding, secagg::SecretPair({input[0], input[1]}));
    mac.Add(0, input.subspan(2));
    const secagg::SecretPair value = mac.Value();
    return value[0] ^ value[1];
  };
  return {.words = 2 + static_cast<std::size_t>(encoding.Words()), .fill = fill, .run = run};
}

// A tag that holds, or random ones: tag, value and pad, two words each.
Subject TagHolds() {
  const auto fill = [](bool fixed, std::mt19937_64& random, Fill input) {
    FillWords(false, random, input);
    for (std::uint64_t& word : input) word = secagg::FieldReduce(word);
    for (std::size_t c = 0; fixed && c < 2; ++c) input[c] = secagg::FieldAdd(input[2 + c], input[4 + c]);
  };
  const auto run = [](Input input) -> std::uint64_t {
    const std::array<secagg::SecretPair, 1> pads{secagg::SecretPair({input[4], input[5]})};
    return secagg::TagHolds({input[0], input[1]}, secagg::SecretPair({input[2], input[3]}), pads) ? 1 : 0;
  };
  return {.words = 6, .fill = fill, .run = run};
}

// Two secrets of 32 bytes that are equal, or random.
Subject Comparison(bool (*equal)(ByteView, ByteView)) {
  const auto fill = [](bool fixed, std::mt19937_64& random, Fill input) {
    FillWords(false, random, input);
    if (fixed) std::ranges::copy(input.first(kSecretWords), input.subspan(kSecretWords).begin());
  };
  const auto run = [equal](Input input) -> std::uint64_t {
    return equal(BytesOf(input.first(kSecretWords)), BytesOf(input.subspan(kSecretWords))) ? 1 : 0;
  };
  return {.words = 2 * kSecretWords, .fill = fill, .run = run};
}

// What the comparison of secrets must not be.
[[gnu::noinline]] bool EqualUntilTheFirstDifference(ByteView a, ByteView b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

double Measure(bool json, const char* metric, const Subject& subject, int batches) {
  const double t = LargestT(subject, batches);
  Report(json, "constant-time", {metric, t, kWelchBound, t / kWelchBound, "|t|"});
  return t;
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  using namespace accord::bench;
  const bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  Measure(json, "shamir_split", ShamirSplit(), 300);
  Measure(json, "shamir_recover", ShamirRecover(), 300);
  Measure(json, "mac_tag", MacTag(), 150);
  Measure(json, "mac_tag_holds", TagHolds(), 1'000);
  Measure(json, "equal_secrets", Comparison(accord::crypto::EqualConstantTime), 1'000);
  const double leak = Measure(json, "early_exit", Comparison(EqualUntilTheFirstDifference), 1'000);
  if (leak > kWelchBound) return 0;
  std::fputs("bench: a comparison that stops early was not seen to leak, so this run says nothing\n", stderr);
  return 1;
}
