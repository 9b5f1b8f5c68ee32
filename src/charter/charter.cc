#include "charter/charter.h"

#include <algorithm>

#include "base/errors.h"
#include "crypto/spiffe.h"

namespace accord::charter {
namespace {

using ledger::KeyType;
using ledger::VerifierKey;

constexpr UnixSeconds kMostSkew = 86'400;

// The first thing that is wrong, in words; every check after it says nothing.
class Fault {
 public:
  void Unless(bool right, const std::string& wrong) {
    if (!right && text_.empty()) text_ = wrong;
  }
  [[nodiscard]] Status status() const {
    return text_.empty() ? Status() : Fail(errors::kCharterInvalid, "the charter is refused: " + text_);
  }

 private:
  std::string text_;
};

void CheckMember(const Member& member, Fault& fault) {
  const std::string who = "member " + Printable(member.id, 64);
  const auto signs = [](const VerifierKey& key) { return key.type() != KeyType::kCosignature; };
  fault.Unless(IsName(member.id), "a member's id is not 1 to 64 of a-z, 0-9, '-', '_', '.'");
  fault.Unless(!member.gov_keys.empty() && member.gov_keys.size() <= kMaxKeys,
               who + " has no key to vote with, or too many");
  fault.Unless(std::ranges::all_of(member.gov_keys, signs),
               who + " has a key to vote with that is a witness's");
  fault.Unless(!member.witness || member.witness->type() == KeyType::kCosignature,
               who + " has a witness key that is no cosignature key");
  fault.Unless(!member.rights.contains(Right::kWitness) || member.witness,
               who + " is a witness without a key");
  fault.Unless(crypto::IsTrustDomain(member.trust_domain), who + " has no trust domain");
  fault.Unless(!member.ca_keys.empty() && member.ca_keys.size() <= kMaxKeys,
               who + " pins no CA, or too many");
}

// One name, one trust domain, one CA, one key: whoever has it under two names would count twice.
void CheckDistinct(const Charter& charter, Fault& fault) {
  std::set<std::string> ids, domains;
  std::set<Digest> cas;
  std::set<Bytes> keys{charter.log->key()};
  for (const Member& member : charter.members) {
    const std::string who = "member " + Printable(member.id, 64);
    fault.Unless(ids.insert(member.id).second, who + " is there twice");
    fault.Unless(domains.insert(member.trust_domain).second, who + " shares its trust domain");
    for (const Digest& ca : member.ca_keys)
      fault.Unless(cas.insert(ca).second, who + " has a CA that is there twice");
    for (const VerifierKey& key : member.gov_keys)
      fault.Unless(keys.insert(key.key()).second, who + " has a key that is there twice");
    if (member.witness)
      fault.Unless(keys.insert(member.witness->key()).second, who + " has a witness key that is there twice");
  }
}

void CheckThreshold(const Charter& charter, std::string_view what, std::uint32_t k, std::size_t of,
                    Fault& fault) {
  const auto n = static_cast<std::uint32_t>(of);
  const std::uint32_t f = charter.accepted_f.value_or(DefaultFaulty(n));
  const std::uint32_t safe = SafeThreshold(n, f);
  const std::string asks =
      "quorum." + std::string(what) + " = " + std::to_string(k) + " of " + std::to_string(n);
  fault.Unless(k <= n, asks + " can never be reached");
  fault.Unless(k >= safe, asks + " is not safe when " + std::to_string(f) +
                              " may lie: two such sets need not share an honest member; it takes " +
                              std::to_string(safe));
}

void CheckQuorum(const Charter& charter, Fault& fault) {
  const std::size_t voters = charter.Count(Right::kVote), witnesses = charter.Count(Right::kWitness);
  const Quorum& quorum = charter.quorum;
  fault.Unless(voters > 0, "no member may vote");
  fault.Unless(witnesses > 0, "no member witnesses the log");
  CheckThreshold(charter, "job", quorum.job, voters, fault);
  CheckThreshold(charter, "amend", quorum.amend, voters, fault);
  CheckThreshold(charter, "add_member", quorum.add_member, voters, fault);
  CheckThreshold(charter, "witness", quorum.witness, witnesses, fault);
  // Whom it is about does not count: one voter less, unless who is to go is suspended already.
  const auto ever = static_cast<std::size_t>(std::ranges::count_if(
      charter.members, [](const Member& member) { return member.rights.contains(Right::kVote); }));
  const std::size_t others =
      std::max<std::size_t>(1, std::min(voters, ever - std::min<std::size_t>(ever, 1)));
  const auto n = static_cast<std::uint32_t>(voters);
  const std::uint32_t safe = SafeThreshold(n, charter.accepted_f.value_or(DefaultFaulty(n)));
  const std::uint32_t removes = std::min(safe, static_cast<std::uint32_t>(others));
  fault.Unless(
      quorum.remove_member >= removes && quorum.remove_member <= others,
      "quorum.remove_member has to be from " + std::to_string(removes) + " to " + std::to_string(others));
  fault.Unless(quorum.emergency_suspend >= 1 && quorum.emergency_suspend <= voters,
               "quorum.emergency_suspend is none of the members' numbers");
}

}  // namespace

const Member* Charter::Find(std::string_view id) const {
  const auto found = std::ranges::find(members, id, &Member::id);
  return found == members.end() ? nullptr : &*found;
}

std::size_t Charter::Count(Right right) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(members, [right](const Member& member) { return member.Has(right); }));
}

