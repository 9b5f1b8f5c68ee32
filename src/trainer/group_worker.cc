#include "trainer/group_worker.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

#include "accord/version.h"
#include "base/errors.h"
#include "base/log.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

constexpr std::chrono::milliseconds kReach{30'000};    // for a connection, before the next try
constexpr std::chrono::milliseconds kRetryAfter{500};  // between two connections

std::string HostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "an unknown host";
}

void PauseOnce() {
  std::mutex mutex;
  std::condition_variable wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, kRetryAfter, [] { return false; });
}

}  // namespace

GroupWorker::GroupWorker(Machine machine, ReadPlan read)
    : machine_(std::move(machine)),
      options_(*machine_.options.group),
      read_(std::move(read)),
      instance_(static_cast<std::uint64_t>(std::random_device()()) << 32 | std::random_device()()) {}

std::string GroupWorker::Key(const char* what, bool mine) const {
  return what + ("/" + std::to_string(order_)) + (mine ? "/" + std::to_string(options_.rank) : "");
}

Result<bool> GroupWorker::Serve(GroupStore& store) {
  order_ = 0;  // the node may be another by now; groups have names of their own node
  ACCORD_RETURN_IF_ERROR(store.Add("here", 1).status());
  for (;;) {
    ACCORD_ASSIGN_OR_RETURN(const std::optional<Order> order, NextOrder(store));
    if (!order) return false;
    if (order->version == accord::kVersion && order->size == 0) {
      ACCORD_RETURN_IF_ERROR(store.Add("left", 1).status());
      return true;
    }
    ACCORD_RETURN_IF_ERROR(Take(store, *order));
  }
}

Result<std::optional<Order>> GroupWorker::NextOrder(GroupStore& store) {
  ACCORD_ASSIGN_OR_RETURN(const std::int64_t newest, store.Add("orders", 0));
  const bool taken = newest == order_;
  order_ = newest;
  std::optional<Bytes> open;
  if (!taken) {
    ACCORD_ASSIGN_OR_RETURN(open, store.Find(Key("order", false)));
  }
  if (!open) {
    ++order_;
    const auto begin = std::chrono::steady_clock::now();
    Result<Bytes> came = store.Await(Key("order", false), options_.idle);
    if (!came.ok() && std::chrono::steady_clock::now() - begin >= options_.idle)
      return std::optional<Order>();
    ACCORD_ASSIGN_OR_RETURN(open, std::move(came));
  }
  std::optional<Order> order = DecodeOrder(*open);
  if (!order) return Fail(errors::kWorkersMismatch, "the node says what this version does not understand");
  return order;
}

Status GroupWorker::Take(GroupStore& store, const Order& order) {
  const Status fit = CheckNode(order);
  const Status ready = fit.ok() ? Prepare(order) : fit;
  const Answer answer{.host = HostName(),
                      .instance = instance_,
                      .group = group_ ? group_name_ : "",
                      .refusal = ready.ok() ? "" : Printable(Describe(ready), 500)};
  ACCORD_RETURN_IF_ERROR(store.Set(Key("answer", true), Encode(answer)));
  if (!fit.ok()) return fit;
  if (!ready.ok()) {
    LogError("worker.refused", {{"why", Describe(ready)}});
    return {};
  }
  at::set_num_threads(static_cast<int>(order.threads));
  ACCORD_ASSIGN_OR_RETURN(const bool meant, Join(store));
  if (!meant) return {};
  const Status followed = Guard("training with the node", [&] { return Follow(); });
  if (followed.ok()) return {};
  LogWarn("worker.left", {{"why", Describe(followed)}});
  const Status told = store.Set(Key("why", true), AsBytes(Printable(followed.message())));
  group_ = nullptr;  // after the reason is there: the node looks for it as soon as the connection ends
  return told;
}

Status GroupWorker::CheckNode(const Order& order) const {
  if (order.version != accord::kVersion) {
    return Fail(errors::kWorkersMismatch, "this worker is of version " + std::string(accord::kVersion) +
                                              ", the node of " + Printable(order.version, 40));
  }
  if (order.size == options_.size) return {};
  return Fail(errors::kWorkersMismatch, "this worker was started as one of " + std::to_string(options_.size) +
                                            " processes, the node as one of " + std::to_string(order.size));
}

Status GroupWorker::Prepare(const Order& order) {
  if (!prepared_ || plan_ != order.plan) {
    optimizer_ = nullptr;
    prepared_.reset();  // before its successor is made
    ACCORD_RETURN_IF_ERROR(Guard("preparing the job", [&]() -> Status {
      ACCORD_ASSIGN_OR_RETURN(WorkerTask task, read_(order.plan));
      ACCORD_ASSIGN_OR_RETURN(TorchTrainer::Parts parts, OpenParts(machine_, std::move(task.job), task.data));
      ACCORD_ASSIGN_OR_RETURN(const std::uint32_t crc, parts.learner->DataCrc());
      const at::Tensor weights = parts.learner->weights(), gradients = parts.learner->gradients();
      Part shared(parts.partition.trained, parts.partition.shared);
      Optimizer common(parts.job.inner, weights, gradients);
      std::optional<Optimizer> own;
      if (parts.job.personal.kind == PersonalKind::kDitto)
        own.emplace(Ditto::InnerOf(parts.job), weights, gradients);
      prepared_.emplace(
          Prepared{std::move(parts), crc, std::move(shared), std::move(common), std::move(own), {}});
      return {};
    }));
    plan_ = order.plan;
  }
  if (prepared_->data_crc == order.data) return {};
  prepared_.reset();  // the files may be put right
  return Fail(errors::kWorkersMismatch, "the training examples here are not those of the node");
}

