// fuzz-deps: accord_task
// A story of a job as one node hears it, written by the input (task_author.h). Whatever it is: an event that
// is not accepted changes nothing and only repeats what was said; a record reads back as it was, and the
// journal gives the live state, also after a restart that lost what was not on the disk yet; (round, attempt)
// only grows; an attempt that was answered is never answered by other bytes; a mask serves one update; of one
// model one set is signed; nothing leaves before its record must be durable, nor while the lab has stopped
// the job; and what the node is at has work under way that ends it.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "task/codec.h"
#include "tests/fuzz/task_author.h"
#include "tests/support/dump.h"

namespace accord::task {
namespace {

using testing::Dump;

constexpr int kMostEvents = 300;

using Key = std::pair<RoundId, AttemptId>;

template <class T>
constexpr bool Is(const State& state) {
  return std::holds_alternative<T>(state.activity);
}

Key KeyOf(const Activity& activity) { return {RoundOf(activity)->round, UpdateOf(activity)->attempt}; }

// The value that was seen first under a key, for ever.
template <class K, class V>
class Constant {
 public:
  void See(const K& key, const V& value) {
    const auto [known, fresh] = seen_.try_emplace(key, value);
    ACCORD_CHECK(fresh || known->second == value);
  }
  [[nodiscard]] bool Has(const K& key) const { return seen_.contains(key); }
  void Clear() { seen_.clear(); }
  template <class Which>
  void Forget(Which which) {
    std::erase_if(seen_, [&](const auto& item) { return which(item.first); });
  }

 private:
  std::map<K, V> seen_;
};

// The work that was begun and has not come back.
struct Work {
  std::optional<RoundId> training;
  std::optional<Key> encoding, sending, checking;

  void Begin(const Effect& effect) {
    std::visit(overloaded{[&](const StartTraining& e) { training = e.round.round; },
                          [&](const StopTraining&) { training.reset(); },
                          [&](const Encode& e) {
                            encoding = Key{e.round.round, e.update.attempt};
                          },
                          [&](const Send& e) {
                            sending = Key{e.round.round, e.update.attempt};
                          },
                          [&](const task::Check& e) {
                            checking = Key{e.round.round, e.update.attempt};
                          },
                          [](const auto&) {}},
               effect);
  }
  // Its result was taken.
  void End(const Event& event) {
    std::visit(
        overloaded{[&](const TrainDone&) { training.reset(); }, [&](const TrainFailed&) { training.reset(); },
                   [&](const EncodeDone&) { encoding.reset(); }, [&](const DeltaLost&) { encoding.reset(); },
                   [&](const SendDone&) { sending.reset(); }, [&](const CheckDone&) { checking.reset(); },
                   [&](const Failed&) { encoding = checking = std::nullopt; }, [](const auto&) {}},
        event);
  }
  // Something ends what the node is at, without anyone's word.
  void MustGoOn(const State& state) const {
    if (Is<Training>(state)) ACCORD_CHECK(training == RoundOf(state.activity)->round);
    if (Is<Encoding>(state)) ACCORD_CHECK(encoding == KeyOf(state.activity));
    if (Is<Checking>(state)) ACCORD_CHECK(checking == KeyOf(state.activity));
    if (Is<Sending>(state)) {
      const Key key = KeyOf(state.activity);
      ACCORD_CHECK(sending == key || encoding == key);  // after a restart it is encoded again first
    }
  }
};

// What must hold of the whole story.
class Invariants {
 public:
  void See(const State& before, const Event& event, const Transition& step) {
    SeeEncoded(event, step.effects);
    SeeAnswered(event, step);
    if (step.why.verdict != Verdict::kAccepted) {
      for (const Effect& effect : step.effects) SeeRepeat(before, effect);
      return;
    }
    SeeAccepted(before, event, step);
    const bool durable = MustBeDurable(event);
    for (const Effect& effect : step.effects) {
      SeeEffect(step.next, effect);
      ACCORD_CHECK(durable || !Leaves(effect));
      Remember(effect);
    }
    SeeState(step.next);
    work_.End(event);
    for (const Effect& effect : step.effects) work_.Begin(effect);
    work_.MustGoOn(step.next);
    SeeToldAgain(step, event);
  }

