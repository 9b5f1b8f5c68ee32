#include "apps/program.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <exception>

#include "base/errors.h"
#include "base/file.h"
#include "base/text.h"
#include "crypto/secret_memory.h"

namespace accord::apps {

void DaemonFlags::AddTo(CLI::App& app, const std::string& state_help) {
  app.add_option("--config", config, "Configuration file (TOML); configs/ has an annotated example")
      ->type_name("FILE");
  app.add_option("--set", set, "A setting over the file's: section.key=value (repeatable)")
      ->type_name("KEY=VALUE");
  app.add_option("--state", state, state_help)->type_name("DIR");
}

config::Sources DaemonFlags::Sources(const std::string& state_key) const {
  config::Sources sources;
  if (!config.empty()) sources.file = config;
  sources.environment = config::ProcessEnvironment();
  sources.flags = set;
  if (!state.empty()) sources.flags.push_back(state_key + "=" + state);
  return sources;
}

Status DaemonFlags::UseKept(const std::filesystem::path& file) {
  if (!config.empty()) return {};
  std::error_code unknown;
  const auto type = std::filesystem::status(file, unknown).type();
  if (type == std::filesystem::file_type::none) return ErrnoStatus(unknown.value(), "cannot look at", file);
  if (type != std::filesystem::file_type::not_found) config = file.string();
  return {};
}

int Guarded(int (*main)(int, char**), int argc, char** argv) {
  try {
    return main(argc, argv);
  } catch (const std::filesystem::filesystem_error& error) {
    return Report(Fail(errors::kStoreIo, error.what()));
  } catch (const std::exception& error) {
    return Report(Fail(errors::kInternal, error.what()));
  }
}

Status UsageError(const std::string& program, const CLI::App& app, const CLI::ParseError& error) {
  std::string command = program;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    command += " " + at->get_name();
  }
  return Fail(errors::kCliUsage, command + ": " + error.what(), "See: " + command + " --help");
}

int NotParsed(const std::string& program, const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  return Report(UsageError(program, app, error));
}

bool GuardSecrets() {
  const rlimit none{0, 0};
  const bool limited = ::setrlimit(RLIMIT_CORE, &none) == 0;
  const bool closed = ::prctl(PR_SET_DUMPABLE, 0) == 0;
  if (!limited || !closed) std::fputs("warning: core dumps of this process cannot be forbidden\n", stderr);
  if (!crypto::PrepareSecretMemory()) {
    std::fputs("error: no memory for keys that core dumps leave out\n", stderr);
    std::fputs("hint:  free some, and see that the system allows madvise(MADV_DONTDUMP)\n", stderr);
    return false;
  }
  if (crypto::SecretMemoryIsLocked()) return true;
  rlimit lock{};
  ::getrlimit(RLIMIT_MEMLOCK, &lock);
  std::fprintf(stderr, "warning: keys may be swapped to disk: this process may lock no more than %s\n",
               FormatBytes(lock.rlim_cur).c_str());
  std::fputs("hint:  raise RLIMIT_MEMLOCK to 8 MiB (ulimit -l, LimitMEMLOCK=, --ulimit memlock=)\n", stderr);
  return true;
}

int Report(const Status& status) {
  if (status.ok()) return kOk;
  std::fprintf(stderr, "error: %s\n", status.message().c_str());
  if (!status.hint().empty()) std::fprintf(stderr, "hint:  %s\n", status.hint().c_str());
  if (!status.error().empty()) std::fprintf(stderr, "docs:  docs/errors/%s.md\n", status.error().c_str());
  return ExitOf(status);
}

int ExitOf(const Status& status) {
  switch (status.code()) {
    case Code::kOk:
      return kOk;
    case Code::kUnavailable:
    case Code::kUnauthenticated:
    case Code::kDenied:
      return kConnection;
    case Code::kTimeout:
      return kTimeout;
    case Code::kInvalid:
      return kBadArguments;
    case Code::kInternal:
      return status.error() == errors::kInternal.id ? kBug : kFailed;
    default:
      return kFailed;
  }
}

}  // namespace accord::apps