Result<bool> GroupWorker::Join(GroupStore& store) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, store.Await(Key("go", false), 2 * options_.timeout));
  const std::optional<Start> start = DecodeStart(bytes);
  if (!start || start->group.empty()) return false;
  if (start->instances.size() + 1 != options_.size || start->instances[options_.rank - 1] != instance_) {
    LogWarn("worker.not_meant", {{"why", "another process took rank " + std::to_string(options_.rank) +
                                             "; if it runs, one of the two has a wrong rank"}});
    return false;
  }
  if (group_ && group_name_ == start->group) return true;
  group_ = nullptr;
  Result<std::unique_ptr<ProcessGroup>> met = ProcessGroup::Meet(store, options_, start->group);
  if (!met.ok()) {
    LogWarn("worker.left", {{"why", Describe(met.status())}});
    return false;
  }
  group_ = *std::move(met);
  group_name_ = start->group;
  LogInfo("worker.training", {{"job", prepared_->parts.job.name}});
  return true;
}

Status GroupWorker::Follow() {
  const std::size_t size = Command::kWords + prepared_->parts.job.inner.batch;
  at::Tensor words = at::zeros({static_cast<std::int64_t>(size)}, at::kLong);
  const std::span<const std::int64_t> view(words.data_ptr<std::int64_t>(), size);
  std::vector<std::uint64_t> rows;
  for (;;) {
    ACCORD_RETURN_IF_ERROR(group_->Broadcast(words));
    const Command command = Command::Take(view);
    Status done;
    if (command.kind == Command::kEnd) return {};
    if (command.kind == Command::kLoad) done = Load(command);
    if (command.kind == Command::kCompare) done = Compare();
    if (command.kind == Command::kStep) {
      const auto given = view.subspan(Command::kWords, std::min(command.steps, size - Command::kWords));
      rows.assign(given.begin(), given.end());
      done = Step(command, rows);
    }
    ACCORD_RETURN_IF_ERROR(done);
  }
}

Status GroupWorker::Load(const Command& command) {
  const at::Tensor& weights = prepared_->parts.learner->weights();
  optimizer_ = command.own && prepared_->own ? &*prepared_->own : &prepared_->common;
  if (command.pulled && !prepared_->start.defined()) prepared_->start = at::zeros_like(weights);
  const at::Tensor start = command.pulled ? prepared_->start : at::Tensor();
  for (const at::Tensor& tensor : ReplicaTensors(weights, start, *optimizer_))
    ACCORD_RETURN_IF_ERROR(group_->Broadcast(tensor));
  optimizer_->SetSteps(command.steps);
  return {};
}

Status GroupWorker::Step(const Command& command, std::span<const std::uint64_t> rows) {
  if (optimizer_ == nullptr) return Fail(errors::kWorkersLost, "a step before there are weights");
  Learner& learner = *prepared_->parts.learner;
  optimizer_->ZeroGradients();
  ACCORD_RETURN_IF_ERROR(AddShare(learner, prepared_->parts.job.inner, rows, {options_.rank, options_.size}));
  ACCORD_RETURN_IF_ERROR(group_->Sum(learner.gradients()));
  optimizer_->Limit(prepared_->start, prepared_->shared);
  optimizer_->Step(command.rate);
  return {};
}

Status GroupWorker::Compare() {
  at::Tensor crcs = at::zeros({static_cast<std::int64_t>(options_.size)}, at::kLong);
  crcs[options_.rank] = static_cast<std::int64_t>(WeightsCrc(prepared_->parts.learner->weights()));
  return group_->Sum(crcs);
}

Status WorkForNode(const TorchOptions& options, const ReadPlan& read) {
  ACCORD_ASSIGN_OR_RETURN(Machine machine, Guard("starting libtorch", [&] { return FindMachine(options); }));
  const GroupOptions group = *options.group;
  GroupWorker worker(std::move(machine), read);
  std::optional<bool> here;  // the node; as last logged
  for (;; PauseOnce()) {
    const Result<std::unique_ptr<GroupStore>> store = GroupStore::Open(group, kReach);
    Status status = store.status();
    if (store.ok()) {
      if (here != true)
        LogInfo("worker.ready", {{"rank", std::to_string(group.rank)}, {"of", std::to_string(group.size)}});
      here = true;
      const Result<bool> ended = worker.Serve(**store);
      if (ended.ok() && *ended) return {};
      status = ended.status();
    }
    if (status.error() == errors::kWorkersMismatch.id) return status;
    if (status.ok()) continue;  // nothing to do for a while
    if (here != false) LogWarn("worker.node_away", {{"why", status.message()}});
    here = false;
  }
}

}  // namespace accord::trainer
