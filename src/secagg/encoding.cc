#include "secagg/encoding.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/errors.h"
#include "base/text.h"

namespace accord::secagg {
namespace {

constexpr std::uint32_t kMinCohort = 3;      // with fewer, every sum shows a member's input to another
constexpr std::uint32_t kMaxFieldBits = 53;  // every sum of fields is exact in a double
constexpr std::size_t kMaxHeaders = 255;
constexpr std::size_t kMaxHeaderName = 64;
constexpr std::uint64_t kHeaderMaxEnd = 1ULL << 40;

Status Bad(std::string why) { return Fail(errors::kSecaggBadParams, std::move(why)); }

}  // namespace

std::uint32_t FieldBits(std::uint32_t bits, std::uint32_t n) {
  return bits + (n > 1 ? static_cast<std::uint32_t>(std::bit_width(n - 1)) : 0);
}

Result<Encoding> Encoding::For(const UpdateSpec& update, SecureMode mode, std::uint32_t n,
                               std::uint64_t coordinates, const std::vector<Header>& extras) {
  Encoding encoding{.n = n,
                    .bits = update.bits,
                    .field_bits = FieldBits(update.bits, n),
                    .coordinates = coordinates,
                    .clip = update.clip,
                    .w_max = update.max_examples,
                    .headers = {{std::string(kCountHeader), 1}, {std::string(kOmegaHeader), kOmegaOne}}};
  encoding.headers.insert(encoding.headers.end(), extras.begin(), extras.end());
  ACCORD_RETURN_IF_ERROR(encoding.Validate(mode));
  return encoding;
}

Status Encoding::CheckCohort(SecureMode mode) const {
  const std::uint32_t least = mode == SecureMode::kOff ? 1 : kMinCohort;
  if (n >= least && n <= kMaxCohort) return {};
  return Fail(errors::kSecaggCohortTooSmall, "a cohort of " + std::to_string(n) + " nodes; this mode takes " +
                                                 std::to_string(least) + " to " + std::to_string(kMaxCohort));
}

Status Encoding::CheckWidth() const {
  if (bits < 2 || bits > 32) return Bad("update.bits is " + std::to_string(bits) + ", not 2 to 32");
  const std::uint32_t want = FieldBits(bits, n);
  const std::string sum = std::to_string(bits) + " bits + ceil(log2 " + std::to_string(n) +
                          " nodes) = " + std::to_string(want) + " bits a sum";
  if (want > kMaxFieldBits) return Bad(sum + ", more than " + std::to_string(kMaxFieldBits));
  if (field_bits != want) return Bad(sum + ", not " + std::to_string(field_bits));
  return {};
}

Status Encoding::CheckNumbers() const {
  if (coordinates < 1) return Bad("no coordinates");
  // Deltas are f32: a clip outside their range clips all or nothing, and its scale may not be a number.
  using Float = std::numeric_limits<float>;
  if (!(clip >= static_cast<double>(Float::min()) && clip <= static_cast<double>(Float::max()))) {
    return Bad("update.clip is not a positive number of ordinary size");
  }
  if (w_max < 1 || w_max > kOmegaOne) {
    return Bad("update.max_examples is " + std::to_string(w_max) + ", not 1 to 4294967295");
  }
  if (margin >= Limit()) return Bad("the noise margin leaves no room for the update");
  if (margin > 0 && (w_max != 1 || headers.size() != 2)) {
    return Bad("with noise the largest weight is 1 and there are two headers");
  }
  return {};
}

Status Encoding::CheckHeaders() const {
  if (headers.size() < 2 || headers.size() > kMaxHeaders ||
      headers[0] != Header{std::string(kCountHeader), 1} ||
      headers[1] != Header{std::string(kOmegaHeader), kOmegaOne}) {
    return Bad("the headers do not begin with count and omega, or are more than 255");
  }
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header& header = headers[i];
    const std::string name = "header '" + Printable(header.name, kMaxHeaderName) + "'";
    if (header.name.size() > kMaxHeaderName) return Bad(name + " has a name of more than 64 bytes");
    if (header.max < 1 || header.max >= kHeaderMaxEnd)
      return Bad(name + " has a maximum outside 1 to 2^40 - 1");
    const auto before = headers.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find_if(headers.begin(), before, [&](const Header& h) { return h.name == header.name; }) !=
        before) {
      return Bad(name + " is there twice");
    }
  }
  return {};
}

Status Encoding::Validate(SecureMode mode) const {
  ACCORD_RETURN_IF_ERROR(CheckCohort(mode));
  ACCORD_RETURN_IF_ERROR(CheckWidth());
  ACCORD_RETURN_IF_ERROR(CheckNumbers());
  return CheckHeaders();
}

}  // namespace accord::secagg
