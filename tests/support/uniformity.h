// Whether 64-bit words look uniform and independent: each statistic with the probability of one at least as
// far out, if they are. Tests of masked words hold all of them above kFalseAlarm.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace accord::statistics {

// Of one statistic over truly uniform words. No test program computes more than ten thousand of them, so all
// together find fault with good words with a probability below 1e-4; and seeds are fixed, so that what passed
// once passes always.
inline constexpr double kFalseAlarm = 1e-8;

struct Finding {
  std::string family;  // "bytes", "bits", ...
  std::string what;
  double p = 1.0;
};
using Findings = std::vector<Finding>;

inline void ExpectLikely(const Findings& findings) {
  for (const Finding& f : findings) EXPECT_GT(f.p, kFalseAlarm) << f.family << ": " << f.what;
}
// The families that find fault.
inline std::set<std::string> Rejected(const Findings& findings) {
  std::set<std::string> families;
  for (const Finding& f : findings) {
    if (!(f.p > kFalseAlarm)) families.insert(f.family);
  }
  return families;
}

// Both tails of the standard normal distribution.
inline double NormalP(double z) { return std::erfc(std::abs(z) / std::sqrt(2.0)); }

// Both tails, by Wilson and Hilferty's cube root: right to a tenth at 1e-8 for 255 degrees of freedom.
inline double ChiSquaredP(double chi_squared, double degrees) {
  const double variance = 2.0 / (9.0 * degrees);
  return NormalP((std::cbrt(chi_squared / degrees) - (1.0 - variance)) / std::sqrt(variance));
}

// Of the largest distance between the distribution function of `count` values and the true one (Stephens's
// form of Kolmogorov's limit).
inline double KolmogorovP(double distance, double count) {
  const double root = std::sqrt(count);
  const double lambda = (root + 0.12 + 0.11 / root) * distance;
  double p = 0.0;
  for (int k = 1; k <= 100; ++k) p += (k % 2 == 1 ? 2.0 : -2.0) * std::exp(-2.0 * k * k * lambda * lambda);
  return lambda < 0.3 ? 1.0 : std::clamp(p, 0.0, 1.0);  // the series is for larger ones
}

using Words = std::vector<std::uint64_t>;

inline double Fraction(std::uint64_t word) { return static_cast<double>(word) * 0x1p-64; }

// Of n fair coins.
inline double CoinP(double heads, double n) { return NormalP((heads - n / 2) / (std::sqrt(n) / 2)); }

// The 256 values of every byte position.
inline Findings ByteFindings(std::span<const std::uint64_t> words, const std::string& family) {
  Findings findings;
  const double expected = static_cast<double>(words.size()) / 256.0;
  for (unsigned position = 0; position < 8; ++position) {
    std::array<std::uint32_t, 256> counts{};
    for (const std::uint64_t word : words) ++counts[word >> (8 * position) & 0xFF];
    double chi_squared = 0.0;
    for (const std::uint32_t count : counts)
      chi_squared += (count - expected) * (count - expected) / expected;
    findings.push_back({family, "byte " + std::to_string(position), ChiSquaredP(chi_squared, 255)});
  }
  return findings;
}

inline Findings BitFindings(std::span<const std::uint64_t> words) {
  std::array<std::uint32_t, 64> ones{};
  for (const std::uint64_t word : words) {
    for (unsigned bit = 0; bit < 64; ++bit) ones[bit] += static_cast<std::uint32_t>(word >> bit & 1);
  }
  Findings findings;
  for (unsigned bit = 0; bit < 64; ++bit) {
    findings.push_back(
        {"bits", "bit " + std::to_string(bit), CoinP(ones[bit], static_cast<double>(words.size()))});
  }
  return findings;
}

inline Finding KolmogorovFinding(Words words) {
  std::ranges::sort(words);
  const auto count = static_cast<double>(words.size());
  double distance = 0.0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const double below = static_cast<double>(i) / count;
    const double value = Fraction(words[i]);
    distance = std::max({distance, value - below, below + 1.0 / count - value});
  }
  return {"kolmogorov", "largest distance", KolmogorovP(distance, count)};
}

