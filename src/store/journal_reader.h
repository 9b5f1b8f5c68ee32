// Reading a journal file: for the journal itself, and beside a running process for those who look at what it
// wrote
// (`accord-node egress`). Thread-safe; calls wait for the disk.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "accord/status.h"
#include "base/text.h"

namespace accord::store {

class JournalReader {
 public:
  // `store.io` when there is no such file; `store.version` when a newer Accord wrote it.
  [[nodiscard]] static Result<std::unique_ptr<JournalReader>> Open(const std::filesystem::path& file);
  ~JournalReader();

  // As driver::Journal. A gap in the sequence counts as corrupt, too.
  [[nodiscard]] Result<std::vector<Bytes>> Read(const std::string& stream);
  [[nodiscard]] Result<std::vector<std::string>> Streams(const std::string& prefix);

 private:
  struct State;
  explicit JournalReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace accord::store
