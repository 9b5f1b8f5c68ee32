// Words that handlers and clients of the same RPCs share: uploads and enrolment, in domain types.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "accord/ids.h"
#include "base/text.h"

namespace accord::rpc {

// Names one upload of the calling node.
struct UploadKey {
  JobId job;
  RoundId round;
  AttemptId attempt;
  friend auto operator<=>(const UploadKey&, const UploadKey&) = default;
};

inline constexpr std::uint64_t kChunkWords = 65'536;  // every chunk but the last
inline constexpr std::uint64_t kChunkBytes = kChunkWords * 8;

// How many chunks `words` words make, and the bytes of chunk `seq` (seq below that).
[[nodiscard]] constexpr std::uint64_t ChunkCount(std::uint64_t words) {
  return words / kChunkWords + (words % kChunkWords != 0 ? 1 : 0);
}
[[nodiscard]] constexpr std::uint64_t ChunkSize(std::uint64_t words, std::uint64_t seq) {
  const std::uint64_t rest = words - seq * kChunkWords;
  return (rest < kChunkWords ? rest : kChunkWords) * 8;
}

struct UploadState {
  std::uint64_t next_seq = 0;
  bool complete = false;
};

// Where the log put an entry.
struct Appended {
  std::uint64_t index = 0;
  Digest id;  // of the document: SHA-256 of its payload
};

struct EnrolRequest {
  Bytes token_secret;  // cleansed by whoever consumes it
  std::string csr_pem;
  Bytes protocol_key;  // nodes: Ed25519, 32 bytes; others: empty
};

struct Enrolled {
  std::string certificate_pem;
  std::string ca_pem;
  std::string spiffe_id;
  Bytes registry_entry;
  Bytes registry_signature;
  // Of a member's own CA alone: the coordinator that nodes go to, and the CA of its certificate.
  std::string coordinator;  // host:port
  std::string coordinator_ca_pem;
};

// A node of a member's own trust domain shows what other nodes know it by.
struct Introduction {
  std::string ca_pem;    // of the member
  Bytes registry_entry;  // LV SPIFFE id, canonical entry (secagg.md 7.4), LV signature
};
struct Introduced {};

}  // namespace accord::rpc
