// The charter of a federation: who its members are, what each may do, and how many of them it takes
// (governance.md 2a). It is the root of everything a node believes: its SHA-256 is pinned at each lab, and
// each later version is signed by enough members of the one before (chain.h). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "ledger/dsse.h"
#include "ledger/vkey.h"

namespace accord::charter {

inline constexpr std::string_view kCharterType = "application/vnd.accord.charter.v1+json";
inline constexpr std::size_t kMaxMembers = 200;
inline constexpr std::size_t kMaxKeys = 8;  // of one member for one use

using UnixSeconds = std::uint64_t;

// What a member may do.
enum class Right : std::uint8_t { kPropose, kVote, kData, kWitness, kEvaluate };
[[nodiscard]] std::string_view Name(Right right);  // "propose"

// A nation or a body within one: a ministry, a health service, a broadcaster.
struct Member {
  std::string id;                              // IsName: "ke"
  std::vector<ledger::VerifierKey> gov_keys;   // Ed25519, or ECDSA of tokens; the member counts once
  std::optional<ledger::VerifierKey> witness;  // cosigns checkpoints
  std::optional<Digest> model_key;             // SHA-256 of the SPKI that signs released models
  std::string trust_domain;                    // of its people's and nodes' SPIFFE ids
  std::vector<Digest> ca_keys;                 // SHA-256 of the SPKI of each of its own CAs
  std::set<Right> rights;
  bool suspended = false;

  [[nodiscard]] bool Has(Right right) const { return !suspended && rights.contains(right); }
  friend bool operator==(const Member&, const Member&) = default;
};

// How many members an act needs.
struct Quorum {
  std::uint32_t job = 1;
  std::uint32_t amend = 1;
  std::uint32_t add_member = 1;
  std::uint32_t remove_member = 1;
  std::uint32_t emergency_suspend = 1;
  std::uint32_t witness = 1;

  friend bool operator==(const Quorum&, const Quorum&) = default;
};

// What does not count any more from an index of the log on.
inline constexpr std::string_view kRevokedGovKey = "gov-key", kRevokedNode = "node",
                                  kRevokedCert = "dataset-cert";
struct Revocation {
  std::string kind;  // one of these
  std::string id;    // KeyIdOf a key; a SPIFFE id; the hash of a certificate
  std::uint64_t from_index = 0;

  friend bool operator==(const Revocation&, const Revocation&) = default;
};

struct Charter {
  std::string federation;
  std::uint32_t version = 1;
  std::optional<Digest> prev;  // none in the first
  UnixSeconds not_before = 0, not_after = 0;
  std::string log_origin;
  std::optional<ledger::VerifierKey> log;  // always there once it was read
  std::vector<Member> members;
  Quorum quorum;
  std::optional<std::uint32_t> accepted_f;  // `i_accept_f`: members that may lie; absent: floor((n-1)/3)
  bool data_holder_consent = true;          // nobody overrules the member whose data a job names
  bool reject_wins = true;                  // one valid rejection ends a proposal
  bool contribution_scores = false;         // ledger B of 2f: groups may be drawn anew each round
  std::uint32_t min_cohort = 1, min_group = 1;
  UnixSeconds vote_window = 0, max_clock_skew = 0;
  std::vector<Revocation> revoked;

  [[nodiscard]] const Member* Find(std::string_view id) const;
  [[nodiscard]] std::size_t Count(Right right) const;  // members that have it
  friend bool operator==(const Charter&, const Charter&) = default;
};

// The payload of an envelope, as JSON.
[[nodiscard]] Bytes Encode(const Charter& charter);
// `ledger.malformed` for what is no charter; errors of Check.
[[nodiscard]] Result<Charter> ParseCharter(ByteView payload);

// The least k such that two sets of k out of n members share one who does not lie, when f may:
// floor((n + f) / 2) + 1.
[[nodiscard]] std::uint32_t SafeThreshold(std::uint32_t n, std::uint32_t f);
// Of n members, how many are taken to lie when the charter does not say: floor((n - 1) / 3).
[[nodiscard]] std::uint32_t DefaultFaulty(std::uint32_t n);
// `charter.invalid`, with the reason, for a charter that contradicts itself or whose quorums are unsafe.
[[nodiscard]] Status Check(const Charter& charter);

using ledger::KeyIdOf;
// The member with those of its keys that speak for it at this place of the log: `present` has revoked the
// others from there, or from before.
[[nodiscard]] Member WithKeysAt(const Member& member, const Charter& present, std::uint64_t index);
// Whether one of the member's keys signed the envelope.
[[nodiscard]] bool HasSigned(const ledger::Envelope& envelope, const Member& member);
// The members, of those of `charter` that may vote, whose keys signed the envelope.
[[nodiscard]] std::set<std::string> VotersThatSigned(const ledger::Envelope& envelope,
                                                     const Charter& charter);

}  // namespace accord::charter
