// Several processes that train together, here as threads of one: what the node's trainer comes to with
// workers, and what it says when they are not what they should be.
#include "trainer/group.h"

#include <ATen/core/ivalue.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/free_port.h"
#include "tests/unit/trainer/text_fixture.h"
#include "trainer/group_words.h"
#include "trainer/process_group.h"

namespace accord::trainer {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

class GroupTest : public TextJobTest {
 protected:
  GroupTest() {
    job_.plan = "the plan";
    job_.inner.accumulate = 2;
    job_.round.count = 8;
  }
  ~GroupTest() override { EndAll(); }

  [[nodiscard]] TorchOptions Options(std::uint32_t rank, std::uint32_t size) const {
    return {.threads = 1,
            .device = Device::kCpu,
            .checkpoint_interval = std::chrono::hours(1),
            .progress_interval = std::chrono::milliseconds(0),
            .cache = directory_ / "cache",
            .group = GroupOptions{.rank = rank,
                                  .size = size,
                                  .host = "127.0.0.1",
                                  .port = port_,
                                  .prefix = "secret",
                                  .interface = "lo",
                                  .timeout = timeout_,
                                  .idle = idle_}};
  }
  // The node's trainer, as rank 0 of `size`; its workers are told when it goes.
  std::unique_ptr<Trainer> Node(std::uint32_t size) {
    port_ = accord::testing::FreePort();
    auto factory = MakeTorchTrainerFactory(Options(0, size));
    EXPECT_TRUE(factory.ok()) << Describe(factory.status());
    auto made = (*factory)->Create(job_, data_);
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    parameters_ = (*made)->Layout().size;
    return std::move(made).value();
  }
  void StartWorker(std::uint32_t rank, std::uint32_t size, ReadPlan read = {}) {
    if (!read)
      read = [this](const std::string& plan) -> Result<WorkerTask> {
        EXPECT_EQ(plan, "the plan");
        return WorkerTask{job_, data_};
      };
    workers_.push_back(std::async(
        std::launch::async, [options = Options(rank, size), read] { return WorkForNode(options, read); }));
  }
  // What the workers' lives came to, when the node has gone.
  std::vector<Status> EndAll() {
    std::vector<Status> ends;
    for (std::future<Status>& worker : workers_) ends.push_back(worker.get());
    workers_.clear();
    return ends;
  }
  // The weights after `rounds` rounds of a node with workers; size 1: alone.
  std::vector<float> Rounds(std::uint32_t size, std::uint64_t rounds) {
    std::unique_ptr<Trainer> trainer = size > 1 ? Node(size) : Make();
    for (std::uint32_t rank = 1; rank < size; ++rank) StartWorker(rank, size);
    std::vector<float> weights = Start(*trainer);
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      weights =
          Round(*trainer, round, weights, {.state = directory_ / ("state" + std::to_string(++states_))});
    }
    trainer = nullptr;
    for (const Status& end : EndAll()) EXPECT_TRUE(end.ok()) << Describe(end);
    return weights;
  }
  Status TrainFails(Trainer& trainer, TrainRequest request = {}) {
    const std::vector<float> start = Start(trainer);
    std::vector<float> result(start.size());
    request.round = 1;
    request.weights = start;
    request.result = result;
    const auto outcome = trainer.Train(request);
    EXPECT_FALSE(outcome.ok());
    return outcome.status();
  }
  // A worker of two that takes part in so many exchanges of the first order, of weights and then of steps,
  // adds nothing to a sum, and is gone.
  void DieAfter(std::size_t exchanges) {
    const GroupOptions options = *Options(1, 2).group;
    auto store = GroupStore::Open(options, std::chrono::seconds(20));
    ASSERT_TRUE(store.ok()) << Describe(store.status());
    ASSERT_TRUE((*store)->Await("order/1", std::chrono::seconds(20)).ok());
    ASSERT_TRUE((*store)->Set("answer/1/1", Encode(Answer{"here", 7, "", ""})).ok());
    const auto go = (*store)->Await("go/1", std::chrono::seconds(20));
    ASSERT_TRUE(go.ok());
    auto group = ProcessGroup::Meet(**store, options, DecodeStart(*go)->group);
    ASSERT_TRUE(group.ok()) << Describe(group.status());
    const at::Tensor words =
        at::zeros({static_cast<std::int64_t>(Command::kWords + job_.inner.batch)}, at::kLong);
    const at::Tensor vector = at::zeros({static_cast<std::int64_t>(parameters_)}, at::kFloat);
    const std::vector<at::Tensor> all{words, vector, vector, vector,
                                      words};  // AdamW has two vectors of state
    for (std::size_t i = 0; i < exchanges; ++i) ASSERT_TRUE((*group)->Broadcast(all[i]).ok());
    ASSERT_TRUE((*store)->Set("why/1/1", AsBytes("out of luck")).ok());
  }

