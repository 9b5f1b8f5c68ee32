// Who belongs to the federation, and the join tokens that let them in: tables of the coordinator, in a
// database of their own beside the journal. Used by enrolment, by the role check of every call (which keeps a
// copy in memory) and by `accord member`. Thread-safe; calls that change something wait for one sync.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"

namespace accord::store {

struct CertificateRecord {
  std::string serial;  // hex
  Digest fingerprint;  // SHA-256 of the DER
  TimePoint not_after;
  friend bool operator==(const CertificateRecord&, const CertificateRecord&) = default;
};

struct Member {
  std::string spiffe_id;  // the key
  std::string name;
  std::string role;          // "node", "operator", "researcher"
  Bytes protocol_key;        // Ed25519 public key, 32 bytes; empty for people
  Bytes registry_entry;      // secagg.md 7.4; empty for people
  Bytes registry_signature;  // by the member's CA over SPIFFE id and entry
  CertificateRecord certificate;
  TimePoint enrolled_at;
  bool suspended = false;
  friend bool operator==(const Member&, const Member&) = default;
};

struct JoinToken {
  Digest secret_hash;  // SHA-256 of the secret, which is nowhere stored
  std::string spiffe_id;
  std::string name;
  std::string role;
  TimePoint expires_at;
  std::string created_by;  // SPIFFE id of the operator
  // Set by Redeem:
  std::optional<TimePoint> used_at;
  Digest request;  // of the enrolment that used it: the same request again gets the same answer again
  Bytes answer;
  friend bool operator==(const JoinToken&, const JoinToken&) = default;
};

struct Redemption {
  Digest secret_hash;
  Digest request;  // SHA-256 of the enrolment request
  Bytes answer;    // what the joiner is told, kept for a repeated request
  Member member;   // its SPIFFE id, name and role must be those of the token
};

class Members {
 public:
  // Opens or creates the file; `store.version` when a newer Accord wrote it.
  [[nodiscard]] static Result<std::unique_ptr<Members>> Open(const std::filesystem::path& file);
  ~Members();

  // How many members a file holds, if SQLite finds its pages whole: `store.corrupt`. Changes nothing.
  [[nodiscard]] static Result<std::uint64_t> Check(const std::filesystem::path& file);
  // `file` as of one moment; `copy` must not exist. Also while another process writes.
  [[nodiscard]] static Status Copy(const std::filesystem::path& file, const std::filesystem::path& copy);

  // The caller bounds the lifetime. A token of this hash that exists already is `store.io` (never by chance).
  [[nodiscard]] Status AddToken(const JoinToken& token);
  // `token.invalid` when there is none. Used and expired ones are returned too: the caller looks.
  [[nodiscard]] Result<JoinToken> FindToken(const Digest& secret_hash);
  // Unused and unexpired tokens, soonest to expire first.
  [[nodiscard]] Result<std::vector<JoinToken>> OpenTokens(TimePoint now);
  // In one transaction: marks the token used, if it is unused and now < expires_at, and inserts the member.
  // Of two that race, one gets `token.invalid`. A member of that SPIFFE id who is there already is replaced
  // (an operator invited them again after they lost their keys), but `auth.revoked` while suspended.
  [[nodiscard]] Status Redeem(const Redemption& redemption, TimePoint now);

  // All, sorted by SPIFFE id.
  [[nodiscard]] Result<std::vector<Member>> List();
  // `member.not_found` when there is none; so also the two below.
  [[nodiscard]] Result<Member> Get(const std::string& spiffe_id);
  [[nodiscard]] Status Suspend(const std::string& spiffe_id, bool suspended);
  // Renewal: the certificate takes the place of the last one.
  [[nodiscard]] Status RecordCertificate(const std::string& spiffe_id, const CertificateRecord& certificate);

 private:
  struct State;
  explicit Members(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace accord::store
