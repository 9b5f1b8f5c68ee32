#include "model/frozen.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "model/checkpoint.h"
#include "model/safetensors.h"
#include "model/safetensors_file.h"

namespace accord::model {
namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr std::uint64_t kPiece = 1ULL << 20;

Status NotTheBase(const std::string& what) { return Fail(errors::kModelBase, what); }

}  // namespace

Result<Digest> HashFile(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const Source source, FileSource(path));
  crypto::Sha256 hash;
  Bytes piece(std::min(kPiece, source.size));
  for (std::uint64_t at = 0; at < source.size; at += piece.size()) {
    piece.resize(std::min(kPiece, source.size - at));
    ACCORD_RETURN_IF_ERROR(source.read(at, piece));
    hash.Update(piece);
  }
  return hash.Finish();
}

std::string NameOfHash(const Digest& hash) { return std::string(kPrefix) + hash.Hex(); }

Result<std::vector<float>> ReadFrozen(const std::filesystem::path& path, std::string_view name,
                                      const ModelLayout& layout, const ModelSpec& model) {
  const std::string shown = Printable(path.string(), 200);
  if (path.empty()) return NotTheBase("the job wants a frozen model, and the data set names none");
  const auto other = [&](const Digest& found) {
    return NotTheBase(shown + " is " + NameOfHash(found) + "; the job wants " + std::string(name));
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    ACCORD_ASSIGN_OR_RETURN(std::vector<float> weights, ReadCheckpoint(path, layout, model));
    const Digest hash = ModelHash(layout, weights);
    return NameOfHash(hash) == name ? Result<std::vector<float>>(std::move(weights)) : other(hash);
  }
  if (!std::filesystem::is_regular_file(path, error)) return NotTheBase(shown + " is no file");
  const Result<Digest> hash = HashFile(path);
  if (!hash.ok()) return NotTheBase(hash.status().message());
  if (NameOfHash(*hash) != name) return other(*hash);
  return ReadCheckpoint(path, layout, model);
}

}  // namespace accord::model