  std::uint16_t port_ = 0;
  std::uint64_t parameters_ = 0;
  std::chrono::milliseconds timeout_{20'000}, idle_{60'000};
  int states_ = 0;
  std::vector<std::future<Status>> workers_;
};

TEST_F(GroupTest, ComesToTheWeightsOfOneProcess) {
  job_.inner.optimizer = OptimizerKind::kSgd;  // Adam makes much of the last bits of small gradients
  job_.inner.momentum = 0.9;
  const std::vector<float> alone = Rounds(1, 2), two = Rounds(2, 2), three = Rounds(3, 2);
  EXPECT_THAT(two, Pointwise(FloatNear(1e-6F), alone));
  EXPECT_THAT(three, Pointwise(FloatNear(1e-6F), alone));
  EXPECT_NE(two, three) << "sums in another order";
}

TEST_F(GroupTest, GivesTheSameBitsAgain) {
  EXPECT_EQ(Rounds(2, 2), Rounds(2, 2));
  EXPECT_EQ(Rounds(3, 1), Rounds(3, 1));
}

TEST_F(GroupTest, HasMoreProcessesThanExamples) {
  job_.inner.batch = 2;
  const std::vector<float> alone = Rounds(1, 1);
  EXPECT_THAT(Rounds(4, 1), Pointwise(FloatNear(1e-4F), alone));
}

TEST_F(GroupTest, KnowsEveryWayToTrain) {
  job_.inner.optimizer = OptimizerKind::kSgd;
  job_.inner.momentum = 0.9;
  const JobSpec plain = job_;
  const auto check = [&](const char* what, const std::function<void()>& change) {
    job_ = plain;
    change();
    const std::vector<float> alone = Rounds(1, 3);
    EXPECT_THAT(Rounds(2, 3), Pointwise(FloatNear(1e-5F), alone)) << what;
  };
  check("proximal", [&] { job_.inner.proximal = 0.1; });
  check("kept state", [&] { job_.inner.keep_state = true; });
  check("Ditto", [&] { job_.personal = {.kind = PersonalKind::kDitto, .lambda = 0.5, .local_steps = 3}; });
  check("FedPer", [&] { job_.personal = {.kind = PersonalKind::kFedPer, .tensors = {"model.norm"}}; });
  check("streaming", [&] { job_.streaming = {.fragments = 2, .delay = 1, .alpha = 0.5}; });
}

TEST_F(GroupTest, WaitsForWorkersNoLongerThanItsTimeout) {
  timeout_ = std::chrono::milliseconds(300);
  const std::unique_ptr<Trainer> trainer = Node(3);
  const Status status = TrainFails(*trainer);
  EXPECT_EQ(status.error(), errors::kWorkersMissing.id);
  EXPECT_THAT(status.message(), HasSubstr("rank 1, 2 of 3 processes"));
}

