#include "sim/vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "base/check.h"
#include "sim/disk.h"

namespace accord::sim {
namespace {

struct Handle {
  Disk* disk = nullptr;
  std::uint64_t life = 0;
  std::shared_ptr<Disk::File> file;
  int lock = SQLITE_LOCK_NONE;
  // Of a process that has ended: it must not touch what the next one has.
  [[nodiscard]] bool Stale() const { return disk->life() != life || disk->dead(); }
};

// SQLite owns the memory; the handle inside is ours.
struct OpenFile {
  sqlite3_file base;
  Handle* handle;
};
Handle& Of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file)->handle; }

// SQLite asks for errno, and would take an older one for the reason.
int Broken(int code) {
  errno = EIO;
  return code;
}

int Close(sqlite3_file* file) {
  std::erase(Of(file).file->open, &Of(file));
  delete &Of(file);
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  const Handle& handle = Of(file);
  if (handle.Stale()) return Broken(SQLITE_IOERR_READ);
  const Bytes& content = handle.file->content;
  const auto at = std::min(static_cast<std::size_t>(offset), content.size());
  const std::size_t have = std::min(static_cast<std::size_t>(size), content.size() - at);
  if (have > 0) std::memcpy(out, content.data() + at, have);
  std::memset(static_cast<char*>(out) + have, 0, static_cast<std::size_t>(size) - have);
  return have == static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const Handle& handle = Of(file);
  if (handle.Stale()) return Broken(SQLITE_IOERR_WRITE);
  const auto at = static_cast<std::uint64_t>(offset);
  const auto count = static_cast<std::size_t>(size);
  if (!handle.disk->HasRoom(*handle.file, at + count)) return SQLITE_FULL;
  const ByteView view(static_cast<const std::uint8_t*>(bytes), count);
  return handle.disk->Write(*handle.file, at, view) ? SQLITE_OK : Broken(SQLITE_IOERR_WRITE);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const Handle& handle = Of(file);
  if (handle.Stale()) return Broken(SQLITE_IOERR_TRUNCATE);
  const bool done = handle.disk->Truncate(*handle.file, static_cast<std::size_t>(size));
  return done ? SQLITE_OK : Broken(SQLITE_IOERR_TRUNCATE);
}

int Sync(sqlite3_file* file, int) {
  const Handle& handle = Of(file);
  if (handle.Stale()) return Broken(SQLITE_IOERR_FSYNC);
  return handle.disk->Sync(*handle.file) ? SQLITE_OK : Broken(SQLITE_IOERR_FSYNC);
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  const Handle& handle = Of(file);
  if (handle.Stale()) return Broken(SQLITE_IOERR_FSTAT);
  *size = static_cast<sqlite3_int64>(handle.file->content.size());
  return SQLITE_OK;
}

