// The node as one object: opens its state, takes up its jobs, stays connected. Made by src/apps/accord-node
// and by tests; a lab that embeds it hands in its own TrainerFactory. Run is called by one thread; Stop from
// any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "accord/status.h"
#include "accord/trainer.h"
#include "config/node_config.h"
#include "task/codec.h"

namespace accord::node {

class Node {
 public:
  // `store.locked`, `identity.missing`, `store.corrupt`, `auth.expired` (the certificate's time is over).
  [[nodiscard]] static Result<std::unique_ptr<Node>> Open(const config::NodeConfig& config,
                                                          TrainerFactory& trainers);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Works until Stop, or until the state cannot be written any more (that failure).
  [[nodiscard]] Status Run();
  void Stop();

 private:
  struct Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace accord::node
