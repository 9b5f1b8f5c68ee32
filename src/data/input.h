// Bytes of a data file, gzip or plain, in order. The parsers of this module read from here, so that tests and
// fuzzers can hand them memory. Not thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "accord/status.h"
#include "base/text.h"

namespace accord::data {

class Input {
 public:
  explicit Input(std::string name) : name_(std::move(name)) {}
  virtual ~Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // Fills `out`; fewer bytes than out.size() only at the end of the data.
  [[nodiscard]] virtual Result<std::size_t> Read(std::span<std::uint8_t> out) = 0;
  // The file's name, for messages.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};

// Opens a file; one that begins as gzip is unpacked as it is read. Fails with `data.missing`. Its Read fails
// with `data.truncated` or `data.corrupt` for a cut or damaged gzip file.
[[nodiscard]] Result<std::unique_ptr<Input>> OpenInput(const std::filesystem::path& path);

// Borrowed memory.
class MemoryInput final : public Input {
 public:
  MemoryInput(std::string name, ByteView bytes) : Input(std::move(name)), rest_(bytes) {}
  [[nodiscard]] Result<std::size_t> Read(std::span<std::uint8_t> out) override;

 private:
  ByteView rest_;
};

}  // namespace accord::data
