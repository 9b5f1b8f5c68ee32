// A running job as people follow it: on a terminal a few lines drawn again in place, elsewhere one line a
// change. Used by job watch, wait and submit --watch. Pure but for LiveScreen, which writes to its stream.
#pragma once

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "cli/style.h"
#include "rpc/views.h"

namespace accord::cli {

// By name, as many nodes as fit into the rows: state, bar, steps and bytes of each. Those that are not
// through come first when not all fit.
[[nodiscard]] std::vector<Line> NodeLines(const std::vector<rpc::NodeProgressView>& nodes, std::size_t rows,
                                          const Style& style);
// The open round: title, phase in words, why it waits, a bar a node. Empty when no round is open.
[[nodiscard]] std::vector<Line> CurrentRound(const rpc::JobView& job, const Style& style);
// What is drawn in place: headline and open round, not higher than the terminal.
[[nodiscard]] std::vector<Line> Frame(const rpc::JobView& job, const Style& style);

// Tells two views of one job apart and says in lines what happened in between: states, rounds that closed,
// rounds that began to train, nodes that came and went. The first view says how the job stands.
class Changes {
 public:
  [[nodiscard]] std::vector<Line> Update(const rpc::JobView& job);
  // On a terminal the frame shows the rest, so only closed rounds stay behind.
  [[nodiscard]] std::vector<Line> UpdateRounds(const rpc::JobView& job);

 private:
  void State(const rpc::JobView& job, bool first, std::vector<Line>& lines);
  void Nodes(const rpc::RoundView& round, std::vector<Line>& lines);

  bool begun_ = false;
  bool warned_ = false;  // of the last round's updates
  job::Phase state_ = job::Phase::kProposed;
  std::string reason_;
  std::size_t rounds_seen_ = 0;
  RoundId training_;                       // the round whose training was announced
  std::map<std::string, bool> connected_;  // of the nodes in the open round
};

// Lines at the bottom of a terminal that are replaced by the next Draw. One thread.
class LiveScreen {
 public:
  LiveScreen(std::ostream& out, const Style& style) : out_(out), style_(style) {}
  ~LiveScreen() { Clear(); }
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  void Draw(const std::vector<Line>& frame);
  // Lines that stay, above the frame.
  void Print(const std::vector<Line>& lines);
  void Clear();
  [[nodiscard]] const Style& Refresh();  // the style with the terminal's size of now

 private:
  void Erase();

  std::ostream& out_;
  Style style_;
  std::size_t drawn_ = 0;
};

}  // namespace accord::cli
