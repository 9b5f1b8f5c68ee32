#include "cli/context_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "base/file.h"
#include "base/text.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::uint64_t kFileLimit = 1U << 20;
constexpr int kVersion = 1;

std::string Value(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

Status Missing(const std::string& name) {
  return Fail(errors::kContextNotFound, "There is no context \"" + Printable(name, 64) + "\".");
}

Status Exists(const std::string& name) {
  return Fail(errors::kContextExists, "There is a context \"" + name + "\" already.");
}

Status WriteText(const fs::path& path, std::string_view text) {
  return WriteFileAtomic(path, AsBytes(text), FileMode::kShared);
}

// Every file of a context into a directory that nobody sees yet.
Status WriteAll(const fs::path& directory, const Identity& identity) {
  const ordered_json text = {{"version", kVersion}, {"coordinator", identity.coordinator}};
  ACCORD_RETURN_IF_ERROR(identity.key.Save(directory / "key.pem"));
  ACCORD_RETURN_IF_ERROR(WriteText(directory / "cert.pem", identity.certificate_pem));
  ACCORD_RETURN_IF_ERROR(WriteText(directory / "ca.pem", identity.ca_pem));
  return WriteText(directory / "context.json", text.dump(2) + "\n");
}

// Puts `fresh` in the place of `place`. The old directory, if any, ends up at `fresh`.
Status Exchange(const fs::path& fresh, const fs::path& place) {
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0) return {};
  if (errno != ENOENT && errno != EINVAL && errno != ENOSYS)
    return ErrnoStatus(errno, "cannot replace the context", place);
  // Not there yet, or a file system that cannot exchange: in two steps.
  const fs::path old = fresh.string() + ".old";
  if (rename(place.c_str(), old.c_str()) != 0 && errno != ENOENT)
    return ErrnoStatus(errno, "cannot replace the context", place);
  if (rename(fresh.c_str(), place.c_str()) != 0) return ErrnoStatus(errno, "cannot store the context", place);
  std::error_code ignored;
  fs::remove_all(old, ignored);
  return {};
}

Result<std::string> CoordinatorOf(const std::string& name, const fs::path& file) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(file, kFileLimit));
  const ordered_json json = ordered_json::parse(AsText(bytes), nullptr, /*allow_exceptions=*/false);
  const auto version = json.is_object() ? json.find("version") : json.end();
  const auto coordinator = json.is_object() ? json.find("coordinator") : json.end();
  if (coordinator == json.end() || !coordinator->is_string() || version == json.end() || *version != kVersion)
    return Fail(errors::kContextDamaged,
                "Context \"" + name + "\": " + file.string() + " is not well-formed.");
  return coordinator->get<std::string>();
}

}  // namespace

Status MakePrivateDirectories(const fs::path& path) {
  std::error_code error;
  for (fs::path part; const fs::path& name : path) {
    part /= name;
    if (fs::exists(part, error)) continue;
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
      return ErrnoStatus(errno, "cannot make the directory", part);
  }
  return {};
}

Result<fs::path> HomeDirectory(const Variables& variables) {
  if (const std::string home = Value(variables, "ACCORD_HOME"); !home.empty()) return fs::path(home);
  if (const std::string xdg = Value(variables, "XDG_CONFIG_HOME"); !xdg.empty())
    return fs::path(xdg) / "accord";
  if (const std::string home = Value(variables, "HOME"); !home.empty())
    return fs::path(home) / ".config" / "accord";
  return Fail(errors::kContextHome, "None of ACCORD_HOME, XDG_CONFIG_HOME and HOME is set.");
}

Result<std::vector<Context>> ContextStore::List() const {
  std::vector<Context> contexts;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(Contexts(), error)) {
    const std::string name = entry.path().filename().string();
    if (!IsName(name)) continue;
    Result<Context> context = Load(name);
    if (context.ok()) contexts.push_back(std::move(context).value());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return ErrnoStatus(error.value(), "cannot read", Contexts());
  std::ranges::sort(contexts, {}, &Context::name);
  return contexts;
}

Result<Context> ContextStore::Load(const std::string& name) const {
  const fs::path directory = Contexts() / name;
  std::error_code error;
  if (!IsName(name) || !fs::is_directory(directory, error)) return Missing(name);
  Context context{.name = name, .directory = directory};
  const auto damaged = [&](const Status& status) {
    return Fail(errors::kContextDamaged, "Context \"" + name + "\": " + status.message());
  };
  Result<std::string> coordinator = CoordinatorOf(name, directory / "context.json");
  if (!coordinator.ok()) return damaged(coordinator.status());
  context.coordinator = std::move(coordinator).value();
  const Result<Bytes> pem = ReadFile(context.CertificateFile(), kFileLimit);
  if (!pem.ok()) return damaged(pem.status());
  const Result<crypto::Certificate> certificate = crypto::Certificate::FromPem(AsText(*pem));
  if (!certificate.ok()) return damaged(certificate.status());
  context.spiffe_id = certificate->info().uri;
  context.issued = certificate->info().not_before;
  context.expires = certificate->info().not_after;
  return context;
}

Result<std::string> ContextStore::Current() const {
  std::error_code error;
  if (fs::exists(CurrentFile(), error)) {
    ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(CurrentFile(), kFileLimit));
    std::string name(AsText(bytes));
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return name;
  }
  ACCORD_ASSIGN_OR_RETURN(const std::vector<Context> contexts, List());
  return contexts.size() == 1 ? contexts.front().name : std::string();
}

Status ContextStore::Use(const std::string& name) {
  ACCORD_RETURN_IF_ERROR(Load(name).status());
  return WriteText(CurrentFile(), name + "\n");
}

Status ContextStore::CheckFree(const std::string& name) const {
  if (!IsName(name))
    return Fail(errors::kCliUsage, "\"" + Printable(name, 64) + "\" is not a name for a context.",
                "Use 1 to 64 of a-z, 0-9, '-', '_' and '.', beginning with a letter or digit.");
  std::error_code error;
  return fs::exists(Contexts() / name, error) ? Exists(name) : Status();
}

Status ContextStore::Save(const std::string& name, const Identity& identity, bool replace) {
  if (!replace) ACCORD_RETURN_IF_ERROR(CheckFree(name));
  ACCORD_RETURN_IF_ERROR(MakePrivateDirectories(Contexts()));
  std::string fresh = (Contexts() / ("." + name + ".XXXXXX")).string();
  if (mkdtemp(fresh.data()) == nullptr) return ErrnoStatus(errno, "cannot make a directory in", Contexts());
  Status status = WriteAll(fresh, identity);
  const fs::path place = Contexts() / name;
  if (status.ok() && replace) {
    status = Exchange(fresh, place);
  } else if (status.ok() && rename(fresh.c_str(), place.c_str()) != 0) {
    status = errno == ENOTEMPTY || errno == EEXIST ? Exists(name)
                                                   : ErrnoStatus(errno, "cannot store the context", place);
  }
  std::error_code ignored;  // what is left is the old context, or one that was not stored
  fs::remove_all(fresh, ignored);
  return status;
}

Status ContextStore::Remove(const std::string& name) {
  const fs::path directory = Contexts() / name;
  std::error_code error;
  if (!IsName(name) || !fs::is_directory(directory, error)) return Missing(name);
  ACCORD_ASSIGN_OR_RETURN(const std::string current, Current());
  fs::remove_all(directory, error);
  if (error) return ErrnoStatus(error.value(), "cannot remove", directory);
  if (current == name) fs::remove(CurrentFile(), error);
  return {};
}

}  // namespace accord::cli