// Two connections of one process: a shared lock of one keeps the other from the last steps of closing.
int Lock(sqlite3_file* file, int level) {
  Handle& handle = Of(file);
  for (const void* other : handle.file->open) {
    const int held = static_cast<const Handle*>(other)->lock;
    const bool clash = level == SQLITE_LOCK_EXCLUSIVE
                           ? held >= SQLITE_LOCK_SHARED
                           : level >= SQLITE_LOCK_RESERVED && held >= SQLITE_LOCK_RESERVED;
    if (other != &handle && clash) return SQLITE_BUSY;
  }
  handle.lock = std::max(handle.lock, level);
  return SQLITE_OK;
}
int Unlock(sqlite3_file* file, int level) {
  Of(file).lock = std::min(Of(file).lock, level);
  return SQLITE_OK;
}
int CheckReservedLock(sqlite3_file*, int* held) {
  *held = 0;
  return SQLITE_OK;
}
int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return Disk::kSector; }
// As SQLite takes it for its own: bytes beside those that are written do not change.
int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  const Handle& handle = Of(file);
  if (handle.Stale()) return Broken(SQLITE_IOERR_SHMMAP);
  auto& shared = handle.file->shared;
  using Region = std::remove_reference_t<decltype(*shared.front())>;
  if (static_cast<std::size_t>(size) > sizeof(Region)) return SQLITE_IOERR_SHMSIZE;
  const auto index = static_cast<std::size_t>(region);
  while (extend != 0 && shared.size() <= index) shared.push_back(std::make_unique<Region>());
  *out = index < shared.size() ? shared[index]->data() : nullptr;
  return SQLITE_OK;
}
int ShmLock(sqlite3_file*, int, int, int) { return SQLITE_OK; }
void ShmBarrier(sqlite3_file*) {}
int ShmUnmap(sqlite3_file* file, int remove) {
  const Handle& handle = Of(file);
  if (remove != 0 && !handle.Stale() && handle.file->open.size() == 1) handle.file->shared.clear();
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods = {2,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         DeviceCharacteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         nullptr,
                                         nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  Disk* disk = name == nullptr ? nullptr : Disk::Of(name);
  if (disk == nullptr || disk->dead()) return Broken(SQLITE_CANTOPEN);
  auto found = disk->files().find(name);
  if (found == disk->files().end()) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return Broken(SQLITE_CANTOPEN);
    if (disk->full && !(disk->reserve_given && disk->reserve_given())) {
      errno = ENOSPC;
      return SQLITE_CANTOPEN;
    }
    found = disk->files().emplace(name, std::make_shared<Disk::File>()).first;
  }
  Handle* handle = new Handle{disk, disk->life(), found->second};
  handle->file->open.push_back(handle);
  reinterpret_cast<OpenFile*>(file)->handle = handle;
  file->pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs*, const char* name, int) {
  Disk* disk = Disk::Of(name);
  if (disk == nullptr || disk->dead()) return SQLITE_IOERR_DELETE;
  return disk->files().erase(name) > 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

int Access(sqlite3_vfs*, const char* name, int, int* out) {
  Disk* disk = Disk::Of(name);
  *out = disk != nullptr && disk->files().contains(name) ? 1 : 0;
  return SQLITE_OK;
}

int FullPathname(sqlite3_vfs*, const char* name, int size, char* out) {
  const std::size_t length = std::strlen(name) + 1;
  if (length > static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, name, length);
  return SQLITE_OK;
}

// SQLite salts its log with it.
int Randomness(sqlite3_vfs*, int size, char* out) {
  for (int i = 0; i < size; ++i) out[i] = static_cast<char>(Salts().Next());
  return size;
}
int Sleep(sqlite3_vfs*, int micros) { return micros; }
int CurrentTime(sqlite3_vfs*, double* julian_days) {
  *julian_days = 2'460'000.5;
  return SQLITE_OK;
}
int GetLastError(sqlite3_vfs*, int, char*) { return errno; }

}  // namespace

Random& Salts() {
  static Random salts(0);
  return salts;
}

void InstallVfs(std::uint64_t seed) {
  Salts() = Random(seed);
  // Before SQLite is used: one thread has all databases, so no locks and no account of memory.
  static const bool kAlone = sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK &&
                             sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
  ACCORD_CHECK(kAlone);
  static sqlite3_vfs vfs = {.iVersion = 1,
                            .szOsFile = sizeof(OpenFile),
                            .mxPathname = 512,
                            .pNext = nullptr,
                            .zName = "accord-sim",
                            .pAppData = nullptr,
                            .xOpen = Open,
                            .xDelete = Delete,
                            .xAccess = Access,
                            .xFullPathname = FullPathname,
                            .xDlOpen = nullptr,
                            .xDlError = nullptr,
                            .xDlSym = nullptr,
                            .xDlClose = nullptr,
                            .xRandomness = Randomness,
                            .xSleep = Sleep,
                            .xCurrentTime = CurrentTime,
                            .xGetLastError = GetLastError};
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace accord::sim
