#include "sim/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "base/errors.h"
#include "job/codec.h"
#include "store/journal_reader.h"
#include "store/journal_writer.h"

namespace accord::sim {
namespace fs = std::filesystem;
namespace {

constexpr const char* kJournal = "journal.db";
constexpr const char* kCopy = "backup.db";
constexpr const char* kBlobs = "blobs";

// For as long as it lives the machine's own code runs.
class Running {
 public:
  explicit Running(Machine& machine) : machine_(machine) { machine_.running(&machine_.disk); }
  ~Running() { machine_.running(nullptr); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Machine& machine_;
};

void CopyBlobs(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::create_directories(to);
  if (fs::exists(from / kBlobs)) fs::copy(from / kBlobs, to / kBlobs, fs::copy_options::recursive);
}

void SyncFiles(const fs::path& directory) {
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const int fd = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    ::fsync(fd);
    ::close(fd);
  }
}

}  // namespace

Result<Backup> Backup::Take(Machine& machine, std::string stream, fs::path directory) {
  Backup backup(std::move(stream), std::move(directory));
  const std::string copy = machine.disk.Path(kCopy);
  const Running running(machine);
  ACCORD_ASSIGN_OR_RETURN(const auto reader, store::JournalReader::Open(machine.disk.Path(kJournal)));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<Bytes> records, reader->Read(backup.stream_));
  if (records.empty()) return Fail(errors::kJobNotFound, "the backup would be older than the job");
  const Status copied = reader->CopyTo(copy);
  if (copied.ok()) backup.journal_ = machine.disk.files().at(copy)->content;
  std::erase_if(machine.disk.files(), [&](const auto& file) { return file.first.starts_with(copy); });
  ACCORD_RETURN_IF_ERROR(copied);
  CopyBlobs(machine.directory, backup.directory_);
  return backup;
}

Result<std::vector<Bytes>> Backup::Restore(Machine& machine) const {
  const std::string file = machine.disk.Path(kJournal);
  machine.disk.Crash(nullptr);  // what was wrong with it is over
  machine.disk.files().clear();
  machine.disk.files()[file] = std::make_shared<Disk::File>();
  machine.disk.files()[file]->content = journal_;
  CopyBlobs(directory_, machine.directory);
  SyncFiles(machine.directory);
  const Running running(machine);
  ACCORD_ASSIGN_OR_RETURN(const auto writer, store::JournalWriter::Open(file, nullptr));
  ACCORD_ASSIGN_OR_RETURN(const auto reader, store::JournalReader::Open(file));
  ACCORD_ASSIGN_OR_RETURN(std::vector<Bytes> records, reader->Read(stream_));
  ACCORD_ASSIGN_OR_RETURN(Bytes mark, job::RestoredAfter(records.back(), machine.Wall()));
  records.push_back(std::move(mark));
  ACCORD_RETURN_IF_ERROR(writer->Commit({{{{stream_, records.back()}}, {}, {}}}));
  return records;
}

}  // namespace accord::sim
