// Draws the story that a node's task machine hears: from an honest coordinator and work that succeeds, to a
// hostile one, work that fails, a lab that intervenes, and a node that restarts. Of fuzz_task_events.cc.
//
// Only what the shell guarantees is kept (task.h): messages of masked rounds were found good, so the hash of
// a set is of that set; a job has one mode; a proof is looked at only where the machine refuses without it,
// and there is one model that a round can prove; no training succeeds on another first model than the plan's.
#pragma once

#include <optional>

#include "task/task.h"
#include "tests/fuzz/script.h"

namespace accord::task {

using fuzz::Mark;

class Author {
 public:
  explicit Author(fuzz::Script& script)
      : script_(script), mode_(static_cast<SecureMode>(script.Below(3))), plain_(mode_ == SecureMode::kOff) {}

  // What happens next; none: the node restarts.
  std::optional<Event> Draw(const State& state) {
    const std::uint8_t kind = script_.Next();
    how_ = script_.Next();
    SetPlace(state, (how_ & 0xF0) == 0xF0);
    if (kind < 96) return Expected(state);
    switch (kind % 25) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 13:
      case 14:
      case 15:
      case 16:
      case 20:
      case 22:
      case 23:
        return Told(state, kind % 25);
      case 24:
        return std::nullopt;
      default:
        return OwnOrLabs(state, kind % 25);
    }
  }

 private:
  static constexpr Leaving kLeaving{.bytes = 100, .hash = {}};

  // Mostly of the round and attempt that the node is in; else of one beside them.
  void SetPlace(const State& state, bool strange) {
    const Assignment* round = RoundOf(state.activity);
    round_ = round != nullptr ? round->round : std::max(state.round, RoundId{1});
    attempt_ = state.attempt;
    const auto* training = std::get_if<Training>(&state.activity);
    if (training != nullptr && training->asked) attempt_ = training->asked->attempt;
    if (!strange) return;
    if ((how_ & 1) != 0) ++round_.value;
    if ((how_ & 2) != 0) ++attempt_.value;
    if ((how_ & 4) != 0 && round_.value > 1) --round_.value;
    if ((how_ & 8) != 0 && attempt_.value > 0) --attempt_.value;
  }

  // By the coordinator.
  Event Told(const State& state, int kind) {
    switch (kind) {
      case 0:
        return Train(state);
      case 1:
        return CollectTold{round_, attempt_, Cohort()};
      case 2:
        return Commit(state);
      case 13:
        return Offered();
      case 14:
        return RosterTold{round_, attempt_, kLeaving, how_ % 2 == 1};
      case 15:
        return Survived(state);
      case 16:
        return CertificateTold{round_, attempt_, kLeaving};
      case 20:
        return GraphTold{round_, attempt_, kLeaving};
      case 22:
        return TrainOfNextRound(state);
      case 23:
        return OfferedNext(state);
      default:
        return EndTold{};
    }
  }
  // Of the node's own work, or by its lab.
  Event OwnOrLabs(const State& state, int kind) {
    switch (kind) {
      case 4:
        return Trained(state);
      case 5:
        return TrainFailed{round_, "disk.full"};
      case 6:
        return Encoded();
      case 7:
        return SendDone{round_, attempt_};
      case 8:
        return Checked(state);
      case 9:
        return Failed{round_, attempt_, "blob.not_found"};
      case 10:
        return Stop{};
      case 11:
        return Allow{};
      case 12:
        return Erase{};
      case 17:
        return Aborted{round_, attempt_, how_ % 4 == 0 ? "secagg.forked_result" : "secagg.bad_shares"};
      case 18:
        return MemoryLost{};
      case 21:
        return DeltaLost{round_, attempt_};
      default:
        return Free{};
    }
  }

  // What an honest coordinator, or the node's own work, brings next.
  Event Expected(const State& state) {
    if (state.stopped) return Allow{};
    return std::visit(
        [&]<class A>(const A&) -> Event {
          if constexpr (std::is_same_v<A, Idle>) return Train(state);
          if constexpr (std::is_same_v<A, Training>) return Trained(state);
          if constexpr (std::is_same_v<A, task::Trained>)
            return plain_ ? CollectNext(state) : OfferedNext(state);
          if constexpr (std::is_same_v<A, Advertised>)
            return RosterTold{round_, attempt_, kLeaving, how_ % 4 == 1};
          if constexpr (std::is_same_v<A, Drawing>) return GraphTold{round_, attempt_, kLeaving};
          if constexpr (std::is_same_v<A, Shared>) return CollectTold{round_, attempt_, Cohort()};
          if constexpr (std::is_same_v<A, Encoding>) return Encoded();
          if constexpr (std::is_same_v<A, Sending>) return SendDone{round_, attempt_};
          if constexpr (std::is_same_v<A, Sent>) return plain_ ? Commit(state) : Survived(state);
          if constexpr (std::is_same_v<A, Signed>) return CertificateTold{round_, attempt_, kLeaving};
          if constexpr (std::is_same_v<A, Unmasked>) return Commit(state);
          if constexpr (std::is_same_v<A, Checking>) return Checked(state);
          return TrainOfNextRound(state);
        },
        state.activity);
  }

