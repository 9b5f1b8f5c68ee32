#include "charter/group_draw.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/codec.h"
#include "base/errors.h"
#include "charter/vote.h"
#include "crypto/sha256.h"

namespace accord::charter {

Digest GroupDraw::SeedOf(std::uint64_t round) const {
  Writer out;
  out.Fixed(job);
  for (const auto& nonce : nonces) out.Raw(ByteView(nonce));
  out.U32(static_cast<std::uint32_t>(round));
  return crypto::Sha256::Of(out.bytes());
}

Result<GroupDraw> DrawOf(const Digest& job, const Version& under, std::span<const LoggedVote> votes) {
  const std::uint32_t enough = under.charter.quorum.job;
  std::vector<const LoggedVote*> in_order;
  for (const LoggedVote& vote : votes) in_order.push_back(&vote);
  std::ranges::stable_sort(in_order, {}, &LoggedVote::index);
  GroupDraw draw{job, {}};
  std::set<std::string> voters;
  for (const LoggedVote* logged : in_order) {
    if (draw.nonces.size() == enough) break;
    const auto vote = ParseVote(logged->envelope.payload);
    if (!vote.ok()) continue;
    // As of the time and the charter that it was given under.
    const Tally counted = CountVotes({job, &under, &under.charter, vote->issued_at}, std::span(logged, 1));
    if (counted.approvals.contains(vote->voter) && voters.insert(vote->voter).second)
      draw.nonces.push_back(vote->nonce);
  }
  if (draw.nonces.size() < enough)
    return Fail(errors::kProposalVotes, std::to_string(draw.nonces.size()) +
                                            " approvals are shown, and groups are drawn from " +
                                            std::to_string(enough));
  std::ranges::sort(draw.nonces);
  return draw;
}

Status CheckConsent(const Charter& present, const JobSpec& plan) {
  if (!plan.groups.reshuffle) return {};
  if (!present.contribution_scores)
    return Fail(errors::kGroupsConsent,
                "the job has its groups dealt anew each round, and the charter does not allow it");
  const std::uint32_t least = std::min(plan.round.min_nodes, plan.round.min_survivors);
  if (least >= std::max(present.min_group, GroupsSpec::kLeastReshuffled)) return {};
  return Fail(errors::kGroupsConsent,
              "the sum of a group may be of " + std::to_string(least) + " nodes, and the charter asks for " +
                  std::to_string(std::max(present.min_group, GroupsSpec::kLeastReshuffled)));
}

}  // namespace accord::charter