  // The node comes back in `state`; what was not on the disk is forgotten, of unmasked rounds also words.
  void Restart(const State& state) {
    work_ = {};
    encoded_.Forget([&](const Key& key) { return plain_ && !roots_.Has(key); });  // nobody has seen it
    if (plain_) verified_.Clear();
    const auto* checked = std::get_if<Checked>(&state.activity);
    if (checked != nullptr) verified_.See(KeyOf(state.activity), {checked->offer.model_hash, checked->proof});
    newest_ = {};
    SeeState(state);
  }
  void TakeUp(const State& state) {
    for (const Effect& effect : Outstanding(state)) {
      SeeEffect(state, effect);
      ACCORD_CHECK(!Leaves(effect));
      work_.Begin(effect);
    }
    if (!LivesInMemory(state.activity)) work_.MustGoOn(state);
  }

 private:
  using Newest = std::tuple<RoundId, bool, AttemptId>;

  static bool IsFinal(const SayVerified& say) { return !say.proof.empty(); }

  // Whether it is the first of its kind to leave, and so must be on the disk before.
  [[nodiscard]] bool Leaves(const Effect& effect) const {
    return std::visit(overloaded{[&](const SayAnswer& e) {
                                   return !answers_.contains({{e.round, e.attempt}, e.answer});
                                 },
                                 [&](const Send& e) {
                                   return !sent_.contains({e.round.round, e.update.attempt});
                                 },
                                 [&](const SayVerified& e) {
                                   return IsFinal(e) && !verified_.Has({e.round, e.attempt});
                                 },
                                 [](const auto&) { return false; }},
                      effect);
  }

  void SeeAccepted(const State& before, const Event& event, const Transition& step) {
    if (before.ended) {
      ACCORD_CHECK(step.next.ended);
      ACCORD_CHECK((std::holds_alternative<Stop>(event) || std::holds_alternative<Allow>(event) ||
                    std::holds_alternative<Erase>(event) || std::holds_alternative<Free>(event)));
    }
    if (before.stopped) {
      ACCORD_CHECK(step.next.stopped != std::holds_alternative<Allow>(event));
      ACCORD_CHECK(Is<Idle>(step.next));
    }
    if (const auto* done = std::get_if<EncodeDone>(&event)) {
      roots_.See({done->round, done->attempt}, {done->root, done->words});
      const bool again = std::exchange(again_[{done->round, done->attempt}], true);
      ACCORD_CHECK(!again);  // its bytes are fixed once
    }
    if (const auto* told = std::get_if<CertificateTold>(&event))
      certified_.insert({told->round, told->attempt});
    if (std::holds_alternative<Free>(event)) sets_.Clear();
  }

  // What was encoded now leaves only as what was encoded first.
  static void SeeEncoded(const Event& event, const std::vector<Effect>& effects) {
    const auto* done = std::get_if<EncodeDone>(&event);
    if (done == nullptr) return;
    for (const Effect& effect : effects) {
      const auto* send = std::get_if<Send>(&effect);
      if (send == nullptr) continue;
      ACCORD_CHECK(send->update.root == done->root && send->update.words == done->words);
    }
  }

  // Only to what was told first.
  static void SeeAnswered(const Event& event, const Transition& step) {
    const auto answers = [](const Effect& effect) { return std::holds_alternative<SayAnswer>(effect); };
    if (std::ranges::none_of(step.effects, answers)) return;
    const Update& update = *UpdateOf(step.next.activity);
    if (const auto* told = std::get_if<OfferTold>(&event)) ACCORD_CHECK(told->ctx == update.ctx);
    if (const auto* told = std::get_if<SurvivorsTold>(&event)) ACCORD_CHECK(told->u3_hash == update.u3_hash);
  }

  // What a refused or repeated event brings: a word, or bytes that had left before.
  void SeeRepeat(const State& before, const Effect& effect) {
    ACCORD_CHECK(!std::holds_alternative<StartTraining>(effect) &&
                 !std::holds_alternative<StopTraining>(effect) && !std::holds_alternative<Encode>(effect) &&
                 !std::holds_alternative<Check>(effect) && !std::holds_alternative<EraseFiles>(effect) &&
                 !std::holds_alternative<SayPrepared>(effect));
    ACCORD_CHECK(!Leaves(effect));
    if (const auto* said = std::get_if<SayTrained>(&effect)) {
      const Assignment* round = RoundOf(before.activity);
      ACCORD_CHECK(round != nullptr && round->round == said->round && !Is<Training>(before));
    }
    if (const auto* said = std::get_if<SayVerified>(&effect))
      ACCORD_CHECK(verified_.Has({said->round, said->attempt}));
    SeeEffect(before, effect);
    if (std::holds_alternative<Send>(effect)) work_.Begin(effect);
  }