  round::NodeSet Cohort() const {
    round::NodeSet cohort{fuzz::Node(0), fuzz::Node(1), fuzz::Node(2)};
    if (how_ % 8 == 7) cohort.insert(fuzz::Node(3));
    return cohort;
  }

  Event Train(const State& state) {
    std::uint64_t made = round_.value - 1;  // the round that made the model
    if (how_ % 16 == 5) made += 1;
    if (how_ % 16 == 6 && made > 0) made -= 1;
    TrainTold told{{.round = round_,
                    .purpose = static_cast<round::Purpose>(how_ % 16 == 7 ? 1 : 0),
                    .model_hash = Mark(10, made),
                    .mode = mode_},
                   {},
                   {}};
    // The shell hands on what a message of any mode brings: in a masked job it is refused.
    if (how_ % 4 == 3) told.collect = TrainTold::Collect{attempt_, Cohort()};
    if (!plain_ && made > 0 && Step(state, told).why.verdict == Verdict::kRejected) told.proven = {made};
    return told;
  }
  Event TrainOfNextRound(const State& state) {
    ++round_.value;
    attempt_ = {};
    return Train(state);
  }

  Event Trained(const State& state) const {
    const Assignment* round = RoundOf(state.activity);
    const bool first = round != nullptr && round->round == RoundId{1};
    if (first && round->model_hash != Mark(10, 0)) return TrainFailed{round_, "model.mismatch"};
    Delta delta;
    delta.file = Mark(20, round_.value, how_ % 8 == 6 ? 1 : 0);
    delta.examples = 10;
    delta.eval_loss_sum = 1.5;
    delta.eval_bytes = round_.value % 2 == 0 ? 40 : 0;
    return TrainDone{round_, delta};
  }

  Event CollectNext(const State& state) {
    if (state.attempted && how_ % 4 != 3) ++attempt_.value;
    return CollectTold{round_, attempt_, Cohort()};
  }
  Event OfferedNext(const State& state) {
    if (state.attempted) ++attempt_.value;
    return Offered();
  }
  Event Offered() const {
    const round::NodeSet cohort = Cohort();
    const std::uint64_t rest = how_ % 16 == 9 ? 1 : 0;  // of its fields
    return OfferTold{round_, attempt_, cohort,
                     Mark(30, round_.value, attempt_.value, cohort.size() * 2 + rest), kLeaving};
  }

  // Some of the attempt's cohort, this node among them.
  round::NodeSet Survivors(const State& state) const {
    const Update* update = UpdateOf(state.activity);
    round::NodeSet survivors = update != nullptr ? update->cohort : Cohort();
    if (how_ % 4 == 1) survivors.erase(fuzz::Node(1));
    if (how_ % 4 == 2) survivors.erase(fuzz::Node(2));
    return survivors;
  }
  // Of the set, and of the uploads that it is said to be of.
  Digest SetHash(const round::NodeSet& set) const {
    std::uint64_t nodes = 0;
    for (const NodeId& node : set) nodes |= 1U << node.bytes[0];
    return Mark(40, attempt_.value, nodes, how_ % 16 == 8 ? 1 : 0);
  }
  Event Survived(const State& state) const {
    round::NodeSet survivors = Survivors(state);
    const Digest hash = SetHash(survivors);
    return SurvivorsTold{round_, attempt_, std::move(survivors), hash, kLeaving};
  }

  Event Encoded() const {
    const std::uint64_t other = how_ % 8 == 5 ? 1 : 0;
    EncodeDone done{round_, attempt_, 12 + other, Mark(50, round_.value, attempt_.value, other), {}};
    if (!plain_) done.end = kLeaving;
    return done;
  }

  Event Commit(const State& state) const {
    const Update* update = UpdateOf(state.activity);
    const bool signed_one = update != nullptr && !update->u3.empty();
    Offer offer{.attempt = attempt_,
                .cohort = update != nullptr && how_ % 16 != 11 ? update->cohort : Cohort(),
                .survivors = signed_one && how_ % 8 != 3 ? update->u3 : Survivors(state),
                .words = update != nullptr && how_ % 16 != 12 ? update->words : 12,
                .sum = Mark(60, round_.value, how_ % 16 == 13 ? 1 : 0),
                .model_hash = Mark(10, round_.value, how_ % 16 == 14 ? 1 : 0),
                .opened = {}};
    if (!plain_ && how_ % 16 != 15) {
      const Digest hash = signed_one ? update->u3_hash : SetHash(offer.survivors);
      offer.opened = Offer::Opened{hash, Mark(61, round_.value), {7, 8}};
    }
    return CommitTold{round_, std::move(offer)};
  }
  Event Checked(const State& state) const {
    const auto* checking = std::get_if<Checking>(&state.activity);
    CheckDone done{round_, attempt_, Mark(10, round_.value, how_ % 8 == 4 ? 2 : 0), {}};
    if (checking != nullptr && how_ % 8 != 4) done.model_hash = checking->offer.model_hash;
    if (!plain_ && how_ % 8 != 4) done.proof = {1, how_};
    return done;
  }

  fuzz::Script& script_;
  SecureMode mode_;
  bool plain_;  // nothing is masked
  std::uint8_t how_ = 0;
  RoundId round_;
  AttemptId attempt_;
};

}  // namespace accord::task
