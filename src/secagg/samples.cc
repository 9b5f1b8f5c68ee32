#include "secagg/samples.h"

#include "secagg/field61.h"

namespace accord::secagg {
std::optional<std::uint64_t> FieldSampleOf(std::uint64_t word) {
  const std::uint64_t low = word & kFieldPrime;
  if (low == kFieldPrime) return std::nullopt;
  return low;
}

FieldSamples::FieldSamples(ByteView key) : stream_(key) {}
FieldSamples::~FieldSamples() { CleanseWords(words_); }

std::uint64_t FieldSamples::Next() {
  for (;;) {
    if (next_ == words_.size()) {
      stream_.FillWords(place_, words_);
      place_ += words_.size();
      next_ = 0;
    }
    if (const auto sample = FieldSampleOf(words_[next_++])) return *sample;
  }
}

SecretPair::SecretPair(ByteView key) {
  FieldSamples samples(key);
  for (std::uint64_t& value : values_) value = samples.Next();
}

SecretPair::~SecretPair() { CleanseWords(values_); }

SecretPair::SecretPair(SecretPair&& other) noexcept : values_(other.values_) { CleanseWords(other.values_); }

SecretPair& SecretPair::operator=(SecretPair&& other) noexcept {
  if (this != &other) {
    values_ = other.values_;
    CleanseWords(other.values_);
  }
  return *this;
}

}  // namespace accord::secagg
