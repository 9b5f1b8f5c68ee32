#include "sim/disk.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace accord::sim {
namespace {

std::map<std::string, Disk*>& Disks() {
  static std::map<std::string, Disk*> disks;
  return disks;
}

std::string PrefixOf(const std::string& path) { return path.substr(0, path.find('/', 1) + 1); }

}  // namespace

Disk::Disk(std::uint64_t id) : prefix_("/disk-" + std::to_string(id) + "/") { Disks()[prefix_] = this; }
Disk::~Disk() { Disks().erase(prefix_); }

Disk* Disk::Of(const std::string& path) {
  const auto found = Disks().find(PrefixOf(path));
  return found == Disks().end() ? nullptr : found->second;
}

void Disk::Crash(Random* random) {
  ++life_;
  dies_after.reset();
  for (auto& [name, file] : files_) {
    // Handles of before hold the file that was; what is left of it is another one.
    auto left = std::make_shared<File>();
    left->content = std::move(file->content);
    left->before = std::move(file->before);
    left->size_before = file->size_before;
    if (random != nullptr) LoseSome(*left, *random);
    left->before.clear();
    left->size_before.reset();
    file = std::move(left);
  }
}

void Disk::LoseSome(File& file, Random& random) {
  const std::uint64_t fate = random.Below(4);  // all is kept, all is lost, or each sector for itself
  const auto lost = [&] { return fate == 1 || (fate > 1 && random.Chance(0.5)); };
  if (file.size_before && lost()) file.content.resize(*file.size_before);
  for (const auto& [sector, old] : file.before) {
    const std::size_t begin = sector * kSector;
    if (begin >= file.content.size() || !lost()) continue;
    const std::size_t size = std::min(kSector, file.content.size() - begin);
    std::copy_n(old.begin(), size, file.content.begin() + static_cast<std::ptrdiff_t>(begin));
  }
}

bool Disk::Survives() {
  if (!dies_after) return true;
  if (*dies_after > 0) --*dies_after;
  return *dies_after > 0;
}

void Disk::Remember(File& file, std::uint64_t offset, std::size_t size) {
  if (!file.size_before) file.size_before = file.content.size();
  for (std::uint64_t sector = offset / kSector; sector * kSector < offset + size; ++sector) {
    const auto [kept, fresh] = file.before.try_emplace(sector);
    const std::size_t begin = sector * kSector;
    if (!fresh || begin >= file.content.size()) continue;
    const std::size_t have = std::min(kSector, file.content.size() - begin);
    std::copy_n(file.content.begin() + static_cast<std::ptrdiff_t>(begin), have, kept->second.begin());
  }
}

// Whether the file may grow to `end`; what it grows by is taken.
bool Disk::HasRoom(const File& file, std::uint64_t end) {
  if (end <= file.content.size()) return true;
  if (!full) {
    taken_ = 0;
    return true;
  }
  taken_ += end - file.content.size();
  return reserve_given && reserve_given() && taken_ <= kReserve;
}

bool Disk::Write(File& file, std::uint64_t offset, ByteView bytes) {
  if (dead()) return false;
  const bool whole = Survives();
  if (!whole) bytes = bytes.first(bytes.size() / 2 / kSector * kSector);
  Remember(file, offset, bytes.size());
  if (file.content.size() < offset + bytes.size()) file.content.resize(offset + bytes.size());
  // Not ranges::copy, which goes byte by byte from a span.
  if (!bytes.empty()) std::memcpy(file.content.data() + offset, bytes.data(), bytes.size());
  return whole;
}

bool Disk::Truncate(File& file, std::size_t size) {
  if (dead()) return false;
  if (size < file.content.size()) Remember(file, size, file.content.size() - size);
  file.content.resize(size);
  return true;
}

bool Disk::Sync(File& file) {
  if (dead() || !Survives()) return false;
  file.before.clear();
  file.size_before.reset();
  return true;
}

}  // namespace accord::sim