TEST_F(GroupTest, GoesOnWhenTheWorkersAreThere) {
  timeout_ = std::chrono::milliseconds(3'000);  // of each exchange, too, once they are there
  std::unique_ptr<Trainer> trainer = Node(2);
  EXPECT_EQ(TrainFails(*trainer).error(), errors::kWorkersMissing.id);
  StartWorker(1, 2);
  std::vector<float> weights = Start(*trainer);
  for (int attempt = 0; attempt < 20; ++attempt) {  // the worker has 3 s each time to find the node
    std::vector<float> result(weights.size());
    const auto trained = trainer->Train({.round = 1, .weights = weights, .result = result});
    if (!trained.ok() && trained.status().error() == errors::kWorkersMissing.id) continue;
    ASSERT_TRUE(trained.ok()) << Describe(trained.status());
    weights = result;
    break;
  }
  trainer = nullptr;
  EndAll();
  timeout_ = std::chrono::seconds(20);
  EXPECT_EQ(weights, Rounds(2, 1));
}

TEST_F(GroupTest, StopsWhileItWaits) {
  const std::unique_ptr<Trainer> trainer = Node(2);
  std::stop_source stop;
  std::jthread stopping([&] { stop.request_stop(); });
  EXPECT_EQ(TrainFails(*trainer, {.stop = stop.get_token()}).error(), errors::kTaskStopped.id);
}

TEST_F(GroupTest, TakesAStepAgainWhenALostWorkerIsBack) {
  const std::vector<float> undisturbed = Rounds(2, 1);
  for (const std::size_t exchanges : {0U, 2U, 5U}) {  // before the weights, with a part of them, in a step
    std::unique_ptr<Trainer> trainer = Node(2);
    std::jthread first([&] {
      DieAfter(exchanges);
      StartWorker(1, 2);
    });
    const std::vector<float> weights = Round(*trainer, 1, Start(*trainer));
    first.join();
    trainer = nullptr;
    EndAll();
    EXPECT_EQ(weights, undisturbed) << exchanges;
  }
}

TEST_F(GroupTest, GivesUpAWorkerThatDoesNotComeBackAndKeepsItsSteps) {
  const std::vector<float> undisturbed = Rounds(2, 1);
  timeout_ = std::chrono::milliseconds(5'000);  // for the first to come, too, and to meet the node
  std::unique_ptr<Trainer> trainer = Node(2);
  std::jthread dying([&] { DieAfter(0); });
  const TrainRequest request{.checkpoint = directory_ / "round-1"};
  EXPECT_EQ(TrainFails(*trainer, request).error(), errors::kWorkersMissing.id);
  dying.join();
  EXPECT_TRUE(std::filesystem::exists(request.checkpoint / "training.ckpt"));
  timeout_ = std::chrono::seconds(20);
  trainer = nullptr;
  trainer = Node(2);
  StartWorker(1, 2);
  EXPECT_EQ(Round(*trainer, 1, Start(*trainer), request), undisturbed);
  trainer = nullptr;
}

TEST_F(GroupTest, RefusesAWorkerWithOtherData) {
  std::unique_ptr<Trainer> trainer = Node(2);
  DatasetConfig other = data_;
  other.path = directory_ / "other.txt";
  std::ofstream(other.path) << std::string(kTextBytes, 'x');
  std::atomic<bool> repaired = false;
  StartWorker(1, 2, [&](const std::string&) -> Result<WorkerTask> {
    return WorkerTask{job_, repaired ? data_ : other};
  });
  const Status status = TrainFails(*trainer);
  EXPECT_EQ(status.error(), errors::kWorkersMismatch.id);
  EXPECT_THAT(status.message(), HasSubstr("rank 1 on "));
  EXPECT_THAT(status.message(), HasSubstr("not those of the node"));
  repaired = true;
  const std::vector<float> weights = Round(*trainer, 1, Start(*trainer));
  trainer = nullptr;
  EndAll();
  EXPECT_EQ(weights, Rounds(2, 1));
}

TEST_F(GroupTest, SaysWhyAWorkerCannotPrepareTheJob) {
  std::unique_ptr<Trainer> trainer = Node(2);
  StartWorker(1, 2, [&](const std::string&) -> Result<WorkerTask> {
    DatasetConfig none = data_;
    none.path = directory_ / "none.txt";
    return WorkerTask{job_, none};
  });
  const Status status = TrainFails(*trainer);
  EXPECT_EQ(status.error(), errors::kWorkersMismatch.id);
  EXPECT_THAT(status.message(), HasSubstr("data.missing"));
  trainer = nullptr;
}

TEST_F(GroupTest, AWorkerOfAnotherGroupEnds) {
  timeout_ = std::chrono::milliseconds(500);
  std::unique_ptr<Trainer> trainer = Node(3);
  StartWorker(1, 2);
  for (int attempt = 0; attempt < 40; ++attempt) {
    (void)TrainFails(*trainer);
    if (workers_[0].wait_for(std::chrono::seconds(0)) == std::future_status::ready) break;
  }
  const Status end = EndAll()[0];
  EXPECT_EQ(end.error(), errors::kWorkersMismatch.id);
  EXPECT_THAT(end.message(), HasSubstr("one of 2 processes, the node as one of 3"));
}

TEST_F(GroupTest, AWorkerOfAnotherVersionEnds) {
  port_ = accord::testing::FreePort();
  auto store = GroupStore::Open(*Options(0, 2).group, std::chrono::seconds(20));
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->Set("order/1", Encode(Order{.version = "99.1", .plan = {}})).ok());
  ASSERT_TRUE((*store)->Add("orders", 1).ok());
  StartWorker(1, 2);
  const Status end = EndAll()[0];
  EXPECT_EQ(end.error(), errors::kWorkersMismatch.id);
  EXPECT_THAT(end.message(), HasSubstr("the node of 99.1"));
  // The worker ends when it has sent it, not when it is there.
  const auto told = (*store)->Await("answer/1/1", std::chrono::seconds(20));
  ASSERT_TRUE(told.ok()) << Describe(told.status());
  EXPECT_THAT(DecodeAnswer(*told)->refusal, HasSubstr("99.1"));
}

TEST_F(GroupTest, WhoDoesNotKnowTheKeyDoesNotMeetTheNode) {
  timeout_ = std::chrono::milliseconds(300);
  const std::unique_ptr<Trainer> trainer = Node(2);
  GroupOptions stranger = *Options(1, 2).group;
  stranger.prefix = "guessed";
  auto store = GroupStore::Open(stranger, std::chrono::seconds(20));
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->Set("answer/1/1", Encode(Answer{"x", 1, "", ""})).ok());
  EXPECT_EQ(TrainFails(*trainer).error(), errors::kWorkersMissing.id);
  const auto order = (*store)->Find("orders");
  ASSERT_TRUE(order.ok());
  EXPECT_FALSE(order->has_value());
}

