// A log's storage in memory that fails at a chosen operation, as disks and processes do.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "ledger/log_storage.h"
#include "tests/support/log_files.h"

namespace accord::testing {

enum class Fault {
  kNothingDone,  // the operation fails, and has done nothing
  kDone,         // it fails, though it has done all
  kHalfWritten,  // it fails, and leaves the file under its temporary name
};

class FaultyLog : public ledger::LogStorage {
 public:
  Result<Bytes> Read(const std::string& path) override { return disk.Read(path); }
  Status Write(const std::string& path, ByteView content) override {
    return Do([&] { disk.files[path] = Bytes(content.begin(), content.end()); },
              [&] {
                disk.files[path + ".tmp.1.2"] = Bytes(content.begin(), content.begin() + content.size() / 2);
              });
  }
  Status Remove(const std::string& path) override {
    return Do(
        [&] {
          std::erase_if(disk.files, [&](const auto& file) {
            return file.first == path || file.first.starts_with(path + '/');
          });
        },
        [] {});
  }
  Result<std::vector<std::string>> List() override {
    std::vector<std::string> paths;
    for (const auto& [path, content] : disk.files) paths.push_back(path);
    return paths;
  }

  // From now on: operation number `at` (from 0) has this fault; after it nothing works if `dies`.
  void Break(int at, Fault fault, bool dies) {
    operations = 0;
    fault_ = {at, fault};
    dies_ = dies;
  }
  void Mend() { fault_.reset(); }

  MemoryFiles disk;
  int operations = 0;  // since Break

 private:
  template <class Whole, class Half>
  Status Do(const Whole& whole, const Half& half) {
    const int now = operations++;
    const Status failed = Fail(errors::kStoreIo, "a fault of the test");
    if (!fault_ || now < fault_->first) return whole(), Status();
    if (now > fault_->first) return dies_ ? failed : (whole(), Status());
    if (fault_->second == Fault::kDone) whole();
    if (fault_->second == Fault::kHalfWritten) half();
    return failed;
  }

  std::optional<std::pair<int, Fault>> fault_;
  bool dies_ = false;
};

}  // namespace accord::testing
