#include "trainer/checkpoint.h"

#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "base/file.h"
#include "model/safetensors.h"

namespace accord::trainer {
namespace {

static_assert(std::endian::native == std::endian::little, "the vectors are stored as they lie in memory");

constexpr std::string_view kMagic = "ACCKPT";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kCrcBytes = 4;

Bytes Header(const CheckpointId& id, std::uint64_t step, std::size_t vectors, std::size_t size) {
  Writer writer;
  writer.Raw(kMagic).U16(kVersion).U64(id.round).U32(id.plan).U32(id.start).U64(step);
  writer.U32(static_cast<std::uint32_t>(vectors)).U64(size);
  return std::move(writer).Take();
}

Status Corrupt(const std::filesystem::path& path, const std::string& what) {
  return Fail(errors::kStoreCorrupt, path.string() + ": " + what);
}

}  // namespace

Status SaveCheckpoint(const std::filesystem::path& path, const CheckpointId& id, std::uint64_t step,
                      std::span<const std::span<const float>> vectors) {
  ACCORD_CHECK(!vectors.empty());
  const std::size_t size = vectors.front().size();
  Bytes content = Header(id, step, vectors.size(), size);
  content.reserve(content.size() + vectors.size() * size * sizeof(float) + kCrcBytes);
  for (const std::span<const float> vector : vectors) {
    ACCORD_CHECK(vector.size() == size);
    const ByteView raw = model::WeightBytes(vector);
    content.insert(content.end(), raw.begin(), raw.end());
  }
  Writer crc;
  crc.U32(Crc32c(content));
  content.insert(content.end(), crc.bytes().begin(), crc.bytes().end());
  return WriteFileAtomic(path, content, FileMode::kPrivate);
}

Result<std::optional<std::uint64_t>> LoadCheckpoint(const std::filesystem::path& path, const CheckpointId& id,
                                                    std::span<const std::span<float>> vectors) {
  ACCORD_CHECK(!vectors.empty());
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return std::optional<std::uint64_t>();
  const std::size_t size = vectors.front().size();
  const std::size_t expected =
      Header(id, 0, vectors.size(), size).size() + vectors.size() * size * sizeof(float) + kCrcBytes;
  ACCORD_ASSIGN_OR_RETURN(const Bytes content, ReadFile(path, expected));
  Reader reader(content);
  if (AsText(reader.Raw(kMagic.size())) != kMagic) return Corrupt(path, "not a local checkpoint");
  const std::uint16_t version = reader.U16();
  if (version > kVersion) {
    return Fail(errors::kStoreVersion, path.string() + " has version " + std::to_string(version));
  }
  if (version != kVersion || content.size() != expected) return Corrupt(path, "wrong size or version");
  const ByteView covered = ByteView(content).first(content.size() - kCrcBytes);
  if (Reader(ByteView(content).last(kCrcBytes)).U32() != Crc32c(covered)) {
    return Corrupt(path, "the checksum does not match");
  }
  CheckpointId found;
  found.round = reader.U64();
  found.plan = reader.U32();
  found.start = reader.U32();
  const std::uint64_t step = reader.U64();
  if (found != id || reader.U32() != vectors.size() || reader.U64() != size) {
    return Corrupt(path, "belongs to another round, plan or model");
  }
  for (const std::span<float> vector : vectors) {
    std::memcpy(vector.data(), reader.Raw(vector.size_bytes()).data(), vector.size_bytes());
  }
  return std::optional(step);
}

}  // namespace accord::trainer
