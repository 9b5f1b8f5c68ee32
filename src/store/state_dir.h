// The state directory of one process: made private, locked against a second process, with its reserve.
// Opened first and closed last by accordd and accord-node; the stores live in files of it. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>

#include "accord/status.h"
#include "store/reserve.h"

namespace accord::store {

// Where the stores live in it.
class StatePaths {
 public:
  explicit StatePaths(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path journal_file() const { return path_ / "journal.db"; }
  [[nodiscard]] std::filesystem::path members_file() const { return path_ / "members.db"; }
  [[nodiscard]] std::filesystem::path blobs_dir() const { return path_ / "blobs"; }
  [[nodiscard]] std::filesystem::path registry_dir() const { return path_ / "registry"; }
  [[nodiscard]] std::filesystem::path spool_dir() const { return path_ / "spool"; }
  [[nodiscard]] std::filesystem::path lock_file() const { return path_ / "lock"; }
  [[nodiscard]] std::filesystem::path reserve_file() const { return path_ / "reserve"; }

 private:
  std::filesystem::path path_;
};

class StateDir : public StatePaths {
 public:
  // Makes the directory (mode 0700) when it is missing, and locks it until destruction or death of the
  // process. `store.locked` names the process that has it.
  [[nodiscard]] static Result<std::unique_ptr<StateDir>> Open(const std::filesystem::path& path);
  ~StateDir();
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;

  // `store.locked` when a process has this directory, `cli.file` when there is none. Leaves no trace.
  [[nodiscard]] static Status CheckUnused(const std::filesystem::path& path);

  [[nodiscard]] Reserve& reserve() { return *reserve_; }

 private:
  StateDir(std::filesystem::path path, int lock_fd) : StatePaths(std::move(path)), lock_fd_(lock_fd) {}

  const int lock_fd_;
  std::unique_ptr<Reserve> reserve_;
};

}  // namespace accord::store
