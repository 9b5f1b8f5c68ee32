// How an update becomes a vector of 64-bit words (secagg.md 2.7): the numbers that all nodes of a cohort and
// the coordinator must agree on, and what follows from them. Equal with and without masks. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"

namespace accord::secagg {

inline constexpr std::uint32_t kMaxCohort = 65'535;

// Header words: one unpacked integer each, summed like all the rest.
struct Header {
  std::string name;       // at most 64 bytes, distinct
  std::uint64_t max = 0;  // 1 <= max < 2^40, of one node

  friend bool operator==(const Header&, const Header&) = default;
};

inline constexpr std::uint64_t kOmegaOne = 0xFFFF'FFFF;  // omega of the weight 1.0
inline constexpr std::string_view kCountHeader = "count";
inline constexpr std::string_view kOmegaHeader = "omega";
inline constexpr std::string_view kClippedHeader = "clipped";  // extra: coordinates cut by the clip

// The width that holds a sum of n values of b bits: b + ceil(log2 n).
[[nodiscard]] std::uint32_t FieldBits(std::uint32_t bits, std::uint32_t n);

struct Encoding {
  std::uint32_t n = 0;            // size of the cohort
  std::uint32_t bits = 0;         // b: 2 to 32
  std::uint32_t field_bits = 0;   // f = FieldBits(b, n), at most 53
  std::uint64_t coordinates = 0;  // d, at least 1: a round of headers alone sends the one coordinate 0
  double clip = 0.0;              // C, within the range of positive normal floats
  std::uint64_t w_max = 0;        // W_max, 1 to 2^32 - 1
  std::uint32_t margin = 0;       // A: room for noise, below M; 0 without differential privacy
  std::vector<Header> headers;    // ("count", 1), ("omega", 2^32 - 1), then the plan's extras; at most 255

  // The encoding of a job's [update] table for a cohort of n. `extras` follow count and omega.
  // `secagg.bad_params` or `secagg.cohort_too_small` as Validate.
  [[nodiscard]] static Result<Encoding> For(const UpdateSpec& update, SecureMode mode, std::uint32_t n,
                                            std::uint64_t coordinates, const std::vector<Header>& extras);

  // All rules of secagg.md 7.4 on these fields: `secagg.cohort_too_small` unless 3 <= n <= 65,535 (1 <= n
  // when mode is kOff), `secagg.bad_params` otherwise. Every function below needs a valid encoding.
  [[nodiscard]] Status Validate(SecureMode mode) const;
  // The parts of Validate that Params::Parse runs field by field: n; b and f; d, C, W_max and A; headers.
  [[nodiscard]] Status CheckCohort(SecureMode mode) const;
  [[nodiscard]] Status CheckWidth() const;
  [[nodiscard]] Status CheckNumbers() const;
  [[nodiscard]] Status CheckHeaders() const;

  [[nodiscard]] std::uint64_t Limit() const { return (1ULL << (bits - 1)) - 1; }  // M
  [[nodiscard]] std::uint32_t FieldsPerWord() const { return 64 / field_bits; }   // m
  [[nodiscard]] std::uint64_t FieldMask() const { return (1ULL << field_bits) - 1; }
  [[nodiscard]] std::uint64_t PackedWords() const {
    return coordinates / FieldsPerWord() + (coordinates % FieldsPerWord() != 0 ? 1 : 0);
  }
  [[nodiscard]] std::uint64_t Words() const { return headers.size() + PackedWords(); }  // nwords
  // s = (double)(M - A) / C.
  [[nodiscard]] double Scale() const { return static_cast<double>(Limit() - margin) / clip; }

  friend bool operator==(const Encoding&, const Encoding&) = default;
};

}  // namespace accord::secagg
