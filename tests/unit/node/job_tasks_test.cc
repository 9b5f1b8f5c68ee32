// What a coordinator can make of a lab by naming jobs: nothing but what the lab's own checks took, and not
// too many.
#include "node/job_tasks.h"

#include <filesystem>

#include "base/errors.h"
#include "tests/unit/node/lab.h"

namespace accord::node {
namespace {

class JobTasksTest : public ::testing::Test {
 protected:
  JobTasksTest() { lab_.config.policy.allow_unmasked = true; }
  ~JobTasksTest() override { tasks_.Shutdown(); }

  rpc::Prepare Job(int number) const {
    const Bytes token = BytesOf("token " + std::to_string(number));
    return {job::MakeJobId(lab_.plan, token), lab_.plan, token};
  }
  std::string Declined() { return lab_.Await<rpc::Declined>().error.error(); }
  void ExpectNothingKept() {
    EXPECT_TRUE(tasks_.all().empty());
    EXPECT_TRUE(lab_.journal.records.empty());
    EXPECT_FALSE(std::filesystem::exists(lab_.dir / "deltas"));
  }

  Lab lab_{"ke", 0.1F, "off"};
  JobTasks tasks_{lab_.services()};
};

TEST_F(JobTasksTest, WordsOfJobsThatWereNeverTakenLeaveNothing) {
  const JobId job = Job(1).job;
  for (const rpc::ToNode& message : std::vector<rpc::ToNode>{
           rpc::Train{job, {1}, round::Purpose::kTrain, {}, {}, {}}, rpc::Offer{job, {}, {}},
           rpc::Roster{job, {1}, {}, {}, {}}, rpc::GraphSet{job, {1}, {}, {}, {}},
           rpc::Collect{job, {1}, {}, {lab_.id}, {}, {}}, rpc::Survivors{job, {1}, {}, {}, {}},
           rpc::Certificate{job, {1}, {}, {}, {}}, rpc::Commit{.job = job, .round = {1}},
           rpc::Ended{.job = job}}) {
    tasks_.OnMessage(message);
    lab_.Poll();
  }
  EXPECT_TRUE(lab_.said.empty());
  ExpectNothingKept();
}

TEST_F(JobTasksTest, AJobThatTheLabRefusesLeavesNothing) {
  lab_.config.policy.purposes = {"another"};
  for (int i = 0; i < 100; ++i) {
    tasks_.OnMessage(Job(i));
    EXPECT_EQ(Declined(), errors::kTaskRefused.id);
  }
  ExpectNothingKept();
}

TEST_F(JobTasksTest, NoMoreJobsAreOpenThanTheLabAllows) {
  lab_.config.policy.max_jobs = 2;
  for (const int taken : {1, 2}) {
    tasks_.OnMessage(Job(taken));
    lab_.Await<rpc::Prepared>();
  }
  const std::size_t records = lab_.journal.records.size();
  for (int i = 3; i < 100; ++i) {
    tasks_.OnMessage(Job(i));
    EXPECT_EQ(Declined(), errors::kTaskRefused.id);
  }
  EXPECT_EQ(tasks_.all().size(), 2U);
  EXPECT_EQ(lab_.journal.records.size(), records);
  tasks_.OnMessage(Job(1));
  lab_.Await<rpc::Prepared>();  // what is open goes on
  tasks_.OnMessage(rpc::Ended{.job = Job(1).job});
  tasks_.OnMessage(Job(3));
  EXPECT_EQ(lab_.Await<rpc::Prepared>().job, Job(3).job);
}

TEST_F(JobTasksTest, AJobThatTheLabStoppedTakesNobodysPlace) {
  for (const int taken : {1, 2}) {
    tasks_.OnMessage(Job(taken));
    lab_.Await<rpc::Prepared>();
  }
  EXPECT_EQ(tasks_.OpenBut(Job(2).job), 1U);
  tasks_.all().at(Job(1).job)->OnLab(task::Stop{}, [](const Status&) {});
  lab_.Poll();
  EXPECT_EQ(tasks_.OpenBut(Job(2).job), 0U);
}

TEST_F(JobTasksTest, AnEndedJobKeepsItsRecordAndNothingElse) {
  tasks_.OnMessage(Job(1));
  lab_.Await<rpc::Prepared>();
  const std::filesystem::path files = lab_.dir / "deltas" / Job(1).job.Hex();
  EXPECT_TRUE(std::filesystem::exists(files));
  tasks_.OnMessage(rpc::Ended{.job = Job(1).job});
  lab_.Poll();
  EXPECT_FALSE(std::filesystem::exists(files));
  tasks_.OnMessage(Job(1));
  EXPECT_EQ(Declined(), errors::kJobState.id) << "nothing of it begins again";
  EXPECT_EQ(tasks_.all().size(), 1U);
}

}  // namespace
}  // namespace accord::node
