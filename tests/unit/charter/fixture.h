// A federation of members with keys of their own, who sign what a test asks them to.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "charter/chain.h"
#include "charter/charter.h"
#include "charter/proposal.h"
#include "charter/vote.h"
#include "crypto/sha256.h"

namespace accord::charter {

inline constexpr UnixSeconds kNow = 1'800'000'000;
inline constexpr UnixSeconds kDay = 86'400;

inline crypto::Ed25519Key KeyOf(std::string_view what) {
  const Digest seed = crypto::Sha256::Of(what);
  return crypto::Ed25519Key::FromSeed(seed.bytes);
}
inline crypto::Ed25519Key GovKeyOf(const std::string& member) { return KeyOf("gov " + member); }
inline ledger::VerifierKey GovVkeyOf(const std::string& member) {
  return ledger::LogKey("fed.example/gov/" + member, GovKeyOf(member).PublicKey());
}

inline Member MemberOf(const std::string& id) {
  return {.id = id,
          .gov_keys = {GovVkeyOf(id)},
          .witness = ledger::WitnessKey("fed.example/witness/" + id, KeyOf("witness " + id).PublicKey()),
          .model_key = crypto::Sha256::Of("model " + id),
          .trust_domain = id + ".fed.example",
          .ca_keys = {crypto::Sha256::Of("ca " + id)},
          .rights = {Right::kPropose, Right::kVote, Right::kData, Right::kWitness, Right::kEvaluate}};
}

// The first version; of five members any four decide.
inline Charter CharterOf(const std::vector<std::string>& members = {"be", "ke", "np", "pe", "rw"}) {
  const auto n = static_cast<std::uint32_t>(members.size());
  const std::uint32_t k = SafeThreshold(n, DefaultFaulty(n));
  Charter charter{.federation = "maternal",
                  .version = 1,
                  .not_before = kNow - kDay,
                  .not_after = kNow + 365 * kDay,
                  .log_origin = "fed.example/log",
                  .log = ledger::LogKey("fed.example/log", KeyOf("log").PublicKey()),
                  .quorum = {k, k, k, std::min(k, std::max(1U, n - 1)), 1, k},
                  .min_cohort = 3,
                  .min_group = 3,
                  .vote_window = 30 * kDay,
                  .max_clock_skew = 300};
  for (const std::string& id : members) charter.members.push_back(MemberOf(id));
  return charter;
}

inline ledger::Envelope Signed(std::string_view type, Bytes payload,
                               const std::vector<std::string>& signers) {
  ledger::Envelope envelope{std::string(type), std::move(payload), {}};
  for (const std::string& id : signers) Sign(envelope, GovKeyOf(id), KeyIdOf(GovVkeyOf(id)));
  return envelope;
}
inline ledger::Envelope Signed(const Charter& charter, const std::vector<std::string>& signers) {
  return Signed(kCharterType, Encode(charter), signers);
}
inline std::vector<std::string> All(const Charter& charter) {
  std::vector<std::string> ids;
  for (const Member& member : charter.members) ids.push_back(member.id);
  return ids;
}

inline Proposal ProposalOf(const Digest& charter) {
  return {.federation = "maternal",
          .charter = charter,
          .proposer = "ke",
          .nonce = {7},
          .not_before = kNow - 3'600,
          .not_after = kNow + 30 * kDay,
          .plan = crypto::Sha256::Of("plan"),
          .init = crypto::Sha256::Of("init"),
          .code_kind = "builtin",
          .datasets = {{"ke", crypto::Sha256::Of("data ke")}, {"rw", crypto::Sha256::Of("data rw")}},
          .max_wall_s = 3'600,
          .max_mem_mb = 4'096,
          .recipients = {"public"},
          .license = "Apache-2.0"};
}

}  // namespace accord::charter
