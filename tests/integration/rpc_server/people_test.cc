#include <gtest/gtest.h>

#include <thread>

#include "rpc/registry_view.h"
#include "tests/integration/rpc_server/federation.h"

namespace accord::rpc::testing {
namespace {

class PeopleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    federation_.Start();
    ada_ = federation_.Person(Role::kOperator, "ada");
  }
  Federation federation_;
  std::unique_ptr<OperatorClient> ada_;
  const Bytes token_ = Bytes(16, 't');
};

TEST_F(PeopleTest, EveryCallReachesItsHandlerAndComesBack) {
  const auto job = ada_->SubmitJob(AsBytes("digits"), token_);
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->name, "digits");
  EXPECT_EQ(job->submitter, Federation::SpiffeOf(Role::kOperator, "ada"));
  EXPECT_EQ(ada_->ValidateJob(AsBytes("plan"))->parameters, 5U);
  EXPECT_EQ(ada_->GetJob("digits")->name, "digits");
  EXPECT_EQ(AsText(ada_->GetPlan("digits")->plan), "digits");
  EXPECT_EQ(ada_->ListJobs()->size(), 2U);
  EXPECT_EQ(ada_->CancelJob("digits", "enough")->reason.message(), "enough");
  EXPECT_EQ(ada_->PauseJob("p")->name, "p");
  EXPECT_EQ(ada_->ResumeJob("q", false)->name, "q");
  EXPECT_EQ(ada_->ResumeJob("q", true)->name, "q-free");
  EXPECT_EQ(ada_->Invite("berlin", "node", Millis(77))->expires, TimePoint(Millis(77)));
  EXPECT_EQ(ada_->ListMembers()->size(), 2U);
  EXPECT_TRUE(ada_->SuspendMember("spiffe://x/node/y", true)->suspended);
  EXPECT_EQ(ada_->ListNodes()->size(), 3U);
  EXPECT_EQ(ada_->GetNode("berlin")->name, "berlin");
  EXPECT_EQ(ada_->ListModels()->size(), 1U);
  EXPECT_EQ(ada_->Renew("csr")->certificate_pem, "csr");
  EXPECT_EQ(ada_->GetRegistry(std::nullopt)->version, 1U);
  EXPECT_EQ(federation_.identity.asked.Next().value(), std::nullopt);
  // A coordinator that serves another registry than the one that was asked for is not believed.
  const Digest hash = rpc::ToRegistry(federation_.identity.registry)->Hash();
  EXPECT_TRUE(ada_->GetRegistry(hash).ok());
  EXPECT_EQ(federation_.identity.asked.Next().value(), hash);
  EXPECT_EQ(ada_->GetRegistry(Digest()).status().error(), "registry.untrusted");
}

TEST_F(PeopleTest, AnErrorComesBackWithItsLinesAndHint) {
  const auto job = ada_->SubmitJob(AsBytes("bad"), token_);
  EXPECT_EQ(job.status(), Fail(errors::kJobInvalid, "line 1: bad\nline 2: worse", "correct both"));
}

