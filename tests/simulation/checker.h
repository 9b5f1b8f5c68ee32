// What must hold after every step of a simulation, whatever went wrong (tests/simulation/README.md lists it).
// Sees the journals, what is said, and the states in memory; keeps its own account of all of it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/sha256.h"
#include "driver/driver.h"
#include "job/codec.h"
#include "sim/federation.h"
#include "task/codec.h"
#include "tests/simulation/expected.h"
#include "tests/simulation/story.h"
#include "update/groups.h"

namespace accord::simulation {

class Checker {
 public:
  Checker(const sim::Members& members, Expected& expected, const JobId& job);

  // ---- told as it happens (sim::Observer)
  void OnQueued(std::size_t party, const std::vector<driver::Append>& batch);
  void OnWritten(std::size_t party, const std::vector<driver::Append>& batch);
  void OnFailed(std::size_t party, const std::vector<driver::Append>& batch);
  void OnCrash(std::size_t party);
  void OnDamage(std::size_t party, const Status& why);
  void OnBoot(std::size_t party, driver::Journal& journal);
  void OnRestored(std::vector<Bytes> records);
  void OnSaid(std::size_t node, const rpc::ToNode& message);
  void OnSaid(std::size_t node, const rpc::FromNode& message);
  // After a step, with everything as it stands.
  void AfterStep(sim::Federation& federation);

  // What was broken first; empty while all holds.
  [[nodiscard]] const std::string& broken() const { return broken_; }
  // The coordinator's job, as its disk has it.
  [[nodiscard]] const job::State& durable() const { return job_.durable(); }
  // The coordinator went back to a backup; and that, when the job had ended.
  [[nodiscard]] bool went_back() const { return went_back_; }
  [[nodiscard]] bool back_from_end() const { return back_from_end_; }
  // What nodes refused or declined, by code.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& refusals() const { return refusals_; }
  // Digest of all that was written and said: two runs of one seed must agree.
  [[nodiscard]] Digest trace() const { return trace_; }

 private:
  struct Key {
    RoundId round;
    AttemptId attempt;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  enum class Said : std::uint8_t { kOffer, kRoster, kGraph, kEncoded, kSurvivors, kCertificate, kChecked };
  struct Node {
    explicit Node(Story<task::State>::Apply apply) : story(std::move(apply)) {}
    Story<task::State> story;
    std::set<std::pair<Key, Said>> durable;       // what its disk has of each attempt
    std::map<Key, Digest> roots;                  // of what it encoded
    std::map<Key, Bytes> sent;                    // the words of its update
    std::map<Numbers, Key> masks;                 // the beginning of each mask that it ever used
    std::map<task::SetKey, round::NodeSet> sets;  // that it signed or opened
    std::map<Key, Digest> told;                   // the model that Commit named
    Key last_told;
  };

  [[nodiscard]] static std::string Show(RoundId round, AttemptId attempt);
  void Break(const std::string& what);
  void Note(ByteView bytes);
  [[nodiscard]] std::size_t IndexOf(NodeId node) const;
  template <class State>
  void Queue(Story<State>& story, const std::vector<driver::Append>& batch);
  template <class State>
  void Write(Story<State>& story, std::size_t party, const std::vector<driver::Append>& batch);
  void OnJobRecord(const Bytes& record);
  void OnSummed(std::uint32_t group, const round::Summed& summed);
  void OnCombined(const job::Combined& combined);
  // A record became durable; `before` is the state before it.
  void OnJobWritten(const job::State& before, const Bytes& record);
  void CheckCaughtUp(const job::RoundSummary& last);
  void NoteUpdates(const job::State& before, const job::InRound& in);
  void CheckSurvivors(std::uint32_t group, const job::OpenRound& open, const round::Unmask& unmask);
  void CheckCommit(std::uint32_t group, const job::OpenRound& open, const round::Commit& commit);
  void OnTaskRecord(Node& node, const Bytes& record);
  void CheckDue(std::size_t node, Key key, bool right, const char* what);
  void CheckUpdate(std::size_t node, const rpc::Update& update);
  void CheckSigned(std::size_t node, Key key, Said said, const char* what);
  void CheckSets(Node& node);
  void CheckRefusal(std::size_t node, const std::string& code);
  void CheckDeadline(sim::Federation& federation);
  void CheckLive(sim::Federation& federation);

  const sim::Members& members_;
  Expected& expected_;
  const JobId job_id_;
  const std::string stream_;
  const job::Plan plan_;
  const update::Partition partition_;
  Story<job::State> job_;
  std::vector<Node> nodes_;
  std::vector<bool> up_;
  std::vector<std::vector<Bytes>> fresh_;         // queued while a party recovers
  std::vector<std::optional<Millis>> uncertain_;  // a write failed then: the live state is ahead of the story
  std::vector<std::size_t> checked_;              // the story's length when the live state was last compared
  using InGroup = std::pair<std::uint32_t, Key>;
  std::map<InGroup, std::set<NodeId>> uploaded_;  // acknowledged
  std::map<InGroup, std::set<NodeId>> gone_;      // left before the survivors were known
  std::map<Key, std::set<NodeId>> agreed_;        // said Verified of the model that they were told
  Millis last_record_{0};                         // of the job
  std::map<RoundId, Digest> models_;              // of committed rounds
  std::set<std::pair<RoundId, Digest>> named_;    // rounds, and the models that nodes were told they made
  std::map<RoundId, Digest> lost_models_;         // of those that a backup did not have
  bool went_back_ = false, back_from_end_ = false;
  std::optional<Millis> idle_since_;
  std::map<std::string, std::uint64_t> refusals_;
  std::string broken_;
  crypto::Sha256 hash_;
  Digest trace_;
  Millis now_{0};
};

}  // namespace accord::simulation
