#include "node/energy_meter.h"

#include <charconv>
#include <string>
#include <system_error>

#include "base/file.h"
#include "base/text.h"

namespace accord::node {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPackages = 1024;
constexpr std::uint64_t kMaxFileBytes = 4096;  // as sysfs has them
constexpr std::chrono::seconds kPause{1};      // a counter of 65 kJ lasts two minutes at 500 W

std::optional<std::string> LineOf(const fs::path& file) {
  const Result<Bytes> text = ReadFile(file, kMaxFileBytes);
  if (!text.ok()) return std::nullopt;
  const std::string_view line = AsText(*text);
  return std::string(line.substr(0, line.find('\n')));
}

std::optional<std::uint64_t> NumberOf(const fs::path& file) {
  const auto line = LineOf(file);
  std::uint64_t value = 0;
  if (!line) return std::nullopt;
  const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), value);
  return error == std::errc() && end == line->data() + line->size() && !line->empty() ? std::optional(value)
                                                                                      : std::nullopt;
}

// "package-0" in intel-rapl:0, on processors of AMD too; not "psys", nor "core" and "dram" within a package,
// nor intel-rapl-mmio:0, which counts the same package once more.
bool IsPackage(const fs::path& zone) {
  if (!zone.filename().string().starts_with("intel-rapl:")) return false;
  const auto name = LineOf(zone / "name");
  return name && name->starts_with("package");
}

}  // namespace

EnergyMeter::EnergyMeter(const fs::path& powercap) : read_at_(std::chrono::steady_clock::now()) {
  std::error_code none;
  fs::directory_iterator zone(powercap, none), end;
  for (; !none && zone != end && packages_.size() < kMaxPackages; zone.increment(none)) {
    if (!IsPackage(zone->path())) continue;
    const auto range = NumberOf(zone->path() / "max_energy_range_uj");
    const auto now = NumberOf(zone->path() / "energy_uj");
    tells_ = tells_ && range && now && *now <= *range;
    packages_.push_back({zone->path() / "energy_uj", range.value_or(0), now.value_or(0)});
  }
  tells_ = tells_ && !none && !packages_.empty();
}

void EnergyMeter::Sample() {
  if (tells_ && std::chrono::steady_clock::now() - read_at_ >= kPause) Read();
}

std::optional<std::uint64_t> EnergyMeter::Joules() {
  if (tells_) Read();
  if (!tells_) return std::nullopt;
  return (microjoules_ + 500'000) / 1'000'000;
}

void EnergyMeter::Read() {
  read_at_ = std::chrono::steady_clock::now();
  for (Package& package : packages_) {
    const auto now = NumberOf(package.counter);
    if (!now || *now > package.range) {
      tells_ = false;
      return;
    }
    microjoules_ += *now >= package.last ? *now - package.last : package.range - package.last + *now;
    package.last = *now;
  }
}

}  // namespace accord::node