  static bool IsOfRunningJob(const Effect& effect) {
    return std::holds_alternative<StartTraining>(effect) || std::holds_alternative<SayTrained>(effect) ||
           std::holds_alternative<Encode>(effect) || std::holds_alternative<Send>(effect) ||
           std::holds_alternative<task::Check>(effect) || std::holds_alternative<SayAnswer>(effect) ||
           std::holds_alternative<SayVerified>(effect);
  }
  // `state`: after it.
  void SeeEffect(const State& state, const Effect& effect) {
    ACCORD_CHECK(!(state.stopped || state.ended) || !IsOfRunningJob(effect));
    std::visit(overloaded{[&](const Encode& e) { SeeEncode(e); }, [&](const Send& e) { SeeSend(e); },
                          [&](const task::Check& e) { SeeCheck(e); },
                          [&](const SayAnswer& e) { SeeAnswer(state, e); },
                          [&](const SayVerified& e) {
                            if (Is<Checked>(state))
                              verified_.See({e.round, e.attempt}, {e.model_hash, e.proof});
                          },
                          [](const auto&) {}},
               effect);
  }
  void Remember(const Effect& effect) {
    if (const auto* e = std::get_if<SayAnswer>(&effect)) answers_.insert({{e->round, e->attempt}, e->answer});
    if (const auto* e = std::get_if<Send>(&effect)) sent_.insert({e->round.round, e->update.attempt});
  }

  // A mask is made for one update: of one delta, for one cohort, after shares of its seeds were given away.
  void SeeEncode(const Encode& e) {
    const Key key{e.round.round, e.update.attempt};
    const bool masked = e.round.mode != SecureMode::kOff;
    plain_ = !masked;
    if (masked) {
      ACCORD_CHECK(!encoded_.Has(key));
      ACCORD_CHECK(answers_.contains({key, Answer::kShares}));
      const auto left = left_.find(e.round.round);
      ACCORD_CHECK(left == left_.end() || left->second == Dump(e.delta));
    }
    encoded_.See(key, Dump(e.delta) + Dump(e.update.cohort) + Dump(e.round));
  }
  // The same bytes for one attempt, however often; in a masked round the same delta in all attempts.
  void SeeSend(const Send& e) {
    const Key key{e.round.round, e.update.attempt};
    ACCORD_CHECK(roots_.Has(key));
    roots_.See(key, {e.update.root, e.update.words});
    ACCORD_CHECK(encoded_.Has(key));
  }
  static void SeeCheck(const task::Check& e) {
    ACCORD_CHECK(e.offer.attempt == e.update.attempt && e.offer.words == e.update.words);
    ACCORD_CHECK(std::ranges::includes(e.update.cohort, e.offer.survivors));
    if (e.round.mode == SecureMode::kOff) return;
    ACCORD_CHECK(e.offer.survivors == e.update.u3 && e.offer.opened->u3_hash == e.update.u3_hash);
  }

  // Of this attempt, which is still on; of one model one set is signed or opened.
  void SeeAnswer(const State& state, const SayAnswer& e) {
    const Key key{e.round, e.attempt};
    const Update* update = UpdateOf(state.activity);
    ACCORD_CHECK(update != nullptr && KeyOf(state.activity) == key);
    contexts_.See(key, {update->ctx, Dump(update->cohort)});
    if (e.answer != Answer::kSet && e.answer != Answer::kUnmask) return;
    const Assignment& round = *RoundOf(state.activity);
    ACCORD_CHECK(!update->u3.empty() && sent_.contains(key));
    ACCORD_CHECK(std::ranges::includes(update->cohort, update->u3));
    u3_hashes_.See(key, update->u3_hash);
    // A set counts as opened once it is signed (secagg.md 2.9): what is said of it again, also after its lab
    // freed the node from it, is of no other.
    const Answer signs = round.mode == SecureMode::kMalicious ? Answer::kSet : Answer::kUnmask;
    if (e.answer == signs && !answers_.contains({key, signs}))
      sets_.See({round.model_hash, round.purpose}, update->u3);
    if (e.answer == Answer::kUnmask && round.mode == SecureMode::kMalicious)
      ACCORD_CHECK(certified_.contains(key));
  }

  void SeeState(const State& state) {
    const Newest newest{state.round, state.attempted, state.attempt};
    ACCORD_CHECK(newest >= newest_);
    newest_ = newest;
    ACCORD_CHECK(!(state.stopped || state.ended) || Is<Idle>(state));
    const Update* update = UpdateOf(state.activity);
    if (update == nullptr) return;
    ACCORD_CHECK(state.attempted && update->attempt == state.attempt);
    ACCORD_CHECK(RoundOf(state.activity)->round == state.round);
    if (RoundOf(state.activity)->mode != SecureMode::kOff && !update->root.IsZero())
      left_.emplace(state.round, Dump(*DeltaOf(state.activity)));
  }
  using Delta = task::Delta;
  static const Delta* DeltaOf(const Activity& activity) {
    return std::visit(
        []<class A>(const A& a) -> const Delta* {
          if constexpr (requires { a.delta; }) return &a.delta;
          return nullptr;
        },
        activity);
  }

