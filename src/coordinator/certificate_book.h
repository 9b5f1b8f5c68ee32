// What a CA remembers of the certificates that it issued to nodes, in the database of its members, beside
// their tables (store/members.h): one copy of that file has all of it. So a copied key does not renew for
// ever unseen: of two that hold it, the second to renew is refused, whoever it is. And for how long the
// tokens are kept by which certificates were had. Used by Identity. Thread-safe; every call touches the disk.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "crypto/x509.h"
#include "rpc/handlers.h"
#include "store/members.h"

namespace accord::coordinator {

// So long after a token could have been used last, whoever shows it hears what became of it, and whoever
// repeats the request that used it gets the same answer. Later it is not known, and as useless as before.
inline constexpr Millis kTokensKept = std::chrono::hours(24 * 30);

class CertificateBook {
 public:
  // `file` is that of store::Members, who made it.
  [[nodiscard]] static Result<std::unique_ptr<CertificateBook>> Open(const std::filesystem::path& file);
  ~CertificateBook();

  // The node of this certificate joined with it: what it had before renews no more.
  [[nodiscard]] Status Joined(const crypto::Certificate& leaf);

  using Issue = std::function<Result<crypto::Certificate>()>;
  // The next certificate of a node that came with the one in `shown` and asks for one for the public key
  // `key` (crypto::CheckCsr). Durable when it returns.
  // - With its newest, or with one that is newer than the newest known here, since the book comes from a
  //   backup: what `issue` makes.
  // - With the one before, and the key that the newest is for: the newest again. The answer was lost; whoever
  //   asks gets a certificate for a key that only the node has.
  // - With any other: `cert.superseded`, and nothing changes.
  [[nodiscard]] Result<crypto::Certificate> Renew(const store::Member& member, const rpc::Peer& shown,
                                                  const Digest& key, const Issue& issue);

  // Deletes the tokens that expired kTokensKept before `now`.
  [[nodiscard]] Status ForgetTokens(TimePoint now);
  // Deletes one that nobody can come with again.
  [[nodiscard]] Status ForgetToken(const Digest& secret_hash);

 private:
  struct State;
  explicit CertificateBook(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace accord::coordinator
