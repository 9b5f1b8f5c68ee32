// fuzz-deps: accord_secagg
// A sum as a coordinator sends it: arbitrary words are checked under an encoding drawn from the first bytes,
// and what passes decodes to finite means within the clip.
#include <cmath>
#include <cstdint>

#include "base/check.h"
#include "base/codec.h"
#include "secagg/sum.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord;
  Reader reader(ByteView(data, size));
  const UpdateSpec update{.bits = reader.U8(), .clip = reader.F64(), .max_examples = reader.U32()};
  const std::uint32_t survivors = reader.U16();
  const std::uint32_t n = reader.U16();
  const std::uint64_t coordinates = reader.U16() % 64;
  const auto encoding = secagg::Encoding::For(update, SecureMode::kOff, n, coordinates, {{"clipped", 64}});
  if (!reader.ok() || !encoding.ok() || survivors > n) return 0;
  std::vector<std::uint64_t> words(encoding->Words());
  secagg::AddBytes(words, 0, reader.Raw(std::min<std::size_t>(reader.remaining(), words.size() * 8)));
  if (!secagg::CheckSum(*encoding, words, survivors).ok()) return 0;
  std::vector<double> mean(coordinates);
  secagg::DecodeMean(*encoding, words, 0, mean);
  // The mean bound allows one step for each survivor over the clip.
  const double omega = static_cast<double>(words[1]) / 4294967295.0;
  const double slack = survivors / (encoding->Scale() * omega);
  for (const double value : mean) ACCORD_CHECK(std::abs(value) <= (encoding->clip + slack) * (1 + 1e-9));
  return 0;
}
