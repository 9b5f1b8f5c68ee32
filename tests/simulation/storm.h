// Lets the faults of a schedule happen to a federation, and takes back those that last.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/federation.h"
#include "tests/simulation/faults.h"

namespace accord::simulation {

class Storm {
 public:
  // From `horizon` on nothing begins.
  Storm(sim::Federation& federation, const std::vector<Fault>& faults, Millis horizon)
      : federation_(federation), faults_(faults), horizon_(horizon), done_(faults.size()) {}

  void Begin();
  // The party has run so many handlers, said so many words.
  void OnSaid(Word word);
  void OnHandler(std::size_t party, std::uint64_t number) { Counted(Kind::kCrash, party, number); }
  void OnWord(std::size_t party, std::uint64_t number) { Counted(Kind::kSilenced, party, number); }

  [[nodiscard]] std::uint64_t fired() const { return fired_; }

 private:
  void Counted(Kind kind, std::size_t party, std::uint64_t number);
  void Happen(const Fault& fault);
  void HappenToMachine(const Fault& fault);
  void HappenToConnection(const Fault& fault);
  void Flap(std::size_t node, Millis until);

  sim::Federation& federation_;
  const std::vector<Fault>& faults_;
  const Millis horizon_;
  std::vector<bool> done_;
  std::map<Word, std::uint64_t> said_;
  std::uint64_t fired_ = 0;
};

}  // namespace accord::simulation