std::uint32_t SafeThreshold(std::uint32_t n, std::uint32_t f) { return (n + f) / 2 + 1; }
std::uint32_t DefaultFaulty(std::uint32_t n) { return n == 0 ? 0 : (n - 1) / 3; }

Status Check(const Charter& charter) {
  Fault fault;
  fault.Unless(IsName(charter.federation), "federation_id is not 1 to 64 of a-z, 0-9, '-', '_', '.'");
  fault.Unless(charter.version >= 1 && (charter.version == 1) == !charter.prev,
               "the first version has no prev, and every other has one");
  fault.Unless(charter.not_before < charter.not_after, "it ends before it begins");
  fault.Unless(
      charter.log && charter.log->type() == KeyType::kEd25519 && charter.log->name() == charter.log_origin,
      "the log's key is not an Ed25519 key of its origin");
  fault.Unless(!charter.members.empty() && charter.members.size() <= kMaxMembers,
               "it has no member, or more than " + std::to_string(kMaxMembers));
  for (const Member& member : charter.members) CheckMember(member, fault);
  if (charter.log) CheckDistinct(charter, fault);
  CheckQuorum(charter, fault);
  fault.Unless(charter.data_holder_consent,
               "data_holder_consent is false: nobody may overrule who holds the data");
  fault.Unless(charter.min_cohort >= 1 && charter.min_group >= 1, "min_cohort or min_group is 0");
  for (const Revocation& one : charter.revoked) {
    fault.Unless(one.kind == kRevokedGovKey || one.kind == kRevokedNode || one.kind == kRevokedCert,
                 "\"" + Printable(one.kind, 32) + "\" is nothing that can be revoked");
  }
  fault.Unless(charter.vote_window > 0, "vote_window_s is 0: no vote could ever count");
  fault.Unless(charter.max_clock_skew <= kMostSkew, "max_clock_skew_s is more than a day");
  return fault.status();
}

Member WithKeysAt(const Member& member, const Charter& present, std::uint64_t index) {
  Member holder = member;
  for (const Revocation& one : present.revoked) {
    if (one.kind == kRevokedGovKey && one.from_index <= index)
      std::erase_if(holder.gov_keys, [&](const ledger::VerifierKey& key) { return KeyIdOf(key) == one.id; });
  }
  return holder;
}

bool HasSigned(const ledger::Envelope& envelope, const Member& member) {
  return !SignersOf(envelope, member.gov_keys).empty();
}

std::set<std::string> VotersThatSigned(const ledger::Envelope& envelope, const Charter& charter) {
  std::vector<VerifierKey> keys;
  std::vector<const Member*> holders;
  for (const Member& member : charter.members) {
    if (!member.Has(Right::kVote)) continue;
    for (const VerifierKey& key : member.gov_keys) {
      keys.push_back(key);
      holders.push_back(&member);
    }
  }
  std::set<std::string> signers;
  for (const std::size_t i : SignersOf(envelope, keys)) signers.insert(holders[i]->id);
  return signers;
}

}  // namespace accord::charter
