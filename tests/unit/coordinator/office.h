// The jobs of a coordinator on a clock that the test turns, with nodes whose every word the test says: no
// network, no threads, a journal in memory.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>
//
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "coordinator/jobs.h"
#include "store/members.h"
#include "tests/support/temp_dir.h"

namespace accord::coordinator {

// Everything is durable at once.
class MemoryJournal final : public driver::Journal {
 public:
  void Write(std::vector<driver::Append> batch, Done done, driver::LinePtr) override {
    WriteSoon(std::move(batch), nullptr);
    done({});
  }
  void WriteSoon(std::vector<driver::Append> batch, driver::LinePtr) override {
    for (driver::Append& append : batch) streams_[append.stream].push_back(std::move(append.record));
  }
  Result<std::vector<Bytes>> Read(const std::string& stream) override { return streams_[stream]; }
  Result<std::vector<std::string>> Streams(const std::string&) override {
    std::vector<std::string> names;
    for (const auto& [name, records] : streams_) names.push_back(name);
    return names;
  }

 private:
  std::map<std::string, std::vector<Bytes>> streams_;
};

class HandTiming final : public Timing, public Clock {
 public:
  [[nodiscard]] SteadyTime Steady() const override { return SteadyTime(now_); }
  [[nodiscard]] TimePoint Now() const override { return TimePoint(Millis(1'900'000'000'000)) + now_; }
  [[nodiscard]] std::unique_ptr<Timer> NewTimer(const JobStrand& strand) override {
    return std::make_unique<HandTimer>(*this, strand);
  }
  // The next timer that is due within `most` fires at its time; false: none is, and the time has passed.
  bool Pass(Millis until) {
    HandTimer* next = nullptr;
    for (HandTimer* timer : timers_) {
      if (timer->at && *timer->at <= until && (next == nullptr || *timer->at < *next->at)) next = timer;
    }
    if (next == nullptr) {
      now_ = until;
      return false;
    }
    now_ = std::max(now_, *std::exchange(next->at, {}));
    boost::asio::post(next->strand, std::move(next->fire));
    return true;
  }
  [[nodiscard]] Millis now() const { return now_; }

 private:
  struct HandTimer final : Timer {
    HandTimer(HandTiming& t, JobStrand s) : timing(t), strand(std::move(s)) {
      timing.timers_.push_back(this);
    }
    ~HandTimer() override { std::erase(timing.timers_, this); }
    void Arm(Millis after, std::function<void()> f) override {
      at = timing.now_ + after;
      fire = std::move(f);
    }
    void Cancel() override { at.reset(); }
    HandTiming& timing;
    const JobStrand strand;
    std::optional<Millis> at;
    std::function<void()> fire;
  };
  Millis now_{0};
  std::vector<HandTimer*> timers_;
};

class Office {
 public:
  struct Link final : rpc::SessionLink {
    void Send(rpc::ToNode message) override { told.push_back(std::move(message)); }
    void Close(Status) override {}
    std::deque<rpc::ToNode> told;
  };
  struct Lab {
    rpc::Peer peer;
    std::shared_ptr<Link> link = std::make_shared<Link>();
    std::shared_ptr<rpc::SessionEvents> events;
  };

  Office() {
    config_.security.allow_unmasked = true;
    config_.uploads.slots = 1;
    config_.store.state = dir_.path();
    table_ = *store::Members::Open(dir_ / "members.db");
    registries_ = *RegistryBook::Open(dir_ / "registry", *table_);
    reserve_ = *store::Reserve::Open(dir_ / "reserve", 4096);
    blobs_ = *store::Blobs::Open(dir_ / "blobs");
    spools_ = *store::SpoolPool::Open({.directory = dir_ / "spool", .memory_budget = 64 << 20});
    refs_ = std::make_unique<BlobRefs>(*blobs_);
    services_.reset(new Services{config_, timing_, timing_, io_, io_.get_executor(), journal_, *blobs_,
                                 *spools_, *reserve_, sessions_, *refs_, *registries_, metrics_,
                                 [this] {
                                   if (jobs_) jobs_->Reschedule();
                                 },
                                 [](const Status& status) { ADD_FAILURE() << Describe(status); }});
    jobs_ = std::make_unique<Jobs>(*services_);
    sessions_.Listen(jobs_.get());
  }
  ~Office() {
    jobs_ = nullptr;
    Settle();
  }