  // Who tells it again hears the same again, and nothing more happens.
  static void SeeToldAgain(const Transition& step, const Event& event) {
    const bool message =
        std::holds_alternative<OfferTold>(event) || std::holds_alternative<RosterTold>(event) ||
        std::holds_alternative<GraphTold>(event) || std::holds_alternative<SurvivorsTold>(event) ||
        std::holds_alternative<CertificateTold>(event);
    if (!message) return;
    const Transition again = Step(step.next, event);
    ACCORD_CHECK(again.why.verdict == Verdict::kDiscarded);
    ACCORD_CHECK(Dump(again.effects) == Dump(step.effects));
  }

  Newest newest_;
  Work work_;
  bool plain_ = true;
  Constant<Key, std::pair<Digest, std::uint64_t>> roots_;
  Constant<Key, std::string> encoded_;  // of what
  Constant<Key, std::pair<Digest, std::string>> contexts_;
  Constant<Key, Digest> u3_hashes_;
  Constant<Key, std::pair<Digest, Bytes>> verified_;
  Constant<SetKey, round::NodeSet> sets_;
  std::map<RoundId, std::string> left_;  // the delta whose update was encoded
  std::map<Key, bool> again_;
  std::set<std::pair<Key, Answer>> answers_;
  std::set<Key> sent_, certified_;
};

// The node's journal: what of it a crash may lose.
class Journal {
 public:
  void Write(const Event& event) {
    const Bytes bytes = EncodeRecord({TimePoint(Millis(1)), event});
    const auto read = DecodeRecord(bytes);
    ACCORD_CHECK(read.ok() && Dump(std::get<Event>(read->content)) == Dump(event));
    ACCORD_CHECK(EncodeRecord(*read) == bytes);
    records_.push_back(bytes);
    if (MustBeDurable(event)) durable_ = records_.size();
  }
  // Up to so many of what need not be on the disk yet; what is left is what the disk has.
  void Lose(std::size_t most) {
    records_.resize(std::max(durable_, records_.size() - std::min(records_.size(), most)));
    durable_ = records_.size();
  }
  [[nodiscard]] State Replay() const {
    State state;
    for (const Bytes& bytes : records_) {
      const auto record = DecodeRecord(bytes);
      Transition step = Step(state, std::get<Event>(record->content));
      ACCORD_CHECK(step.why.verdict == Verdict::kAccepted);
      state = std::move(step.next);
    }
    return state;
  }

 private:
  std::vector<Bytes> records_;
  std::size_t durable_ = 0;
};

class Node {
 public:
  void Hear(const Event& event) {
    Transition step = Step(state_, event);
    fuzz::Tell([&] {
      return std::string(Name(state_.activity)) + ": " + Dump(event) + " -> " +
             std::string(Name(step.why.reason)) + ", " + std::string(Name(step.next.activity)) + " " +
             Dump(step.effects);
    });
    invariants_.See(state_, event, step);
    if (step.why.verdict != Verdict::kAccepted) return MustBe(step.next);
    journal_.Write(event);
    state_ = std::move(step.next);
    text_.clear();
  }
  // Crashes and starts again, as the shell does it.
  void Restart(std::uint8_t lost) {
    fuzz::Tell([&] { return "restart, " + std::to_string(lost) + " lost"; });
    CheckReplay();
    journal_.Lose(lost);
    state_ = journal_.Replay();
    text_.clear();
    invariants_.Restart(state_);
    if (LivesInMemory(state_.activity)) Hear(MemoryLost{});
    invariants_.TakeUp(state_);
  }
  void CheckReplay() { MustBe(journal_.Replay()); }
  [[nodiscard]] const State& state() const { return state_; }

 private:
  void MustBe(const State& state) {
    if (text_.empty()) text_ = Dump(state_);
    ACCORD_CHECK(Dump(state) == text_);
  }

  State state_;
  std::string text_;  // of the state, when it was asked for
  Journal journal_;
  Invariants invariants_;
};

}  // namespace
}  // namespace accord::task

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::task;
  accord::fuzz::Script script({data, size});
  Author author(script);
  Node node;
  for (int i = 0; i < kMostEvents && !script.Over(); ++i) {
    const auto event = author.Draw(node.state());
    event ? node.Hear(*event) : node.Restart(script.Below(4));
  }
  node.CheckReplay();
  return 0;
}
