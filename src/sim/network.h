// Sessions between nodes and the coordinator, and what may go wrong with them. A session is a stream: what is
// said on it comes in order, unless a fault says otherwise, and it may end at the two sides at different
// times.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "rpc/handlers.h"
#include "sim/random.h"
#include "sim/world.h"

namespace accord::sim {

// How a node's connection is now.
struct Weather {
  Millis least{1}, most{30};  // that a message takes
  double dies = 0, doubled = 0, overtaken = 0;
  Millis cut_until{0};  // nothing passes before this moment
};

// What the network connects: the processes, as long as they live.
class Ends {
 public:
  virtual ~Ends() = default;
  virtual void ToNode(std::size_t node, std::uint64_t session, rpc::ToNode message) = 0;
  virtual void ClosedAtNode(std::size_t node, std::uint64_t session) = 0;
  // The coordinator says this; false when it is lost with the process that says it.
  virtual bool OnSaid(std::size_t node, const rpc::ToNode& message) = 0;
  // null when no coordinator runs.
  virtual std::shared_ptr<rpc::SessionEvents> Accept(std::size_t node,
                                                     std::shared_ptr<rpc::SessionLink> link) = 0;
};

class Network {
 public:
  Network(World& world, std::uint64_t seed, std::size_t nodes, Ends& ends)
      : world_(world), random_(seed), weather(nodes), ends_(ends), current_(nodes) {}

  // A node dials; the session's number, or 0 when nobody answers. What is said on it by then is not lost.
  [[nodiscard]] std::uint64_t Dial(std::size_t node);
  void FromNode(std::size_t node, std::uint64_t session, rpc::FromNode message);
  // The node's end is gone; the coordinator hears of it after `notice`.
  void CloseNode(std::size_t node, Millis notice);
  // All ends of the coordinator are gone.
  void CloseCoordinator(Millis notice);
  // As long as a silence of the other side goes unnoticed.
  static constexpr Millis kKeepAlive{15'000};
  // The stream breaks: both sides hear of it, each in its own time.
  void Break(std::size_t node, Millis at_node, Millis at_coordinator);
  [[nodiscard]] bool Reachable(std::size_t node) const { return weather[node].cut_until <= world_.now(); }

 private:
  World& world_;
  Random random_;

 public:
  std::vector<Weather> weather;

 private:
  struct Session {
    std::size_t node = 0;
    std::uint64_t number = 0;
    bool at_node = true, at_coordinator = true;
    bool dead = false;                     // nothing passes any more, and neither side knows yet
    Millis to_node{0}, to_coordinator{0};  // when the last word came
    std::shared_ptr<rpc::SessionEvents> events;
  };
  class Link;
  void Carry(const std::shared_ptr<Session>& session, Millis& last, const std::function<void()>& deliver);
  void EndAtNode(const std::shared_ptr<Session>& session);
  void EndAtCoordinator(const std::shared_ptr<Session>& session);

  Ends& ends_;
  std::uint64_t next_ = 1;
  std::vector<std::shared_ptr<Session>> current_;       // of each node
  std::vector<std::weak_ptr<Session>> at_coordinator_;  // all that are open there
};

}  // namespace accord::sim
