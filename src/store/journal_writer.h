// What a journal's writer does, without its thread: groups of batches into the file, each group in one
// transaction with one sync. Used by SqliteJournal on its writer thread, and by the simulation on its only
// one. One thread at a time; calls wait for the disk.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "driver/journal.h"
#include "store/reserve.h"
#include "store/sqlite.h"

namespace accord::store {

class JournalWriter {
 public:
  struct Pending {
    std::vector<driver::Append> batch;
    driver::Journal::Done done;  // none: written behind, kept until it is written
    driver::LinePtr line;        // none: for itself

    [[nodiscard]] bool GivenUp() const { return line != nullptr && !line->failed.ok(); }
  };
  using Group = std::vector<Pending>;

  // Contract: SqliteJournal::Open.
  [[nodiscard]] static Result<std::unique_ptr<JournalWriter>> Open(const std::filesystem::path& file,
                                                                   Reserve* reserve);

  // The group's fate: all of it is durable but what is given up with its line, or nothing of it is written.
  // Failures as SqliteJournal::Write has them.
  [[nodiscard]] Status Commit(const Group& group);
  // Tells each Write its fate. What was written behind has nobody to tell: after a failure that is not final
  // it comes back, to go first with the next group, unless it is given up.
  [[nodiscard]] Group Finish(Group group, const Status& status) const;

 private:
  struct Stream {
    std::int64_t id = 0;
    std::int64_t next_seq = 0;
  };

  JournalWriter(Database db, Reserve* reserve) : db_(std::move(db)), reserve_(reserve) {}
  [[nodiscard]] static Result<std::unique_ptr<JournalWriter>> TryOpen(const std::filesystem::path& file,
                                                                      Reserve* reserve);
  Status Prepare();
  Status WriteGroup(const Group& group);
  Status Insert(const driver::Append& append);
  Result<Stream*> StreamOf(const std::string& name);

  Database db_;
  Reserve* const reserve_;
  Statement begin_, commit_, insert_, find_stream_, last_record_, add_stream_;
  std::unordered_map<std::string, Stream> streams_;  // those written to; forgotten when a commit fails
  Status broken_;                                    // why nothing can be written any more
};

}  // namespace accord::store
