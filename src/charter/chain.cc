#include "charter/chain.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/errors.h"

namespace accord::charter {
namespace {

std::string Names(const std::set<std::string>& members) {
  std::string text;
  for (const std::string& member : members) text += (text.empty() ? "" : ", ") + member;
  return text.empty() ? "nobody" : text;
}

// `or_else`: what would do, too.
Status TooFew(const Charter& next, std::string_view of, const std::set<std::string>& signers,
              std::size_t needs, const std::string& or_else = "") {
  return Fail(errors::kCharterSignatures,
              "version " + std::to_string(next.version) + " of the charter needs " + std::to_string(needs) +
                  " members of " + std::string(of) + or_else + ", and has: " + Names(signers));
}

// Members of `before` that `next` has no more, and those that `next` has anew.
std::set<std::string> Missing(const Charter& from, const Charter& in) {
  std::set<std::string> ids;
  for (const Member& member : from.members) {
    if (in.Find(member.id) == nullptr) ids.insert(member.id);
  }
  return ids;
}

// Whether `next` differs from `before` only in members that are suspended, and in its time.
bool OnlySuspends(const Charter& before, const Charter& next) {
  Charter same = next;
  same.version = before.version;
  same.prev = before.prev;
  same.not_before = before.not_before;
  same.not_after = before.not_after;
  if (same.members.size() != before.members.size()) return false;
  for (std::size_t i = 0; i < same.members.size(); ++i) {
    if (same.members[i].suspended && !before.members[i].suspended) same.members[i].suspended = false;
  }
  return same == before && next.members != before.members;
}

// Whether it holds for no longer than an emergency may.
bool EndsSoon(const Charter& before, const Charter& next) {
  return next.not_after - next.not_before <= kEmergencySeconds && next.not_after <= before.not_after;
}

// Voters that signed, without keys that the charter revokes: whoever stole one amends nothing.
std::set<std::string> Amenders(const ledger::Envelope& envelope, const Charter& charter) {
  Charter speaking = charter;
  for (Member& member : speaking.members)
    member = WithKeysAt(member, charter, std::numeric_limits<std::uint64_t>::max());
  return VotersThatSigned(envelope, speaking);
}

// Who may change the charter: members of the newest version; once an emergency suspension is over, or to
// ratify or end it, those of the version that it suspended somebody from.
const Version& Authority(std::span<const Version> chain) {
  std::size_t last = chain.size() - 1;
  while (last > 0 && chain[last].emergency) --last;
  return chain[last];
}

// How many members of the version before it an amendment needs. Whom it removes does not count, so there may
// be fewer of them than an amendment needs otherwise.
std::size_t Needs(const Charter& before, const Charter& next, const std::set<std::string>& removed) {
  std::size_t needs = before.quorum.amend;
  if (!removed.empty()) {
    const auto left = std::ranges::count_if(before.members, [&](const Member& member) {
      return member.Has(Right::kVote) && !removed.contains(member.id);
    });
    needs =
        std::max<std::size_t>(std::min(needs, static_cast<std::size_t>(left)), before.quorum.remove_member);
  }
  return Missing(next, before).empty() ? needs : std::max<std::size_t>(needs, before.quorum.add_member);
}

Status CheckFollows(const Version& last, const Charter& next) {
  const Charter& before = last.charter;
  const auto wrong = [&](const std::string& why) {
    return Fail(errors::kCharterChain, "version " + std::to_string(next.version) +
                                           " does not follow version " + std::to_string(before.version) +
                                           " of the charter: " + why);
  };
  if (next.federation != before.federation) return wrong("it is of another federation");
  if (next.version != before.version + 1) return wrong("a version is left out, or comes again");
  if (next.prev != last.hash) return wrong("it follows another text of that version");
  if (next.log_origin != before.log_origin) return wrong("a federation keeps its log");
  return {};
}

Result<Version> VerifyFirst(const ledger::Envelope& envelope, const Digest& genesis) {
  if (envelope.Id() != genesis) {
    return Fail(errors::kCharterGenesis,
                "this lab pinned the charter " + genesis.Hex() + ", and was shown " + envelope.Id().Hex());
  }
  ACCORD_ASSIGN_OR_RETURN(Charter charter, ParseCharter(envelope.payload));
  if (charter.version != 1) return Fail(errors::kCharterChain, "the pinned charter is no first version");
  Charter all = charter;  // each member signs the first, whatever it may do later
  for (Member& member : all.members) {
    member.rights.insert(Right::kVote);
    member.suspended = false;
  }
  const std::set<std::string> signers = VotersThatSigned(envelope, all);
  if (signers.size() < all.members.size()) return TooFew(charter, "all", signers, all.members.size());
  return Version{std::move(charter), genesis};
}

}  // namespace

Result<Version> VerifyNext(std::span<const Version> chain, const ledger::Envelope& envelope) {
  if (envelope.payload_type != kCharterType)
    return Fail(errors::kCharterChain, "it is not signed as a charter");
  ACCORD_ASSIGN_OR_RETURN(Charter next, ParseCharter(envelope.payload));
  ACCORD_RETURN_IF_ERROR(CheckFollows(chain.back(), next));
  const Charter& before = Authority(chain).charter;
  const std::set<std::string> removed = Missing(before, next);
  std::set<std::string> old = Amenders(envelope, before);
  for (const std::string& subject : removed) old.erase(subject);
  const bool may_hurry = OnlySuspends(before, next) && !chain.back().emergency;
  if (may_hurry && EndsSoon(before, next) && old.size() < before.quorum.amend) {
    if (old.size() < before.quorum.emergency_suspend)
      return TooFew(next, "the version before", old, before.quorum.emergency_suspend);
    return Version{std::move(next), envelope.Id(), /*emergency=*/true};
  }
  const std::size_t needs = Needs(before, next, removed);
  if (old.size() < needs) {
    const std::string fewer = std::to_string(before.quorum.emergency_suspend);
    return TooFew(next, "the version before", old, needs,
                  may_hurry ? ", or " + fewer + " if it ends within 14 days of its beginning" : "");
  }
  const std::set<std::string> own = Amenders(envelope, next);
  if (own.size() < next.quorum.amend) return TooFew(next, "its own", own, next.quorum.amend);
  return Version{std::move(next), envelope.Id()};
}

Result<std::vector<Version>> VerifyChain(std::span<const ledger::Envelope> envelopes, const Digest& genesis) {
  if (envelopes.empty()) return Fail(errors::kCharterChain, "there is no charter");
  if (envelopes.size() > kMaxVersions) return Fail(errors::kCharterChain, "there are too many versions");
  if (envelopes.front().payload_type != kCharterType)
    return Fail(errors::kCharterChain, "it is not signed as a charter");
  std::vector<Version> chain;
  ACCORD_ASSIGN_OR_RETURN(Version first, VerifyFirst(envelopes.front(), genesis));
  chain.push_back(std::move(first));
  for (const ledger::Envelope& envelope : envelopes.subspan(1)) {
    ACCORD_ASSIGN_OR_RETURN(Version next, VerifyNext(chain, envelope));
    chain.push_back(std::move(next));
  }
  return chain;
}

Result<const Version*> InForce(std::span<const Version> chain, UnixSeconds now) {
  const Version* version = &chain.back();
  const auto over = [now](const Charter& charter) {
    return now > charter.not_after + charter.max_clock_skew;
  };
  if (version->emergency && over(version->charter)) version = &Authority(chain);
  const Charter& charter = version->charter;
  const std::string name = "version " + std::to_string(charter.version) + " of the charter";
  if (over(charter)) return Fail(errors::kCharterExpired, name + " is out of date");
  if (now + charter.max_clock_skew < charter.not_before)
    return Fail(errors::kCharterNotYet, name + " is not in force yet");
  return version;
}

}  // namespace accord::charter
