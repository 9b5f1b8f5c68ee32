#include "node/round_part.h"

#include <algorithm>
#include <system_error>

#include "base/codec.h"
#include "base/errors.h"
#include "base/file.h"

namespace accord::node {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxPartBytes = 1U << 20;

fs::path FileOf(const fs::path& directory, RoundId round) {
  return directory / ("part-" + std::to_string(round.value));
}

}  // namespace

Bytes Encode(const RoundPart& part) {
  Writer out;
  out.U64(part.round.value).U64(part.steps).U64(part.wall_s).Raw(part.salt).Lv(part.receipt).Fixed(part.made);
  out.Bool(part.energy_j.has_value()).U64(part.energy_j.value_or(0));
  return std::move(out).Take();
}

Result<RoundPart> DecodeRoundPart(ByteView bytes) {
  Reader in(bytes);
  RoundPart part{.round = {in.U64()}, .steps = in.U64(), .wall_s = in.U64()};
  const ByteView salt = in.Raw(part.salt.size());
  if (salt.size() == part.salt.size()) std::ranges::copy(salt, part.salt.begin());
  part.receipt = in.LvText();
  part.made = in.Fixed<Digest>();
  const bool told = in.Bool();
  const std::uint64_t energy_j = in.U64();
  if (told) part.energy_j = energy_j;
  if (in.Done()) return part;
  return Fail(errors::kStoreCorrupt, "a file of this node's part in a round is damaged");
}

Status KeepPart(const fs::path& directory, const RoundPart& part) {
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(FileOf(directory, part.round), Encode(part), FileMode::kPrivate));
  std::error_code ignored;
  if (part.round.value > 2) fs::remove(FileOf(directory, {part.round.value - 2}), ignored);
  return {};
}

Result<RoundPart> LoadPart(const fs::path& directory, RoundId round) {
  std::error_code error;
  if (!fs::exists(FileOf(directory, round), error)) {
    if (error) return ErrnoStatus(error.value(), "cannot look for", FileOf(directory, round));
    return RoundPart{.round = round};
  }
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(FileOf(directory, round), kMaxPartBytes));
  ACCORD_ASSIGN_OR_RETURN(RoundPart part, DecodeRoundPart(bytes));
  if (part.round == round) return part;
  return Fail(errors::kStoreCorrupt, "a file of this node's part in a round is of another round");
}

}  // namespace accord::node
