// A party's disk for its databases, in memory. What was written and not synced may be lost, whole or in part,
// when the power goes; a disk may be full, and may die in the middle of a write. Used by the VFS (vfs.h).
//
// The model: a sector is written whole or not at all; of the sectors that were written since a file's last
// sync each may be lost on its own, and so may the file's new length. A sync that returns has kept all before
// it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "sim/random.h"

namespace accord::sim {

class Disk {
 public:
  static constexpr std::size_t kSector = 512;

  struct File {
    Bytes content;
    // Since the last sync: what was in each sector that was written, and how long the file was.
    std::map<std::uint64_t, std::array<std::uint8_t, kSector>> before;
    std::optional<std::size_t> size_before;
    // Of the VFS, no part of the disk: its handles, and the index of a write-ahead log that connections
    // share.
    std::vector<const void*> open;
    std::vector<std::unique_ptr<std::array<std::uint8_t, 32768>>> shared;
  };
  using Files = std::map<std::string, std::shared_ptr<File>>;

  // The disk with this id, for as long as it lives: names of files begin with "/disk-ID/".
  explicit Disk(std::uint64_t id);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  [[nodiscard]] static Disk* Of(const std::string& path);

  [[nodiscard]] std::string Path(const std::string& name) const { return prefix_ + name; }
  [[nodiscard]] Files& files() { return files_; }

  // The process ends: handles of before are of no more use. `random` decides what the power cut takes;
  // without one the machine went on, and all that was written is there.
  void Crash(Random* random);
  [[nodiscard]] std::uint64_t life() const { return life_; }

  // ---- faults
  bool full = false;  // nothing grows, but for what the reserve gave back
  std::function<bool()> reserve_given;
  static constexpr std::size_t kReserve = 256 * 1024;
  // After so many more writes the disk does nothing any more, until Crash. The one that is hit is torn.
  std::optional<std::uint64_t> dies_after;
  [[nodiscard]] bool dead() const { return dies_after == 0U; }

  // ---- for the VFS: false when the disk has died
  [[nodiscard]] bool HasRoom(const File& file, std::uint64_t end);
  [[nodiscard]] bool Write(File& file, std::uint64_t offset, ByteView bytes);
  [[nodiscard]] bool Truncate(File& file, std::size_t size);
  [[nodiscard]] bool Sync(File& file);

 private:
  [[nodiscard]] bool Survives();
  static void Remember(File& file, std::uint64_t offset, std::size_t size);
  static void LoseSome(File& file, Random& random);

  const std::string prefix_;
  Files files_;
  std::uint64_t life_ = 0;
  std::size_t taken_ = 0;  // of the reserve
};

}  // namespace accord::sim
