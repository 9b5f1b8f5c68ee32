// The lab's own line to its running node: a Unix socket in the state directory (0700), one JSON request and
// one JSON answer a connection. Used by accord-node stop, start, erase, free, registry, approve, deny,
// graduate. It obeys the lab alone: no network, no coordinator.
//
//   {"do":"stop"|"start"|"erase"|"free","job":"<id, prefix or name; empty: every open job>"}  ->
//   {"ok":true,"jobs":"..."}
//   {"do":"pinned"}, when another registry was pinned  ->  {"ok":true,"jobs":""}
//   {"do":"decided","job":"<id in hex>"}, when a person has decided on it  ->  {"ok":true,"jobs":""}
//   {"do":"model","job":...}  ->  {"ok":true,"jobs":"<name>","plan":<bytes>,"model":<bytes>,"sha256":"..."}
//   and behind that line the bytes of the job file and those of the model's file
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
//
#include <boost/asio/io_context.hpp>

#include "accord/ids.h"
#include "accord/status.h"
#include "node/common_model.h"
#include "task/task.h"

namespace accord::node {

// Called on the node's strand; `done` gets the names of the jobs once it is durable.
class ControlHandler {
 public:
  virtual ~ControlHandler() = default;
  virtual void Lab(const std::string& job, const task::Event& event,
                   std::function<void(Result<std::string>)> done) = 0;
  // Another registry is pinned on the disk.
  virtual void Pinned() = 0;
  // A person has decided on this job, which is on the disk.
  virtual void Decided(const std::string& job) = 0;
  // Of the open job of this id, prefix or name, or of the only one: `job.not_found`, `job.ambiguous`;
  // `model.not_found` until a round of it has begun here.
  virtual Result<CommonModel> Common(const std::string& job) = 0;
};

[[nodiscard]] std::filesystem::path ControlPath(const std::filesystem::path& state);

class Control {
 public:
  // Listens until destroyed. `handler` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<Control>> Listen(boost::asio::io_context& io,
                                                               const std::filesystem::path& path,
                                                               ControlHandler& handler);
  virtual ~Control() = default;
};

// The client's side: asks the running node of this state directory. `node.not_running` when there is none.
[[nodiscard]] Result<std::string> AskNode(const std::filesystem::path& state, const std::string& what,
                                          const std::string& job);

// The same for the model of a running job, into new files, whole or not at all; gives its hash, with which
// the bytes were compared. `node.not_running`, what CommonModel refuses, and as AtomicFile.
struct CommonFiles {
  std::filesystem::path plan, model;
};
[[nodiscard]] Result<Digest> FetchCommon(const std::filesystem::path& state, const std::string& job,
                                         const CommonFiles& files);

}  // namespace accord::node
