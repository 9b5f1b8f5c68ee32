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

// A stream as it is on disk, damage and all.
struct StreamCheck {
  struct Gap {  // records first to last are damaged or missing
    std::int64_t first = 0, last = 0;
    friend bool operator==(const Gap&, const Gap&) = default;
  };
  std::vector<Bytes> records;  // the whole ones before the first gap
  std::int64_t whole = 0;      // in all
  std::vector<Gap> gaps;       // ascending
};

class JournalReader {
 public:
  // `store.io` when there is no such file; `store.version` when a newer Accord wrote it.
  [[nodiscard]] static Result<std::unique_ptr<JournalReader>> Open(const std::filesystem::path& file);
  ~JournalReader();

  // As driver::Journal. A gap in the sequence counts as corrupt, too.
  [[nodiscard]] Result<std::vector<Bytes>> Read(const std::string& stream);
  [[nodiscard]] Result<std::vector<std::string>> Streams(const std::string& prefix);

  // For those who look for damage: a stream record by record, and SQLite's own check of the file
  // (`store.corrupt`).
  [[nodiscard]] Result<StreamCheck> Check(const std::string& stream);
  [[nodiscard]] Status CheckFile();
  // The journal as of one moment; `copy` must not exist. Also while another process writes.
  [[nodiscard]] Status CopyTo(const std::filesystem::path& copy);

 private:
  struct State;
  explicit JournalReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace accord::store
