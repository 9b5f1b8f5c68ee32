// The state directory of one process: made private, locked against a second process, with its reserve.
// Opened first and closed last by accordd and accord-node; the stores live in files of it. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>

#include "accord/status.h"
#include "store/reserve.h"

namespace accord::store {

class StateDir {
 public:
  // Makes the directory (mode 0700) when it is missing, and locks it until destruction or death of the
  // process. `store.locked` names the process that has it.
  [[nodiscard]] static Result<std::unique_ptr<StateDir>> Open(const std::filesystem::path& path);
  ~StateDir();
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] Reserve& reserve() { return *reserve_; }

  // Where the stores live.
  [[nodiscard]] std::filesystem::path journal_file() const { return path_ / "journal.db"; }
  [[nodiscard]] std::filesystem::path members_file() const { return path_ / "members.db"; }
  [[nodiscard]] std::filesystem::path blobs_dir() const { return path_ / "blobs"; }
  [[nodiscard]] std::filesystem::path registry_dir() const { return path_ / "registry"; }
  [[nodiscard]] std::filesystem::path spool_dir() const { return path_ / "spool"; }

 private:
  StateDir(std::filesystem::path path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

  const std::filesystem::path path_;
  const int lock_fd_;
  std::unique_ptr<Reserve> reserve_;
};

}  // namespace accord::store
