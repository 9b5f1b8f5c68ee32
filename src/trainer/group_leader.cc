#include "trainer/group_leader.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "accord/version.h"
#include "base/errors.h"
#include "base/log.h"
#include "trainer/learner.h"

namespace accord::trainer {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kListen{30'000};   // for the store to answer
constexpr std::chrono::milliseconds kLook{10};         // between two looks for answers
constexpr std::chrono::milliseconds kSayAfter{5'000};  // who is awaited
constexpr std::chrono::milliseconds kFarewell{2'000};  // for workers to hear that the node has ended

void Pause(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, kLook, [] { return false; });
}

// "rank 1, 3", of those without an answer.
std::string Missing(const std::vector<std::optional<Answer>>& answers) {
  std::string ranks;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) ranks += (ranks.empty() ? "rank " : ", ") + std::to_string(i + 1);
  }
  return ranks;
}

}  // namespace

Result<std::shared_ptr<GroupLeader>> GroupLeader::Open(const GroupOptions& options) {
  ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<GroupStore> store, GroupStore::Open(options, kListen));
  ACCORD_ASSIGN_OR_RETURN(const std::int64_t orders, store->Add("orders", 0));
  return std::shared_ptr<GroupLeader>(new GroupLeader(options, std::move(store), orders));
}

GroupLeader::GroupLeader(const GroupOptions& options, std::unique_ptr<GroupStore> store, std::int64_t orders)
    : options_(options),
      store_(std::move(store)),
      order_(orders),
      instance_(std::to_string(std::random_device()()) + "." + std::to_string(std::random_device()())) {}

GroupLeader::~GroupLeader() {
  Release();
  ++order_;
  const Order farewell{.version = std::string(accord::kVersion), .plan = {}};
  if (!store_->Set(Key("order"), Encode(farewell)).ok() || !store_->Add("orders", 1).ok()) return;
  const Result<std::int64_t> here = store_->Add("here", 0);
  const std::int64_t awaited = here.ok() ? std::min<std::int64_t>(*here, options_.size - 1) : 0;
  for (const auto end = SteadyClock::now() + kFarewell; SteadyClock::now() < end; Pause({})) {
    const Result<std::int64_t> left = store_->Add("left", 0);
    if (!left.ok() || *left >= awaited) return;
  }
}

std::string GroupLeader::Key(const char* what, std::uint32_t rank) const {
  return what + ("/" + std::to_string(order_)) + (rank > 0 ? "/" + std::to_string(rank) : "");
}

Status GroupLeader::Gather(const Job& job, const std::stop_token& stop) {
  Release();
  ACCORD_RETURN_IF_ERROR(GiveOrder(job));
  Result<std::vector<Answer>> answers = AwaitAnswers(stop);
  ACCORD_RETURN_IF_ERROR(store_->Remove(Key("order")));
  Status status = answers.status();
  for (std::uint32_t rank = 1; status.ok() && rank < options_.size; ++rank) {
    const Answer& answer = (*answers)[rank - 1];
    if (answer.refusal.empty()) continue;
    status =
        Fail(errors::kWorkersMismatch, "rank " + std::to_string(rank) + " on " + Printable(answer.host, 64) +
                                           ": " + Printable(answer.refusal));
  }
  if (!status.ok()) {
    (void)store_->Set(Key("go"), Encode(Start{}));
    return status;
  }
  ACCORD_RETURN_IF_ERROR(Checked(Begin(*answers)));
  command_ = at::zeros({static_cast<std::int64_t>(Command::kWords + job.batch)}, at::kLong);
  working_ = true;
  LogDebug("trainer.workers_gathered", {{"order", std::to_string(order_)}});
  return {};
}

Status GroupLeader::GiveOrder(const Job& job) {
  for (std::uint32_t rank = 1; rank < options_.size; ++rank) {  // of the order before
    ACCORD_RETURN_IF_ERROR(store_->Remove(Key("answer", rank)));
    ACCORD_RETURN_IF_ERROR(store_->Remove(Key("why", rank)));
  }
  ACCORD_RETURN_IF_ERROR(store_->Remove(Key("go")));
  ++order_;
  const Order order{.version = std::string(accord::kVersion),
                    .size = options_.size,
                    .threads = job.threads,
                    .data = job.data,
                    .plan = job.plan};
  ACCORD_RETURN_IF_ERROR(store_->Set(Key("order"), Encode(order)));
  return store_->Add("orders", 1).status();
}

