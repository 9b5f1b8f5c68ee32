#include "job/catch_up.h"

#include <algorithm>
#include <set>
#include <utility>

#include "job/rounds.h"
#include "secagg/params.h"

namespace accord::job {
namespace {

using Place = std::pair<RoundId, Digest>;  // a round, and the model that it starts from

// A claim beyond what a job can come to is a lie, or of a journal that is damaged.
constexpr std::uint32_t kMostUnmaskedAttempts = 1U << 20;

// Of one group.
struct Electors {
  std::size_t all = 0;      // who have a say, heard or not
  std::size_t corrupt = 0;  // of them, as the plan has it
  std::size_t quorum = 0;   // whose word is believed
};

Electors CountElectors(const Plan& plan, const CatchUpView& view, std::uint32_t group) {
  const auto awaited = view.awaited.find(group);
  Electors electors{.all = awaited == view.awaited.end() ? 0 : awaited->second};
  for (const auto& [node, heard] : view.heard) electors.all += heard.aside || heard.group != group ? 0 : 1;
  const auto n = static_cast<std::uint32_t>(electors.all);
  electors.corrupt = plan.corrupt.value_or(secagg::DefaultCorrupt(n));
  electors.quorum = std::max(electors.corrupt + 1, std::min<std::size_t>(2, electors.all));
  if (!view.by_person) electors.quorum = std::max<std::size_t>(electors.quorum, plan.min_survivors);
  return electors;
}

std::vector<Place> PlacesOf(const Plan& plan, const Heard& heard) {
  std::vector<Place> places;
  if (heard.aside) return places;
  if (!heard.model_hash.IsZero()) places.emplace_back(heard.round, heard.model_hash);
  if (plan.mode == SecureMode::kOff && !heard.made.IsZero())
    places.emplace_back(heard.round.Next(), heard.made);
  return places;
}

bool IsPossible(const Plan& plan, RoundId round) { return round.value <= plan.rounds + 1; }

// Whether a group's nodes are enough for it; of groups with a node each, two.
bool IsBelieved(const std::vector<Electors>& groups, const std::vector<std::size_t>& supporters) {
  std::size_t all = 0, support = 0;
  bool enough = false;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    all += groups[i].all;
    support += supporters[i];
    enough |= supporters[i] >= groups[i].quorum;
  }
  return enough && support >= std::min<std::size_t>(2, all);
}

// The latest place after the backup's own that is believed; the backup's own if there is none.
Place LatestBelieved(const Plan& plan, const Place& own, const CatchUpView& view,
                     const std::vector<Electors>& groups) {
  std::map<Place, std::vector<std::size_t>> supporters;
  std::set<Place> proven;
  for (const auto& [node, heard] : view.heard) {
    for (const Place& place : PlacesOf(plan, heard)) {
      auto& by_group = supporters.try_emplace(place, groups.size()).first->second;
      if (heard.group < by_group.size()) ++by_group[heard.group];
    }
    if (heard.proven) proven.emplace(heard.round, heard.model_hash);
  }
  Place best = own;
  for (const auto& [place, by_group] : supporters) {
    const bool possible = place.first > own.first && IsPossible(plan, place.first);
    const bool believed = proven.contains(place) || IsBelieved(groups, by_group);
    if (possible && believed && place.first > best.first) best = place;
  }
  return best;
}

// The set that most of a group's nodes signed in the round, if more than may be corrupt did.
round::NodeSet BoundOf(const std::map<round::NodeSet, std::size_t>& signed_sets, std::size_t corrupt) {
  const auto most = std::ranges::max_element(signed_sets, {}, [](const auto& item) { return item.second; });
  return most != signed_sets.end() && most->second > corrupt ? most->first : round::NodeSet();
}

CaughtUp::Group GroupAt(const Plan& plan, const Place& place, const CatchUpView& view, std::uint32_t group,
                        std::size_t corrupt) {
  const std::uint32_t cap = plan.mode == SecureMode::kOff ? kMostUnmaskedAttempts : kMaxAttempts;
  CaughtUp::Group out;
  std::map<round::NodeSet, std::size_t> signed_sets;
  for (const auto& [node, heard] : view.heard) {
    if (heard.aside || heard.group != group || heard.round != place.first) continue;
    if (heard.next_attempt.value <= cap) out.next_attempt = std::max(out.next_attempt, heard.next_attempt);
    if (heard.model_hash == place.second && !heard.signed_set.empty()) ++signed_sets[heard.signed_set];
  }
  if (!view.free) out.bound = BoundOf(signed_sets, corrupt);
  return out;
}

// Who can still take part in the round of a place, and who cannot: a node never goes back, nor over to
// another model of the same round.
struct Followers {
  std::vector<std::size_t> level;  // by group
  round::NodeSet gone;

