// Contexts: which coordinator, as whom. One directory each under $ACCORD_HOME/contexts, made by `accord
// join`, so that copying or deleting the directory is all there is to moving or forgetting one:
//
//   contexts/NAME/{context.json, key.pem (0600), cert.pem, ca.pem}    current (the name in force)
//
// Every change replaces a whole directory in one step: key and certificate always belong together. Safe
// against other accord processes. One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "accord/clock.h"
#include "accord/status.h"
#include "cli/style.h"
#include "crypto/x509.h"

namespace accord::cli {

struct Context {
  std::string name;
  std::string coordinator;  // host:port
  std::string spiffe_id;
  TimePoint issued, expires;  // of the certificate
  std::filesystem::path directory;

  [[nodiscard]] std::filesystem::path KeyFile() const { return directory / "key.pem"; }
  [[nodiscard]] std::filesystem::path CertificateFile() const { return directory / "cert.pem"; }
  [[nodiscard]] std::filesystem::path CaFile() const { return directory / "ca.pem"; }
};

// What a new or renewed context holds.
struct Identity {
  std::string coordinator;
  const crypto::P256Key& key;
  std::string certificate_pem;
  std::string ca_pem;
};

// $ACCORD_HOME, else $XDG_CONFIG_HOME/accord, else $HOME/.config/accord; `context.home` when none is set.
[[nodiscard]] Result<std::filesystem::path> HomeDirectory(const Variables& variables);
// Those that are missing, for the user alone. Failures are those of ErrnoStatus.
[[nodiscard]] Status MakePrivateDirectories(const std::filesystem::path& path);

class ContextStore {
 public:
  explicit ContextStore(std::filesystem::path home) : home_(std::move(home)) {}

  // By name. Directories that are no contexts are left out.
  [[nodiscard]] Result<std::vector<Context>> List() const;
  // `context.not_found`, or `context.damaged` when its files do not make a context.
  [[nodiscard]] Result<Context> Load(const std::string& name) const;
  // The name in force: the one set by Use, else the only one; empty when there is none.
  [[nodiscard]] Result<std::string> Current() const;
  Status Use(const std::string& name);
  // Stores a context; `context.exists` unless `replace`. Whole or not at all.
  Status Save(const std::string& name, const Identity& identity, bool replace);
  // Deletes the context with its key.
  Status Remove(const std::string& name);
  // ok when Save without `replace` would find the name free: asked before a token is spent on it.
  [[nodiscard]] Status CheckFree(const std::string& name) const;

 private:
  [[nodiscard]] std::filesystem::path Contexts() const { return home_ / "contexts"; }
  [[nodiscard]] std::filesystem::path CurrentFile() const { return home_ / "current"; }

  std::filesystem::path home_;
};

}  // namespace accord::cli
