#include "data/corpus_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/errors.h"

namespace accord::data {
namespace {

namespace fs = std::filesystem;

Status Missing(const fs::path& path, int error) {
  return Fail(errors::kDataMissing, path.string() + " cannot be read: " + std::strerror(error));
}

Status AddFile(const fs::path& path, const fs::path& name, std::vector<CorpusFile>& files) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return Missing(path, errno);
  if (!S_ISREG(info.st_mode)) return {};
  files.push_back({.path = path,
                   .name = name.generic_string(),
                   .source = name.begin()->string(),
                   .size = static_cast<std::uint64_t>(info.st_size),
                   .modified_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec});
  return {};
}

// What is behind a link may lead out of the corpus, or back into it for ever, so it is not followed; nor is
// it left out without a word, since then less would be trained on than the lab believes.
Status CheckNoLink(const fs::directory_entry& entry) {
  std::error_code unknown;  // what cannot be looked at fails when it is added
  if (!entry.is_symlink(unknown) || !entry.is_directory(unknown)) return {};
  return Fail(errors::kDataMissing,
              entry.path().string() + " is a link to a directory, which is not followed",
              "Put the directory itself there, or begin the link's name with \".\" to leave it out.");
}

Status Walk(const fs::path& directory, std::vector<CorpusFile>& files) {
  std::error_code error;
  fs::recursive_directory_iterator it(directory, error);
  while (!error && it != fs::recursive_directory_iterator()) {
    if (it->path().filename().string().starts_with(".")) {
      it.disable_recursion_pending();
    } else {
      ACCORD_RETURN_IF_ERROR(CheckNoLink(*it));
      ACCORD_RETURN_IF_ERROR(AddFile(it->path(), it->path().lexically_relative(directory), files));
    }
    it.increment(error);
  }
  return error ? Missing(directory, error.value()) : Status();
}

}  // namespace

Result<std::vector<CorpusFile>> ListCorpus(const fs::path& path) {
  std::vector<CorpusFile> files;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    ACCORD_RETURN_IF_ERROR(Walk(path, files));
  } else {
    ACCORD_RETURN_IF_ERROR(AddFile(path, path.filename(), files));
  }
  if (files.empty()) return Fail(errors::kDataEmpty, path.string() + " has no files");
  std::ranges::sort(files, {}, &CorpusFile::name);
  return files;
}

}  // namespace accord::data
