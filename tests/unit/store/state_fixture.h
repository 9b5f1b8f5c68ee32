// The state that tests/golden/state-v1 holds: written once by write_state_fixture, read by every later
// version. Never change what a committed fixture was written from; a new schema gets a new directory.
#pragma once

#include <vector>

#include "store/members.h"
#include "tests/support/journal_writer.h"

namespace accord::testing {

inline std::vector<driver::Append> FixtureRecords() {
  return {{"job/0a", ToBytes("proposed")},
          {"job/0b", ToBytes("")},
          {"job/0a", Bytes(6000, 0x5a)},
          {"egress", ToBytes(std::string("\0\xff", 2))},
          {"job/0a", ToBytes("last")}};
}

inline store::Member FixtureMember() {
  Digest fingerprint;
  fingerprint.bytes.fill(0x11);
  return {.spiffe_id = "spiffe://example.org/node/norland",
          .name = "norland",
          .role = "node",
          .protocol_key = Bytes(32, 0x22),
          .registry_entry = ToBytes("entry"),
          .registry_signature = Bytes(64, 0x33),
          .certificate = {.serial = "0badcafe",
                          .fingerprint = fingerprint,
                          .not_after = TimePoint(Millis(2'000))},
          .enrolled_at = TimePoint(Millis(1'000)),
          .suspended = false};
}

inline store::JoinToken FixtureToken() {
  Digest hash;
  hash.bytes.fill(0x44);
  return {.secret_hash = hash,
          .spiffe_id = "spiffe://example.org/node/norland",
          .name = "norland",
          .role = "node",
          .expires_at = TimePoint(Millis(1'500)),
          .created_by = "spiffe://example.org/operator/ada"};
}

inline store::Redemption FixtureRedemption() {
  Digest request;
  request.bytes.fill(0x55);
  return {.secret_hash = FixtureToken().secret_hash,
          .request = request,
          .answer = ToBytes("certificate"),
          .member = FixtureMember()};
}

}  // namespace accord::testing