TEST_F(PeopleTest, RequestsAreChecked) {
  EXPECT_EQ(ada_->SubmitJob(AsBytes("digits"), Bytes(15, 't')).status().error(), "rpc.malformed");
  EXPECT_EQ(ada_->SubmitJob(Bytes(65'537, 'p'), token_).status().error(), "rpc.malformed");
  EXPECT_EQ(ada_->GetJob(std::string(129, 'r')).status().error(), "rpc.malformed");
  EXPECT_EQ(ada_->CancelJob("a", std::string(2'000, 'r')).status().error(), "rpc.malformed");
  EXPECT_EQ(ada_->WatchJob(std::string(129, 'r'), [](const JobView&) { return true; }).error(),
            "rpc.malformed");
}

TEST_F(PeopleTest, NoAnswerEndsAtItsBoundOrWhenStopped) {
  ASSERT_TRUE(ada_->GetJob("there").ok());  // connected, so that the bound is the call's alone
  EXPECT_EQ(ada_->GetJob("hang", {.timeout = Millis(2'000)}).status().error(), "net.timeout");
  std::stop_source stop;
  const auto first = federation_.people.hanging.Next();
  ASSERT_TRUE(first);
  std::optional<Reply<JobView>> second;
  {
    std::jthread stopper([&] {
      second = federation_.people.hanging.Next();  // the call has arrived
      stop.request_stop();
    });
    EXPECT_EQ(ada_->GetJob("hang", {.stop = stop.get_token()}).status().error(), "net.cancelled");
  }
  ASSERT_TRUE(second);
  (*first)(FakePeople::View("late"));  // nobody waits for it; the server may forget the call
  (*second)(FakePeople::View("late"));
}

TEST_F(PeopleTest, AHangingCallDoesNotKeepTheServerFromStopping) {
  Inbox<Status> answers;
  std::jthread caller([&] { answers.Put(ada_->GetJob("hang").status()); });
  const auto late = federation_.people.hanging.Next();
  federation_.server->Stop(Millis(50));
  EXPECT_EQ(answers.Next()->error(), "net.draining");
  (*late)(FakePeople::View("late"));  // does nothing
}

TEST_F(PeopleTest, WatchShowsEachViewUntilTheJobIsOver) {
  std::vector<std::uint64_t> seen;
  std::jthread job([&] {
    const auto sink = *federation_.people.watchers.Next();
    JobView view = FakePeople::View("digits");
    view.rounds_done = 1;
    EXPECT_TRUE(sink->Push(view));
    view.rounds_done = 2;
    EXPECT_TRUE(sink->Push(view));
    sink->Finish({});
    EXPECT_FALSE(sink->Push(view));
  });
  const Status status = ada_->WatchJob("digits", [&](const JobView& view) {
    seen.push_back(view.rounds_done);
    return true;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back(), 2U);  // the first may have been overtaken
}

TEST_F(PeopleTest, ASlowWatcherGetsTheNewestView) {
  constexpr std::uint64_t kViews = 3'000;
  std::uint64_t last = 0, seen = 0;
  Inbox<bool> pushed;
  std::jthread job([&] {
    const auto sink = *federation_.people.watchers.Next();
    JobView view = FakePeople::View("digits");
    view.history.resize(400,
                        RoundResultView{.round = {1}});  // some tens of KiB: flow control holds most back
    for (std::uint64_t i = 1; i <= kViews; ++i) {
      view.rounds_done = i;
      EXPECT_TRUE(sink->Push(view));
    }
    sink->Finish({});
    pushed.Put(true);
  });
  const Status status = ada_->WatchJob("digits", [&](const JobView& view) {
    if (seen++ == 0) {
      EXPECT_TRUE(pushed.Next());  // reads nothing until all was pushed
    }
    EXPECT_GT(view.rounds_done, last);
    last = view.rounds_done;
    return true;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(last, kViews);
  EXPECT_LT(seen, kViews);
}

TEST_F(PeopleTest, AWatcherLeavesWhenItHasSeenEnoughOrIsStopped) {
  std::jthread job([&] {
    for (int i = 0; i < 2; ++i) (*federation_.people.watchers.Next())->Push(FakePeople::View("digits"));
  });
  EXPECT_TRUE(ada_->WatchJob("digits", [](const JobView&) { return false; }).ok());
  std::stop_source stop;
  const auto stops = [&](const JobView&) {
    stop.request_stop();
    return true;
  };
  EXPECT_EQ(ada_->WatchJob("digits", stops, {.stop = stop.get_token()}).error(), "net.cancelled");
  EXPECT_TRUE(ada_->WatchJob("", stops).ok());  // over already
}

TEST_F(PeopleTest, LogsComeWholeAndInOrder) {
  int next = 0;
  const auto each = [&](const LogLineView& line) {
    EXPECT_EQ(line.text, std::to_string(next++));
    return true;
  };
  ASSERT_TRUE(ada_->JobLogs("digits", false, each).ok());
  EXPECT_EQ(next, 1'000);
}

TEST_F(PeopleTest, FollowedLogsEndWhenTheServerDrains) {
  std::jthread drain([&] {
    (void)federation_.people.readers.Next();
    federation_.server->Drain();
  });
  EXPECT_EQ(ada_->JobLogs("digits", true, [](const LogLineView&) { return true; }).error(), "net.draining");
}

}  // namespace
}  // namespace accord::rpc::testing
