// accord publish: the public record as pages for everybody (src/publish).
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/public_log.h"
#include "model/whole_directory.h"
#include "publish/site.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;
using SiteFiles = std::map<std::string, std::string>;

constexpr std::size_t kMaxTexts = 1 << 20;
constexpr std::size_t kSumLength = 66;  // of a line of SHA256SUMS before the name

Result<publish::Texts> TextsOf(const std::string& file) {
  if (file.empty()) return publish::Texts();
  const Result<Bytes> text = ReadFile(file, kMaxTexts);
  if (!text.ok()) return Fail(errors::kCliFile, text.status().message());
  return publish::Texts::Parse(AsText(*text), file);
}

// Whether the directory has nothing but what this command wrote there: only that is ever replaced.
bool IsOurs(const fs::path& directory) {
  const auto sums = ReadFile(directory / publish::kSumsFile);
  if (!sums.ok()) return false;
  std::set<std::string> names{publish::kSumsFile};
  std::string_view rest = AsText(*sums);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.size() > kSumLength) names.emplace(line.substr(kSumLength));
  }
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (!it->is_regular_file(error) || !names.contains(it->path().filename().string())) return false;
  }
  return !error;
}

Status WriteFiles(const fs::path& directory, const SiteFiles& files) {
  for (const auto& [name, content] : files)
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(directory / name, AsBytes(content), FileMode::kShared));
  return {};
}

// The site is there whole, or as it was before: readers never see half of it.
Status WriteSite(const std::string& out, const SiteFiles& files) {
  fs::path directory = fs::path(out).lexically_normal();
  if (!directory.has_filename()) directory = directory.parent_path();
  std::error_code error;
  const bool there = fs::exists(directory, error) && !fs::is_empty(directory, error);
  if (there && !IsOurs(directory)) {
    return Fail(errors::kCliExists, out + " has other files than those of an earlier accord publish.",
                "Name another directory: --out DIR");
  }
  const auto write = [&](const fs::path& to) { return WriteFiles(to, files); };
  if (!there) return model::WriteWholeDirectory(directory, write);
  const fs::path fresh = directory.string() + ".accord-new";
  fs::remove_all(fresh, error);  // of a run that was cut short
  ACCORD_RETURN_IF_ERROR(model::WriteWholeDirectory(fresh, write));
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, directory.c_str(), RENAME_EXCHANGE) != 0)
    return ErrnoStatus(errno, "cannot take the place of", directory);
  fs::remove_all(fresh, error);
  return SyncDirectory(directory.parent_path().empty() ? "." : directory.parent_path());
}

struct Written {
  std::size_t files = 0;
  ledger::Checkpoint head;
};

Result<Written> MakePages(const Publish& command, Session& session) {
  if (command.out.empty())
    return Fail(errors::kCliUsage, "Say where the pages go: --out DIR", "See: accord publish --help");
  ACCORD_ASSIGN_OR_RETURN(const publish::Texts texts, TextsOf(command.texts));
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  if (log.record.chain().empty()) return Fail(errors::kCharterMissing, "The log has no charter yet.");
  ACCORD_ASSIGN_OR_RETURN(const auto catalogue, ReadCatalogue(log, *backend));
  ACCORD_ASSIGN_OR_RETURN(const publish::Plans plans, ReadPlans(log, *backend));
  const SiteFiles files = publish::MakeSite({log.record, log.entries, log.note, catalogue, plans}, texts);
  ACCORD_RETURN_IF_ERROR(WriteSite(command.out, files));
  return Written{files.size(), log.head};
}

}  // namespace

ExitCode Run(const Publish& command, Session& session) {
  Printer& printer = session.printer();
  if (command.print_texts) {
    const std::string texts = publish::Texts().Format();
    return printer.Answer(texts, JsonObject({{"texts", texts}}));
  }
  const Result<Written> made = MakePages(command, session);
  if (!made.ok()) return printer.Failure(made.status());
  const std::string size = std::to_string(made->head.size);
  return printer.Answer("Wrote " + command.out + ": " + std::to_string(made->files) +
                            " files, of the log's first " + size + " entries. Begin with index.html.\n",
                        JsonObject({{"directory", command.out},
                                    {"size", size},
                                    {"root", made->head.root.Hex()},
                                    {"files", std::to_string(made->files)}}));
}

}  // namespace accord::cli