Result<std::vector<Answer>> GroupLeader::AwaitAnswers(const std::stop_token& stop) {
  std::vector<std::optional<Answer>> answers(options_.size - 1);
  const auto begin = SteadyClock::now();
  for (bool said = false;; Pause(stop)) {
    for (std::uint32_t rank = 1; rank < options_.size; ++rank) {
      if (answers[rank - 1]) continue;
      ACCORD_ASSIGN_OR_RETURN(const std::optional<Bytes> bytes, store_->Find(Key("answer", rank)));
      if (bytes) answers[rank - 1] = DecodeAnswer(*bytes);
    }
    const std::string missing = Missing(answers);
    if (missing.empty()) break;
    if (stop.stop_requested()) return StoppedDuring("waiting for workers");
    const auto waited = SteadyClock::now() - begin;
    if (waited > options_.timeout) {
      return Fail(errors::kWorkersMissing, missing + " of " + std::to_string(options_.size) +
                                               " processes did not come within " +
                                               FormatDuration(options_.timeout));
    }
    if (waited > kSayAfter && !std::exchange(said, true)) {
      LogInfo("trainer.workers_awaited", {{"who", missing}, {"for", FormatDuration(options_.timeout)}});
    }
  }
  std::vector<Answer> all;
  for (std::optional<Answer>& answer : answers) all.push_back(*std::move(answer));
  return all;
}

Status GroupLeader::Begin(const std::vector<Answer>& answers) {
  const bool together = group_ != nullptr && std::ranges::all_of(answers, [&](const Answer& answer) {
                          return answer.group == group_name_;
                        });
  if (!together) {
    group_ = nullptr;
    group_name_ = instance_ + "." + std::to_string(order_);
  }
  Start start{.group = group_name_, .instances = {}};
  for (const Answer& answer : answers) start.instances.push_back(answer.instance);
  ACCORD_RETURN_IF_ERROR(store_->Set(Key("go"), Encode(start)));
  if (together) return {};
  ACCORD_ASSIGN_OR_RETURN(group_, ProcessGroup::Meet(*store_, options_, group_name_));
  LogInfo("trainer.workers_here", {{"processes", std::to_string(options_.size)}});
  return {};
}

Status GroupLeader::Tell(const Command& command, std::span<const std::uint64_t> rows) {
  const std::span words(command_.data_ptr<std::int64_t>(), static_cast<std::size_t>(command_.numel()));
  command.Put(words);
  std::ranges::copy(rows, words.subspan(Command::kWords).begin());
  return group_->Broadcast(command_);
}

Status GroupLeader::Load(const Replica& replica) {
  const auto load = [&]() -> Status {
    ACCORD_RETURN_IF_ERROR(Tell({.kind = Command::kLoad,
                                 .own = replica.own,
                                 .pulled = replica.start.defined(),
                                 .steps = replica.optimizer.steps()}));
    for (const at::Tensor& tensor : ReplicaTensors(replica.weights, replica.start, replica.optimizer))
      ACCORD_RETURN_IF_ERROR(group_->Broadcast(tensor));
    return {};
  };
  return Checked(load());
}

Status GroupLeader::Begin(std::span<const std::uint64_t> rows, double rate) {
  in_step_ = true;
  return Checked(Tell({.kind = Command::kStep, .steps = rows.size(), .rate = rate}, rows));
}

Status GroupLeader::Sum(const at::Tensor& gradients) {
  ACCORD_RETURN_IF_ERROR(Checked(group_->Sum(gradients)));
  in_step_ = false;
  return {};
}

void GroupLeader::Compare(const at::Tensor& weights) {
  if (!working_ || in_step_) return;
  at::Tensor crcs = at::zeros({static_cast<std::int64_t>(options_.size)}, at::kLong);
  crcs[0] = static_cast<std::int64_t>(WeightsCrc(weights));
  const auto compare = [&]() -> Status {
    ACCORD_RETURN_IF_ERROR(Tell({.kind = Command::kCompare}));
    return group_->Sum(crcs);
  };
  if (const Status done = Checked(compare()); !done.ok()) {
    LogWarn("trainer.workers_lost", {{"why", done.message()}});
  } else if (!crcs.eq(crcs[0]).all().item<bool>()) {
    LogWarn("trainer.replicas_differ",
            {{"why", "the processes compute with other bits; machines of one kind would not"}});
  }
}

void GroupLeader::Release() {
  if (working_ && (in_step_ || !Tell({.kind = Command::kEnd}).ok())) group_ = nullptr;
  working_ = in_step_ = false;
}

Status GroupLeader::Checked(const Status& status) {
  if (status.ok()) return status;
  std::string why = status.message();
  for (std::uint32_t rank = 1; rank < options_.size; ++rank) {
    const Result<std::optional<Bytes>> told = store_->Find(Key("why", rank));
    if (told.ok() && *told) why += "; rank " + std::to_string(rank) + ": " + Printable(AsText(**told));
  }
  group_ = nullptr;
  working_ = in_step_ = false;
  return Fail(errors::kWorkersLost, why);
}

}  // namespace accord::trainer
