// What a lab keeps for itself of a job outlives it, and goes when the lab says so.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/node/lab.h"

namespace accord::node {
namespace {

class KeptPartTest : public ::testing::Test {
 protected:
  // As a program left it that had taken `plan`.
  void Left(const Bytes& plan) {
    lab_.journal.records.push_back({TaskMachine{lab_.job()}.Stream(),
                                    task::EncodeRecord({TimePoint{}, task::Taken{plan, BytesOf("token")}})});
    std::filesystem::create_directories(kept_);
    std::ofstream(kept_ / "personal-1.state") << "of the lab";
    std::ofstream(job_ / "round-1") << "in between";
    lab_.Begin();
  }
  // The warnings on the way.
  std::string End() {
    ::testing::internal::CaptureStderr();
    lab_.task->OnEnded(rpc::Ended{.job = lab_.job()});
    lab_.Poll();
    return ::testing::internal::GetCapturedStderr();
  }
  void Erase() {
    lab_.task->OnLab(task::Erase{}, [](const Status&) {});
    lab_.Poll();
  }

  Lab lab_{"ke", 0.1F, "off"};
  const std::filesystem::path job_ = lab_.dir / "jobs" / lab_.job().Hex(), kept_ = job_ / "kept";
};

TEST_F(KeptPartTest, OfAPlanThatCannotBeReadAnyMoreItStays) {
  Left(BytesOf("version = 7\nof = \"another program\"\n"));
  const std::string said = End();
  EXPECT_TRUE(std::filesystem::exists(kept_ / "personal-1.state"));
  EXPECT_FALSE(std::filesystem::exists(job_ / "round-1"));
  EXPECT_NE(said.find("job.kept"), std::string::npos) << said;
  EXPECT_NE(said.find(kept_.string()), std::string::npos) << said;
  Erase();
  EXPECT_FALSE(std::filesystem::exists(job_)) << "the lab's word";
}

TEST_F(KeptPartTest, OfAJobThatKeepsNothingNothingStays) {
  Left(lab_.plan);
  EXPECT_EQ(End().find("job.kept"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(job_));
}

TEST_F(KeptPartTest, OfAnUnreadablePlanWithoutAnyNothingIsSaid) {
  Left(BytesOf("version = 7\n"));
  std::filesystem::remove_all(kept_);
  EXPECT_EQ(End().find("job.kept"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(job_));
}

}  // namespace
}  // namespace accord::node