  // All that is to be done now.
  void Settle() {
    io_.restart();
    while (io_.poll() > 0) io_.restart();
  }
  void Pass(Millis time) {
    for (const Millis until = timing_.now() + time; timing_.Pass(until);) Settle();
    Settle();
  }
  Lab& Connect(const std::string& name) {
    Lab& lab = labs_[name];
    const std::string id = "spiffe://t/node/" + name;
    lab.peer = {.spiffe_id = id, .role = rpc::Role::kNode, .name = name, .node = {}};
    lab.peer.node.bytes.fill(static_cast<std::uint8_t>(name[0]));
    lab.events = sessions_.OnSession(lab.peer, lab.link);
    lab.events->OnMessage(rpc::Hello{1, 1, "v", "d", {}});
    Settle();
    Say(name, rpc::Prepared{job_, {}});
    return lab;
  }
  void Disconnect(const std::string& name) {
    labs_[name].events->OnEnd({});
    Settle();
  }
  void Say(const std::string& name, rpc::FromNode message) {
    labs_[name].events->OnMessage(std::move(message));
    Settle();
  }
  // Whether a node was told this since it was last asked.
  template <class Message>
  std::optional<Message> Told(const std::string& name) {
    std::optional<Message> found;
    for (rpc::ToNode& message : std::exchange(labs_[name].link->told, {})) {
      if (auto* it = std::get_if<Message>(&message)) found = std::move(*it);
    }
    return found;
  }
  void Submit(const std::string& text) {
    jobs_->Submit(
        {.spiffe_id = "spiffe://t/operator/o", .role = rpc::Role::kOperator, .name = "o", .node = {}},
        Bytes(text.begin(), text.end()), Bytes(16, 7), [&](Result<rpc::JobView> job) {
          ASSERT_TRUE(job.ok()) << Describe(job.status());
          job_ = job->id;
        });
    Settle();
  }
  // Why a job is not taken; ok: it is.
  Status Refusal(const std::string& text) {
    Status why;
    jobs_->Submit(
        {.spiffe_id = "spiffe://t/operator/o", .role = rpc::Role::kOperator, .name = "o", .node = {}},
        Bytes(text.begin(), text.end()), Bytes(16, 8),
        [&](const Result<rpc::JobView>& job) { why = job.status(); });
    Settle();
    return why;
  }
  rpc::JobView View() {
    std::optional<rpc::JobView> view;
    jobs_->All().front()->View([&](Result<rpc::JobView> job) { view = *std::move(job); });
    Settle();
    return *view;
  }
  rpc::NodeProgressView Node(const std::string& name) {
    const rpc::JobView view = View();
    for (const rpc::NodeProgressView& node : view.current->nodes) {
      if (node.name == name) return node;
    }
    return {};
  }
  // "event node: text" of each line that has this event.
  std::vector<std::string> Log(const std::string& event) {
    struct Lines final : rpc::Sink<rpc::LogLineView> {
      bool Push(rpc::LogLineView line) override {
        lines.push_back(std::move(line));
        return true;
      }
      void Finish(Status) override {}
      [[nodiscard]] bool Cancelled() const override { return false; }
      std::vector<rpc::LogLineView> lines;
    };
    const auto sink = std::make_shared<Lines>();
    jobs_->All().front()->Logs(false, sink);
    Settle();
    std::vector<std::string> found;
    for (const rpc::LogLineView& line : sink->lines) {
      if (line.event == event) found.push_back(line.node + ": " + line.text);
    }
    return found;
  }
  // As PutUpdate does when a stream begins.
  std::shared_ptr<rpc::UploadSink> Open(const std::string& name, RoundId round, std::uint64_t words) {
    std::shared_ptr<rpc::UploadSink> opened;
    jobs_->OpenUpload(labs_[name].peer, {job_, round, {0}}, words,
                      [&](Result<std::shared_ptr<rpc::UploadSink>> sink) {
                        ASSERT_TRUE(sink.ok()) << Describe(sink.status());
                        opened = *sink;
                      });
    Settle();
    return opened;
  }
  [[nodiscard]] JobId job() const { return job_; }
  [[nodiscard]] const std::filesystem::path& state() const { return dir_.path(); }

 private:
  testing::TempDir dir_;
  config::CoordinatorConfig config_;
  HandTiming timing_;
  boost::asio::io_context io_{1};
  MemoryJournal journal_;
  Sessions sessions_{timing_, Millis(15'000)};
  web::Metrics metrics_;
  std::unique_ptr<store::Members> table_;
  std::unique_ptr<RegistryBook> registries_;
  std::unique_ptr<store::Reserve> reserve_;
  std::unique_ptr<store::Blobs> blobs_;
  std::unique_ptr<store::SpoolPool> spools_;
  std::unique_ptr<BlobRefs> refs_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Jobs> jobs_;
  std::map<std::string, Lab> labs_;
  JobId job_;
};

}  // namespace accord::coordinator
