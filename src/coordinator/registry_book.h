// Every registry that this federation ever had (secagg.md 7.4): who vouches for which protocol key. Made from
// the members, numbered, and kept by its hash, since labs pin hashes and a running attempt names one.
//
// A version is a file `VERSION.HASH` of the directory, on disk before anyone sees it. Used by Identity, and
// by jobs for the registry of a masked attempt. Thread-safe; Refresh and Find touch the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/mutex.h"
#include "rpc/views.h"
#include "secagg/registry.h"
#include "store/members.h"

namespace accord::coordinator {

struct RegistryVersion {
  secagg::Registry registry;
  Digest hash;                                // of registry
  std::vector<secagg::VouchedEntry> vouched;  // what vouches for each entry, in the same order

  [[nodiscard]] rpc::RegistryView View() const;
};

class RegistryBook {
 public:
  // Reads the newest version and refreshes; version 1 of a new federation has no entries. `store.corrupt`
  // when a file is not what its name says. `members` outlives the book.
  [[nodiscard]] static Result<std::unique_ptr<RegistryBook>> Open(std::filesystem::path directory,
                                                                  store::Members& members);

  // Every file of the directory, read and compared with its name; changes nothing.
  struct FilesCheck {
    std::uint64_t whole = 0;
    std::vector<Status> faults;
  };
  [[nodiscard]] static FilesCheck CheckFiles(const std::filesystem::path& directory);

  // Makes the next version if the nodes that are not suspended, or their entries, are others than those of
  // the newest one. After a failure the newest stays what it was. Called after every change of the members.
  [[nodiscard]] Status Refresh() ACCORD_EXCLUDES(mutex_);

  [[nodiscard]] std::shared_ptr<const RegistryVersion> Newest() const ACCORD_EXCLUDES(mutex_);
  // `blob.not_found` for a hash that no version had.
  [[nodiscard]] Result<std::shared_ptr<const RegistryVersion>> Find(const Digest& hash) const
      ACCORD_EXCLUDES(mutex_);

 private:
  RegistryBook(std::filesystem::path directory, store::Members& members)
      : directory_(std::move(directory)), members_(members) {}
  [[nodiscard]] Status ReadDirectory();
  [[nodiscard]] Status Append(std::vector<secagg::VouchedEntry> vouched) ACCORD_REQUIRES(mutex_);

  const std::filesystem::path directory_;
  store::Members& members_;
  mutable Mutex mutex_;
  std::map<Digest, std::uint64_t> versions_ ACCORD_GUARDED_BY(mutex_);  // of every hash
  std::shared_ptr<const RegistryVersion> newest_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::coordinator
