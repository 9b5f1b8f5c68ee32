#include "rpc/live_calls.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/errors.h"

namespace accord::rpc {
namespace {

struct FakeCall final : LiveCall {
  void EndSoon(const Status& status) override { soon = status; }
  void Cut(const Status& status) override { cut = status; }
  Status soon, cut;
};

const Status kGone = Fail(errors::kAuthRevoked, "revoked");

TEST(LiveCallsTest, CutsAllCallsOfOneIdentityOnly) {
  LiveCalls calls;
  const auto a = std::make_shared<FakeCall>(), b = std::make_shared<FakeCall>(),
             c = std::make_shared<FakeCall>();
  const auto ta = calls.Add("x", a), tb = calls.Add("x", b), tc = calls.Add("y", c);
  calls.CutPeer("x", kGone);
  EXPECT_EQ(a->cut, kGone);
  EXPECT_EQ(b->cut, kGone);
  EXPECT_TRUE(c->cut.ok());
}

TEST(LiveCallsTest, DrainEndsSoonWhatIsThereAndCutsWhatComes) {
  LiveCalls calls;
  const auto early = std::make_shared<FakeCall>(), late = std::make_shared<FakeCall>();
  const auto te = calls.Add("x", early);
  calls.Drain(kGone);
  EXPECT_EQ(early->soon, kGone);
  EXPECT_TRUE(early->cut.ok());
  const auto tl = calls.Add("x", late);
  EXPECT_EQ(late->cut, kGone);
}

TEST(LiveCallsTest, CutsTheCallsOfCertificatesThatHaveEnded) {
  LiveCalls calls;
  const auto over = std::make_shared<FakeCall>(), in_date = std::make_shared<FakeCall>(),
             without = std::make_shared<FakeCall>();
  const TimePoint end(Millis(1'000));
  const auto t1 = calls.Add("x", over, end), t2 = calls.Add("x", in_date, end + Millis(1)),
             t3 = calls.Add("", without);
  const auto why = [](const std::string& identity, TimePoint ends) {
    return Fail(errors::kAuthExpired, identity + " " + std::to_string(ends.time_since_epoch().count()));
  };
  calls.CutEnded(end, why);
  EXPECT_TRUE(over->cut.ok()) << "the end itself is in date";
  calls.CutEnded(end + Millis(1), why);
  EXPECT_EQ(over->cut.message(), "x 1000");
  EXPECT_TRUE(in_date->cut.ok());
  EXPECT_TRUE(without->cut.ok());
}

TEST(LiveCallsTest, ForgetsACallWithItsTicket) {
  LiveCalls calls;
  const auto a = std::make_shared<FakeCall>();
  { const auto ticket = calls.Add("x", a); }
  calls.CutPeer("x", kGone);
  EXPECT_TRUE(a->cut.ok());
  EXPECT_TRUE(calls.AwaitNone(Millis(0)));
}

TEST(LiveCallsTest, AwaitsTheLastCallWithinTheBound) {
  LiveCalls calls;
  auto ticket = calls.Add("x", std::make_shared<FakeCall>());
  EXPECT_FALSE(calls.AwaitNone(Millis(1)));
  std::jthread other([&] { ticket.Release(); });
  EXPECT_TRUE(calls.AwaitNone(Millis(60'000)));
}

}  // namespace
}  // namespace accord::rpc
