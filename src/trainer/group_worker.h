// A worker's side of a group of processes (group.h): what WorkForNode does with one connection to the node.
// One thread; internal, knows ATen.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "accord/status.h"
#include "trainer/group.h"
#include "trainer/group_words.h"
#include "trainer/process_group.h"
#include "trainer/replica.h"
#include "trainer/trainer.h"

namespace accord::trainer {

class GroupWorker {
 public:
  // machine.options.group is there.
  GroupWorker(Machine machine, ReadPlan read);

  // Takes the node's orders until it ends (true), or none came for so long that the connection may be dead
  // (false). Fails with `workers.mismatch` when this worker can never work with it, `workers.lost` when the
  // store fails.
  [[nodiscard]] Result<bool> Serve(GroupStore& store);

 private:
  // The model and the data of the last order.
  struct Prepared {
    TorchTrainer::Parts parts;
    std::uint32_t data_crc;
    Part shared;
    Optimizer common;
    std::optional<Optimizer> own;  // of Ditto
    at::Tensor start;
  };

  [[nodiscard]] Result<std::optional<Order>> NextOrder(GroupStore& store);  // nullopt: none for long
  [[nodiscard]] Status Take(GroupStore& store, const Order& order);
  // Why this worker can work with no order of this node.
  [[nodiscard]] Status CheckNode(const Order& order) const;
  [[nodiscard]] Status Prepare(const Order& order);
  // Joins the start that the node gives, and trains until it lets go; whether this worker was meant.
  [[nodiscard]] Result<bool> Join(GroupStore& store);
  [[nodiscard]] Status Follow();
  [[nodiscard]] Status Load(const Command& command);
  [[nodiscard]] Status Step(const Command& command, std::span<const std::uint64_t> rows);
  [[nodiscard]] Status Compare();
  [[nodiscard]] std::string Key(const char* what, bool mine) const;

  Machine machine_;
  GroupOptions options_;
  ReadPlan read_;
  std::uint64_t instance_;
  std::int64_t order_ = 0;  // the last that was taken
  std::string plan_;
  std::optional<Prepared> prepared_;
  Optimizer* optimizer_ = nullptr;  // the one of the last kLoad
  std::string group_name_;
  std::unique_ptr<ProcessGroup> group_;
};

}  // namespace accord::trainer
