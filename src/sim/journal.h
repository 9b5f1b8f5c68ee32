// The production journal on virtual time: JournalWriter and JournalReader as they are, over the simulated
// disk, without the writer's thread. What it queued, wrote and failed to write is told to an observer, which
// knows so what a restart must find.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "driver/journal.h"
#include "sim/world.h"
#include "store/journal_reader.h"
#include "store/journal_writer.h"

namespace accord::sim {

class JournalObserver {
 public:
  virtual ~JournalObserver() = default;
  virtual void OnQueued(const std::vector<driver::Append>& batch) = 0;   // in the order of the calls
  virtual void OnWritten(const std::vector<driver::Append>& batch) = 0;  // durable, in that order
  virtual void OnFailed(const std::vector<driver::Append>& batch) = 0;   // nothing of it will be written
};

class Journal final : public driver::Journal {
 public:
  struct Options {
    World* world = nullptr;
    std::string file;  // Disk::Path
    store::Reserve* reserve = nullptr;
    JournalObserver* observer = nullptr;
    std::function<Millis()> sync_time;  // of the disk, each time anew
  };
  // Of one process: what it has under way ends with it.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> Open(Options options);

  void Write(std::vector<driver::Append> batch, Done done, driver::LinePtr line = nullptr) override;
  void WriteSoon(std::vector<driver::Append> batch, driver::LinePtr line = nullptr) override;
  [[nodiscard]] Result<std::vector<Bytes>> Read(const std::string& stream) override;
  [[nodiscard]] Result<std::vector<std::string>> Streams(const std::string& prefix) override;

 private:
  explicit Journal(Options options) : options_(std::move(options)) {}
  void FlushAfter(Millis time);
  void Flush();
  void Finish(const Status& status);

  const Options options_;
  std::unique_ptr<store::JournalWriter> writer_;
  std::unique_ptr<store::JournalReader> reader_;
  store::JournalWriter::Group queue_, in_flight_;
  bool urgent_ = false;   // the queue holds a Write
  bool writing_ = false;  // a group is on its way, or its fate is
  bool due_ = false;      // a flush is asked for
  std::shared_ptr<void> life_ = std::make_shared<int>();
};

}  // namespace accord::sim
