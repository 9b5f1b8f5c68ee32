// The journal on SQLite (WAL, synchronous=FULL): one writer thread that commits all that is queued with one
// sync. Used by the shells of coordinator and node through driver::Journal.
//
// Write and WriteSoon may be called from any thread and never wait for the disk; Read and Streams may be
// called from any thread and do. A Done runs on the writer thread: it should only post, and must not destroy
// the journal.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "driver/journal.h"
#include "store/journal_reader.h"
#include "store/reserve.h"

namespace accord::store {

class SqliteJournal final : public driver::Journal {
 public:
  // Opens or creates the file; an older schema is upgraded, a newer one refused with `store.version`.
  // The caller holds the lock of the state directory (StateDir). `reserve` outlives the journal; without one
  // nothing is freed at disk full.
  [[nodiscard]] static Result<std::unique_ptr<SqliteJournal>> Open(const std::filesystem::path& file,
                                                                   Reserve* reserve);
  // Writes what is queued, calls its Dones, and closes.
  ~SqliteJournal() override;

  // Disk full fails every batch that shared the commit with `store.disk_full` and has then freed the reserve:
  // the caller may write again at once, as little as it must. Any other failure of the disk is final
  // (`store.io`, also for later writes): after a failed sync nobody knows what is on disk, so restart.
  void Write(std::vector<driver::Append> batch, Done done, driver::LinePtr line = nullptr) override;
  void WriteSoon(std::vector<driver::Append> batch, driver::LinePtr line = nullptr) override;
  [[nodiscard]] Result<std::vector<Bytes>> Read(const std::string& stream) override;
  [[nodiscard]] Result<std::vector<std::string>> Streams(const std::string& prefix) override;

 private:
  class Worker;
  SqliteJournal(std::unique_ptr<Worker> worker, std::unique_ptr<JournalReader> reader);
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<JournalReader> reader_;
};

}  // namespace accord::store
