#include "node/pace.h"

#include <string_view>

#include "base/codec.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "strategy/dynamic_steps.h"

namespace accord::node {
namespace {

constexpr const char* kFile = "pace";
constexpr std::string_view kMagic = "ACPACE";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kFileBytes = kMagic.size() + 2 + 3 * 8 + kCrcBytes;

}  // namespace

Pace::Pace(const JobSpec& job, const std::filesystem::path& directory,
           std::optional<std::chrono::nanoseconds> given)
    : job_(job), path_(directory.empty() ? directory : directory / kFile), given_(given), choice_(Load()) {}

std::uint64_t Pace::Choose(std::uint64_t round) {
  if (choice_.round == round && choice_.steps > 0) return choice_.steps;
  std::optional<std::chrono::nanoseconds> known = given_;
  if (!known && choice_.step_ns > 0) known = std::chrono::nanoseconds(choice_.step_ns);
  choice_.round = round;
  choice_.steps = strategy::StepsInTime(job_, round, known);
  Save();
  return choice_.steps;
}

void Pace::Took(std::chrono::nanoseconds step_time) {
  if (step_time.count() <= 0) return;
  choice_.step_ns = step_time.count();
  Save();
}

Pace::Choice Pace::Load() const {
  std::error_code error;
  if (path_.empty() || (!std::filesystem::exists(path_, error) && !error)) return {};
  const auto ignored = [&](std::string_view why) {
    LogWarn("pace.ignored", {{"path", path_.string()}, {"why", std::string(why)}});
    return Choice{};
  };
  const Result<Bytes> content = ReadFile(path_, kFileBytes);
  if (!content.ok()) return ignored(Describe(content.status()));
  if (content->size() != kFileBytes) return ignored("wrong size");
  const ByteView covered = ByteView(*content).first(kFileBytes - kCrcBytes);
  if (Reader(ByteView(*content).last(kCrcBytes)).U32() != Crc32c(covered)) return ignored("wrong checksum");
  Reader reader(covered);
  if (AsText(reader.Raw(kMagic.size())) != kMagic || reader.U16() != kVersion)
    return ignored("another kind of file, or of another version");
  Choice choice;
  choice.round = reader.U64();
  choice.steps = reader.U64();
  choice.step_ns = reader.I64();
  return choice;
}

void Pace::Save() const {
  if (path_.empty()) return;
  Writer writer;
  writer.Raw(kMagic).U16(kVersion).U64(choice_.round).U64(choice_.steps).I64(choice_.step_ns);
  writer.U32(Crc32c(writer.bytes()));
  if (const Status saved = WriteFileAtomic(path_, writer.bytes(), FileMode::kPrivate); !saved.ok())
    LogWarn("pace.not_kept", {{"why", Describe(saved)}});
}

}  // namespace accord::node