TEST_F(GroupTest, AWorkerThatHeardNothingForLongConnectsAgain) {
  idle_ = std::chrono::milliseconds(1'000);
  std::unique_ptr<Trainer> trainer = Node(2);
  StartWorker(1, 2);
  auto store = GroupStore::Open(*Options(1, 2).group, std::chrono::seconds(20));
  ASSERT_TRUE(store.ok());
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);;) {
    const auto connections = (*store)->Add("here", 0);
    ASSERT_TRUE(connections.ok());
    if (*connections >= 2) break;
    ASSERT_LT(std::chrono::steady_clock::now(), end);
  }
  const std::vector<float> weights = Round(*trainer, 1, Start(*trainer));
  trainer = nullptr;
  EXPECT_TRUE(EndAll()[0].ok());
  EXPECT_EQ(weights, Rounds(2, 1));
}

TEST_F(GroupTest, TwoNodesCannotListenAtOnePlace) {
  const std::unique_ptr<Trainer> trainer = Node(2);
  EXPECT_EQ(MakeTorchTrainerFactory(Options(0, 2)).status().error(), errors::kNetListen.id);
}

TEST(GroupWordsTest, ComeBackAsTheyWere) {
  const Order order = *DecodeOrder(Encode(Order{"0.1.0", 4, 2, 77, "plan"}));
  EXPECT_EQ(std::tie(order.version, order.size, order.threads, order.data, order.plan),
            std::make_tuple("0.1.0", 4U, 2U, 77U, "plan"));
  const Answer answer = *DecodeAnswer(Encode(Answer{"host", 9, "group", "why"}));
  EXPECT_EQ(std::tie(answer.host, answer.instance, answer.group, answer.refusal),
            std::make_tuple("host", 9U, "group", "why"));
  const Start start = *DecodeStart(Encode(Start{"group", {3, 1ULL << 63}}));
  EXPECT_EQ(start.group, "group");
  EXPECT_EQ(start.instances, (std::vector<std::uint64_t>{3, 1ULL << 63}));
  std::vector<std::int64_t> words(Command::kWords);
  Command{.kind = Command::kLoad, .own = true, .pulled = true, .steps = 12, .rate = 0.1}.Put(words);
  const Command command = Command::Take(words);
  EXPECT_EQ(std::tie(command.kind, command.own, command.pulled, command.steps, command.rate),
            std::make_tuple(Command::kLoad, true, true, 12U, 0.1));
}

TEST(GroupWordsTest, RefusesWhatIsShortOrLong) {
  const auto refuses = [](Bytes bytes, auto decode) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode(ByteView(bytes).first(size))) << size;
    }
    bytes.push_back(0);
    EXPECT_FALSE(decode(bytes));
  };
  refuses(Encode(Order{"0.1.0", 4, 2, 77, "plan"}), DecodeOrder);
  refuses(Encode(Answer{"host", 9, "group", ""}), DecodeAnswer);
  refuses(Encode(Start{"group", {3}}), DecodeStart);
}

}  // namespace
}  // namespace accord::trainer
