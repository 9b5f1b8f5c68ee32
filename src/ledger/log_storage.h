// Where a log keeps its files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "ledger/file_source.h"

namespace accord::ledger {

class LogStorage : public FileSource {
 public:
  // Writes the file whole: after ok its content survives a loss of power. After a failure the file has its
  // old content or the new one, and a loss of power may still change which.
  [[nodiscard]] virtual Status Write(const std::string& path, ByteView content) = 0;
  // Removes the file or directory, if it is there.
  [[nodiscard]] virtual Status Remove(const std::string& path) = 0;
  // The paths of all files, in no order.
  [[nodiscard]] virtual Result<std::vector<std::string>> List() = 0;
};

// Files in a directory, readable by all: what a web server may serve as it is. Errors of base/file.h.
class LogDirectory : public LogStorage {
 public:
  explicit LogDirectory(std::filesystem::path root) : root_(std::move(root)) {}
  [[nodiscard]] Result<Bytes> Read(const std::string& path) override;
  [[nodiscard]] Status Write(const std::string& path, ByteView content) override;
  [[nodiscard]] Status Remove(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> List() override;

 private:
  const std::filesystem::path root_;
};

}  // namespace accord::ledger
