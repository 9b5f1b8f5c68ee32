// Every registry that this federation ever had (secagg.md 7.4): who vouches for which protocol key. Made from
// the members, numbered, and kept by its hash, since labs pin hashes and a running attempt names one.
//
// A version is a file `VERSION.HASH` of the directory, on disk before anyone sees it; the CAs that vouched
// are there as `ca.HASH` of their public key. Used by Identity, and by jobs for the registry of a masked
// attempt. Thread-safe; Refresh, Find and KeepCa touch the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/mutex.h"
#include "crypto/x509.h"
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
  // Reads the newest version; version 1 of a new federation is of its members. `store.corrupt`
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
  // Whether an entry belongs into the registry, by these CAs. Thread-safe; does not come back here.
  using Counts = std::function<bool(const secagg::VouchedEntry&, std::span<const crypto::Certificate> cas)>;
  // From the next Refresh on only entries for which it is true are in it.
  void CountOnly(Counts counts) ACCORD_EXCLUDES(mutex_);

  [[nodiscard]] std::shared_ptr<const RegistryVersion> Newest() const ACCORD_EXCLUDES(mutex_);
  // `blob.not_found` for a hash that no version had.
  [[nodiscard]] Result<std::shared_ptr<const RegistryVersion>> Find(const Digest& hash) const
      ACCORD_EXCLUDES(mutex_);

  // Durable when it returns: served beside the entries that it signed. The first certificate of a key stays.
  [[nodiscard]] Status KeepCa(const crypto::Certificate& ca) ACCORD_EXCLUDES(mutex_);
  // PEM, by the hashes of their public keys.
  [[nodiscard]] std::vector<std::string> Cas() const ACCORD_EXCLUDES(mutex_);

 private:
  RegistryBook(std::filesystem::path directory, store::Members& members)
      : directory_(std::move(directory)), members_(members) {}
  [[nodiscard]] Status ReadDirectory();
  [[nodiscard]] Status Append(std::vector<secagg::VouchedEntry> vouched) ACCORD_REQUIRES(mutex_);

  const std::filesystem::path directory_;
  store::Members& members_;
  mutable Mutex mutex_;
  Counts counts_ ACCORD_GUARDED_BY(mutex_);
  std::map<Digest, std::uint64_t> versions_ ACCORD_GUARDED_BY(mutex_);  // of every hash
  std::shared_ptr<const RegistryVersion> newest_ ACCORD_GUARDED_BY(mutex_);
  std::map<Digest, crypto::Certificate> cas_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::coordinator
