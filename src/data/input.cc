#include "data/input.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/errors.h"

namespace accord::data {
namespace {

constexpr unsigned kBuffer = 128 << 10;
constexpr std::size_t kMostAtOnce = 1U << 30;  // gzread takes and returns ints

class GzipInput final : public Input {
 public:
  GzipInput(std::string name, gzFile file) : Input(std::move(name)), file_(file) {}
  ~GzipInput() override { gzclose(file_); }

  Result<std::size_t> Read(std::span<std::uint8_t> out) override {
    std::size_t have = 0;
    while (have < out.size()) {
      const std::size_t want = std::min(out.size() - have, kMostAtOnce);
      const int got = gzread(file_, out.data() + have, static_cast<unsigned>(want));
      int error = Z_OK;
      const char* why = gzerror(file_, &error);
      if (error == Z_BUF_ERROR)
        return Fail(errors::kDataTruncated, name() + ": the gzip file ends too early");
      if (error == Z_ERRNO) return Fail(errors::kDataMissing, name() + ": " + std::strerror(errno));
      if (got < 0) return Fail(errors::kDataCorrupt, name() + ": " + why);
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    return have;
  }

 private:
  gzFile file_;
};

}  // namespace

Result<std::unique_ptr<Input>> OpenInput(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return Fail(errors::kDataMissing, path.string() + " does not exist");
  }
  if (!std::filesystem::is_regular_file(status)) {
    return Fail(errors::kDataMissing, path.string() + " is not a regular file");
  }
  const gzFile file = gzopen(path.c_str(), "rbe");
  if (file == nullptr) {
    return Fail(errors::kDataMissing, path.string() + " cannot be opened: " + std::strerror(errno));
  }
  gzbuffer(file, kBuffer);
  return std::unique_ptr<Input>(std::make_unique<GzipInput>(path.string(), file));
}

Result<std::size_t> MemoryInput::Read(std::span<std::uint8_t> out) {
  const std::size_t count = std::min(out.size(), rest_.size());
  std::copy_n(rest_.begin(), count, out.begin());
  rest_ = rest_.subspan(count);
  return count;
}

}  // namespace accord::data
