// Reads the frozen vectors of tests/golden/fsa1 (its README has the conventions).
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/text.h"

namespace accord::fsa1 {

// Parsed once and kept, so that a loop over a part of it does not outlive it.
inline const nlohmann::json& Load(const std::string& name) {
  static std::map<std::string, nlohmann::json> loaded;
  const auto [at, is_new] = loaded.try_emplace(name);
  if (is_new) {
    std::ifstream file(std::string(ACCORD_SOURCE_DIR) + "/tests/golden/fsa1/" + name);
    if (!file) throw std::runtime_error("no vector file " + name);
    at->second = nlohmann::json::parse(file);
  }
  return at->second;
}

inline Bytes Hex(const std::string& text) {
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
  }
  return bytes;
}

inline std::string ToHex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// 16 hex digits, most significant first.
inline std::uint64_t Word(const std::string& text) { return std::stoull(text, nullptr, 16); }
inline double Double(const std::string& text) { return std::bit_cast<double>(Word(text)); }
inline float Float(const std::string& text) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(Word(text)));
}

// A list of texts through one of the readers above.
template <class Read>
auto List(const nlohmann::json& texts, Read read) {
  std::vector<decltype(read(std::string()))> values;
  for (const auto& text : texts) values.push_back(read(text.get<std::string>()));
  return values;
}

}  // namespace accord::fsa1