  [[nodiscard]] bool Misses(const round::NodeSet& set) const {
    return std::ranges::any_of(set, [&](const NodeId& node) { return gone.contains(node); });
  }
};

Followers CountFollowers(const Plan& plan, const Place& place, const CatchUpView& view) {
  Followers followers{.level = std::vector<std::size_t>(plan.groups), .gone = {}};
  const auto is_there = [&](const Heard& heard) {
    return heard.round == place.first && heard.model_hash == place.second;
  };
  for (const auto& [node, heard] : view.heard) {
    if (heard.aside || (!heard.ended && !IsPossible(plan, heard.round))) continue;
    const bool elsewhere = heard.round == place.first && !heard.model_hash.IsZero() && !is_there(heard);
    if (heard.ended || heard.round > place.first || elsewhere) followers.gone.insert(node);
  }
  for (const auto& [node, heard] : view.heard) {
    if (heard.aside || heard.group >= plan.groups) continue;
    if (heard.round > place.first || followers.gone.contains(node)) continue;
    const bool bound = is_there(heard) && !view.free;
    if (!bound || !followers.Misses(heard.signed_set)) ++followers.level[heard.group];
  }
  return followers;
}

// Whether a group has to come with a set that cannot: as the nodes say, or as the backup does.
bool IsUnbound(const Followers& followers, const CaughtUp& event, const Progress& progress,
               std::size_t group) {
  const round::NodeSet& said = event.groups[group].bound;
  const bool is_own = event.round.value == progress.committed + 1;
  const bool backups = said.empty() && is_own && group < progress.groups.size();
  return followers.Misses(backups ? progress.groups[group].bound : said);
}

// How many of its followers a group needs to go on. Who goes back before the others are heard may go back
// alone: for good, since no node follows.
std::size_t EnoughOf(const Plan& plan, const CatchUpView& view, const Electors& electors, bool all_can) {
  if (!view.by_person) return electors.quorum;
  return all_can ? std::min<std::size_t>(electors.quorum, plan.min_nodes)
                 : std::max<std::size_t>(electors.quorum, plan.min_survivors);
}

}  // namespace

CatchUpDecision DecideCatchUp(const Plan& plan, const Progress& progress, const CatchUpView& view) {
  using Kind = CatchUpDecision::Kind;
  const bool awaits = std::ranges::any_of(view.awaited, [](const auto& group) { return group.second > 0; });
  if (awaits && !view.late) return {Kind::kWait, {}};
  std::vector<Electors> electors;
  for (std::uint32_t group = 0; group < plan.groups; ++group)
    electors.push_back(CountElectors(plan, view, group));
  const Place own{{progress.committed + 1}, progress.model_hash};
  const Place place = LatestBelieved(plan, own, view, electors);
  CaughtUp event{place.first, place.second, {}, {}};
  for (std::uint32_t group = 0; group < plan.groups; ++group)
    event.groups.push_back(GroupAt(plan, place, view, group, electors[group].corrupt));
  const Followers followers = CountFollowers(plan, place, view);
  const bool all_can = followers.gone.empty();
  std::size_t able = 0;
  for (std::uint32_t group = 0; group < plan.groups; ++group) {
    const bool enough = followers.level[group] >= EnoughOf(plan, view, electors[group], all_can);
    if (enough && (view.free || !IsUnbound(followers, event, progress, group))) ++able;
  }
  const bool believed = place.first != own.first;
  if ((believed && all_can) || able >= plan.min_groups) return {Kind::kGo, std::move(event)};
  return {all_can ? Kind::kWait : Kind::kAhead, {}};
}

}  // namespace accord::job
