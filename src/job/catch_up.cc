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

struct Electors {
  std::size_t all = 0;      // who have a say, heard or not
  std::size_t corrupt = 0;  // of them, as the plan has it
  std::size_t quorum = 0;   // whose word is believed
};

Electors CountElectors(const Plan& plan, const CatchUpView& view) {
  Electors electors{.all = view.awaited};
  for (const auto& [node, heard] : view.heard) electors.all += heard.aside ? 0 : 1;
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

// The latest place after the backup's own that is believed; the backup's own if there is none.
Place LatestBelieved(const Plan& plan, const Place& own, const CatchUpView& view, std::size_t quorum) {
  std::map<Place, std::size_t> supporters;
  std::set<Place> proven;
  for (const auto& [node, heard] : view.heard) {
    for (const Place& place : PlacesOf(plan, heard)) ++supporters[place];
    if (heard.proven) proven.emplace(heard.round, heard.model_hash);
  }
  Place best = own;
  for (const auto& [place, count] : supporters) {
    const bool possible = place.first > own.first && IsPossible(plan, place.first);
    if (possible && (proven.contains(place) || count >= quorum) && place.first > best.first) best = place;
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
  std::size_t level = 0;
  round::NodeSet gone;

  [[nodiscard]] bool Misses(const round::NodeSet& set) const {
    return std::ranges::any_of(set, [&](const NodeId& node) { return gone.contains(node); });
  }
};

Followers CountFollowers(const Plan& plan, const Place& place, const CatchUpView& view) {
  Followers followers;
  const auto is_there = [&](const Heard& heard) {
    return heard.round == place.first && heard.model_hash == place.second;
  };
  for (const auto& [node, heard] : view.heard) {
    if (heard.aside || (!heard.ended && !IsPossible(plan, heard.round))) continue;
    const bool elsewhere = heard.round == place.first && !heard.model_hash.IsZero() && !is_there(heard);
    if (heard.ended || heard.round > place.first || elsewhere) followers.gone.insert(node);
  }
  for (const auto& [node, heard] : view.heard) {
    if (heard.aside || heard.round > place.first || followers.gone.contains(node)) continue;
    const bool bound = is_there(heard) && !view.free;
    if (!bound || !followers.Misses(heard.signed_set)) ++followers.level;
  }
  return followers;
}

// Whether a group has to come with a set that cannot: as the nodes say, or as the backup does.
bool IsUnbound(const Followers& followers, const CaughtUp& event, const Progress& progress, bool own) {
  for (std::size_t i = 0; i < event.groups.size(); ++i) {
    const round::NodeSet& said = event.groups[i].bound;
    const bool backups = said.empty() && own && i < progress.groups.size();
    if (followers.Misses(backups ? progress.groups[i].bound : said)) return true;
  }
  return false;
}

}  // namespace

CatchUpDecision DecideCatchUp(const Plan& plan, const Progress& progress, const CatchUpView& view) {
  using Kind = CatchUpDecision::Kind;
  if (view.awaited > 0 && !view.late) return {Kind::kWait, {}};
  const Place own{{progress.committed + 1}, progress.model_hash};
  const Electors electors = CountElectors(plan, view);
  const Place place = LatestBelieved(plan, own, view, electors.quorum);
  CaughtUp event{place.first, place.second, {}, {}};
  for (std::uint32_t group = 0; group < plan.groups; ++group) {
    event.groups.push_back(GroupAt(plan, place, view, group, electors.corrupt));
  }
  const bool is_own = place.first == own.first;
  const Followers followers = CountFollowers(plan, place, view);
  const bool all_can = followers.gone.empty();
  const bool unbound = !view.free && IsUnbound(followers, event, progress, is_own);
  const CatchUpDecision go{Kind::kGo, std::move(event)};
  if (!is_own && all_can) return go;
  if (unbound) return {Kind::kAhead, {}};
  // Who goes back before the others are heard may go back alone: for good, since no node follows.
  std::size_t enough = electors.quorum;
  if (view.by_person) {
    enough = all_can ? std::min<std::size_t>(enough, plan.min_nodes)
                     : std::max<std::size_t>(enough, plan.min_survivors);
  }
  if (followers.level >= enough) return go;
  return {all_can ? Kind::kWait : Kind::kAhead, {}};
}

}  // namespace accord::job