// Of two lists of one length, word by word: Pearson's coefficient of the values, and the bits that differ.
inline Findings CorrelationFindings(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b,
                                    const std::string& family, const std::string& what) {
  double sum_a = 0, sum_b = 0, sum_aa = 0, sum_bb = 0, sum_ab = 0, differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = Fraction(a[i]) - 0.5;
    const double y = Fraction(b[i]) - 0.5;
    sum_a += x;
    sum_b += y;
    sum_aa += x * x;
    sum_bb += y * y;
    sum_ab += x * y;
    differ += std::popcount(a[i] ^ b[i]);
  }
  const auto n = static_cast<double>(a.size());
  const double spread = (sum_aa - sum_a * sum_a / n) * (sum_bb - sum_b * sum_b / n);
  const double pearson = spread > 0 ? (sum_ab - sum_a * sum_b / n) / std::sqrt(spread) : 1.0;  // 1: constants
  return {{family, "coefficient, " + what, NormalP(pearson * std::sqrt(n))},
          {family, "differing bits, " + what, CoinP(differ, 64 * n)}};
}

// Whether one list of words is uniform: families bytes, bits, kolmogorov and serial.
inline Findings Uniform(const Words& words) {
  Findings findings = ByteFindings(words, "bytes");
  const auto add = [&findings](const Findings& more) {
    findings.insert(findings.end(), more.begin(), more.end());
  };
  add(BitFindings(words));
  add({KolmogorovFinding(words)});
  for (const std::size_t lag : {1, 2, 3, 4, 8, 64}) {
    const std::span<const std::uint64_t> all(words);
    add(CorrelationFindings(all.first(all.size() - lag), all.subspan(lag), "serial",
                            "lag " + std::to_string(lag)));
  }
  return findings;
}

// Whether two lists of uniform words are independent: families correlation and difference.
inline Findings Independent(const Words& a, const Words& b) {
  Findings findings = CorrelationFindings(a, b, "correlation", "word by word");
  Words difference(a.size());
  std::ranges::transform(a, b, difference.begin(), std::minus<>());
  const Findings of_difference = ByteFindings(difference, "difference");
  findings.insert(findings.end(), of_difference.begin(), of_difference.end());
  return findings;
}

// Guesses which of two distributions a word came from, by what it learned of the bytes of each (naive Bayes).
class ByteClassifier {
 public:
  ByteClassifier(std::span<const std::uint64_t> of_first, std::span<const std::uint64_t> of_second) {
    Counts first = Count(of_first);
    Counts second = Count(of_second);
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      evidence_[cell] = std::log(second[cell] / static_cast<double>(of_second.size())) -
                        std::log(first[cell] / static_cast<double>(of_first.size()));
    }
  }
  // Higher: rather of the second.
  [[nodiscard]] double Score(std::uint64_t word) const {
    double score = 0.0;
    for (unsigned position = 0; position < 8; ++position) score += evidence_[Cell(word, position)];
    return score;
  }

 private:
  static constexpr std::size_t kCells = std::size_t{8} * 256;
  using Counts = std::array<double, kCells>;
  static std::size_t Cell(std::uint64_t word, unsigned position) {
    return 256 * position + (word >> (8 * position) & 0xFF);
  }
  static Counts Count(std::span<const std::uint64_t> words) {
    Counts counts;
    counts.fill(0.5);
    for (const std::uint64_t word : words) {
      for (unsigned position = 0; position < 8; ++position) ++counts[Cell(word, position)];
    }
    return counts;
  }
  Counts evidence_;
};

// The area under the curve of the classifier's scores, which is 1/2 where it can only guess: the probability
// that it scores a word of the second higher than one of the first (Mann and Whitney; ties count half).
inline double AreaUnderCurve(const ByteClassifier& classifier, const Words& of_first,
                             const Words& of_second) {
  std::vector<std::pair<double, bool>> scores;
  for (const std::uint64_t word : of_first) scores.emplace_back(classifier.Score(word), false);
  for (const std::uint64_t word : of_second) scores.emplace_back(classifier.Score(word), true);
  std::ranges::sort(scores);
  double ranks = 0.0;  // of the second's words
  for (std::size_t begin = 0; begin < scores.size();) {
    std::size_t end = begin;
    std::size_t seconds = 0;
    for (; end < scores.size() && scores[end].first == scores[begin].first; ++end) {
      seconds += scores[end].second ? 1 : 0;
    }
    ranks += static_cast<double>(seconds) * static_cast<double>(begin + end + 1) / 2.0;  // ranks from 1
    begin = end;
  }
  const auto n = static_cast<double>(of_first.size());
  const auto m = static_cast<double>(of_second.size());
  return (ranks - m * (m + 1) / 2.0) / (n * m);
}
// Whether it only guesses: p of that area under Mann and Whitney's null distribution.
inline Finding GuessFinding(double area, double n, double m) {
  return {"classifier", "area " + std::to_string(area),
          NormalP((area - 0.5) / std::sqrt((n + m + 1) / (12 * n * m)))};
}

}  // namespace accord::statistics
