// libtorch's c10d behind two small classes: a store of keys and values, and the exchange of tensors. The only
// file pair that includes c10d. Used by the node's leader and by workers, one thread at a time; internal,
// knows ATen. c10d throws whatever it likes: here it becomes `workers.lost`, with its own words.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "accord/status.h"
#include "base/text.h"
#include "trainer/aten.h"
#include "trainer/group.h"

namespace accord::trainer {

class GroupStore {
 public:
  // Listens (rank 0, unless options.served) or connects, for `patience` (whole seconds) at most.
  // `net.listen`, `workers.lost`.
  [[nodiscard]] static Result<std::unique_ptr<GroupStore>> Open(const GroupOptions& options,
                                                                std::chrono::milliseconds patience);
  ~GroupStore();
  GroupStore(const GroupStore&) = delete;
  GroupStore& operator=(const GroupStore&) = delete;

  [[nodiscard]] Status Set(const std::string& key, ByteView value);
  // nullopt: not there.
  [[nodiscard]] Result<std::optional<Bytes>> Find(const std::string& key);
  // Waits until it is there. After a failure, also of patience, the store is of no use any more.
  [[nodiscard]] Result<Bytes> Await(const std::string& key, std::chrono::milliseconds patience);
  // Adds to the number at `key` and gives the sum; 0 before the first call.
  [[nodiscard]] Result<std::int64_t> Add(const std::string& key, std::int64_t n);
  [[nodiscard]] Status Remove(const std::string& key);

 private:
  friend class ProcessGroup;
  struct Impl;
  explicit GroupStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// All processes of a group call the same methods in the same order, with tensors of the same shapes. After a
// failure it is of no use any more, and the others' calls fail as well, at the latest after options.timeout.
// Other shapes than the peer's end the process: Gloo throws on a thread of its own.
class ProcessGroup {
 public:
  // Meets the others, who come with the same name; a name is used once.
  [[nodiscard]] static Result<std::unique_ptr<ProcessGroup>> Meet(GroupStore& store,
                                                                  const GroupOptions& options,
                                                                  const std::string& name);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  // Everyone's tensor becomes rank 0's. Contiguous.
  [[nodiscard]] Status Broadcast(at::Tensor tensor);
  // Everyone's tensor becomes the sum of all, the same bits at all, and again with the same tensors: the
  // order of additions follows from the size of the group. Contiguous.
  [[nodiscard]] Status Sum(at::Tensor tensor);

 private:
  struct Impl;
  explicit ProcessGroup(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace accord::trainer
