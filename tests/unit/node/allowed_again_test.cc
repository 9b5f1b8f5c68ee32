// A lab stops a job, and allows it again.
#include "base/errors.h"
#include "tests/unit/node/lab.h"

namespace accord::node {
namespace {

// What the lab's commands do.
void Say(Lab& lab, const task::Event& event) {
  lab.task->OnLab(event, [](const Status& status) { EXPECT_TRUE(status.ok()) << Describe(status); });
}

TEST(AllowedAgainTest, TheNodeIsPreparedAtOnce) {
  Lab lab("ke", 0.1F, "off");
  lab.config.policy.allow_unmasked = true;
  lab.Prepare();
  lab.Await<rpc::Prepared>();
  Say(lab, task::Stop{});
  EXPECT_EQ(lab.Await<rpc::Declined>().error.error(), errors::kTaskStopped.id);
  Say(lab, task::Allow{});
  lab.Await<rpc::Prepared>();
}

// The coordinator asks once a connection.
TEST(AllowedAgainTest, AlsoWhenItWasAskedWhileTheJobWasStopped) {
  Lab lab("ke", 0.1F, "off");
  lab.config.policy.allow_unmasked = true;
  lab.Prepare();
  lab.Await<rpc::Prepared>();
  Say(lab, task::Stop{});
  lab.Begin();
  lab.Prepare();
  EXPECT_EQ(lab.Await<rpc::Declined>().error.error(), errors::kTaskStopped.id);
  Say(lab, task::Allow{});
  lab.Await<rpc::Prepared>();
}

// A coordinator that went back to a backup awaits the answer.
TEST(AllowedAgainTest, ItSaysWhereItStandsWhenThatWasAskedMeanwhile) {
  Lab lab("ke", 0.1F, "off");
  lab.config.policy.allow_unmasked = true;
  lab.Prepare();
  EXPECT_FALSE(lab.Await<rpc::Prepared>().standing);
  Say(lab, task::Stop{});
  lab.task->OnPrepare({lab.job(), lab.plan, BytesOf("token"), true});
  EXPECT_EQ(lab.Await<rpc::Declined>().error.error(), errors::kTaskStopped.id);
  Say(lab, task::Allow{});
  EXPECT_TRUE(lab.Await<rpc::Prepared>().standing);
}

}  // namespace
}  // namespace accord::node
