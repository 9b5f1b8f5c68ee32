// Secret integers: cleansed before their memory is given back, as crypto::ZeroizingBytes does for bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "crypto/zeroizing.h"

namespace accord::secagg {

inline void CleanseWords(std::span<std::uint64_t> words) {
  crypto::Cleanse({reinterpret_cast<std::uint8_t*>(words.data()), words.size_bytes()});
}

// A fixed number of words, zero at first. Moves, never copies. One thread at a time.
class SecretWords {
 public:
  SecretWords() = default;
  explicit SecretWords(std::size_t size) : words_(size) {}
  ~SecretWords() { CleanseWords(words_); }
  SecretWords(const SecretWords&) = delete;
  SecretWords& operator=(const SecretWords&) = delete;
  SecretWords(SecretWords&& other) noexcept : words_(std::move(other.words_)) {}
  SecretWords& operator=(SecretWords&& other) noexcept {
    words_.swap(other.words_);
    return *this;
  }

  [[nodiscard]] std::uint64_t& operator[](std::size_t i) { return words_[i]; }
  [[nodiscard]] std::uint64_t operator[](std::size_t i) const { return words_[i]; }
  [[nodiscard]] std::span<std::uint64_t> words() { return words_; }
  [[nodiscard]] std::span<const std::uint64_t> words() const { return words_; }
  [[nodiscard]] std::size_t size() const { return words_.size(); }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace accord::secagg
