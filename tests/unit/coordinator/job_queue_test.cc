#include "coordinator/job_queue.h"

#include <gmock/gmock.h>

namespace accord::coordinator {
namespace {

using job::Phase;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Place Waiting(Priority priority = Priority::kNormal) { return {Phase::kQueued, false, priority}; }
Place Running() { return {Phase::kRunning, false, Priority::kNormal}; }

TEST(JobQueueTest, FirstComeFirstServedWithinAPriority) {
  const std::vector<Place> jobs = {Waiting(), Waiting(Priority::kLow), Waiting(Priority::kHigh), Waiting()};
  EXPECT_THAT(NextToStart(jobs, 1), ElementsAre(2));
  EXPECT_THAT(NextToStart(jobs, 3), ElementsAre(2, 0, 3));
  EXPECT_THAT(NextToStart(jobs, 9), ElementsAre(2, 0, 3, 1));
}

TEST(JobQueueTest, WhatRunsOrStartsTakesItsPlace) {
  const Place starting{Phase::kQueued, true, Priority::kLow};
  EXPECT_THAT(NextToStart({Running(), starting, Waiting()}, 2), IsEmpty());
  EXPECT_THAT(NextToStart({Running(), starting, Waiting()}, 3), ElementsAre(2));
  EXPECT_THAT(NextToStart({Running(), Running(), Running(), Waiting()}, 2), IsEmpty()) << "more than may";
}

TEST(JobQueueTest, OnlyTheQueueIsServed) {
  const std::vector<Place> jobs = {{Phase::kProposed, false, Priority::kHigh},
                                   {Phase::kApproved, false, Priority::kHigh},
                                   {Phase::kPaused, false, Priority::kHigh},
                                   {Phase::kFinished, false, Priority::kHigh},
                                   {Phase::kFailed, false, Priority::kHigh},
                                   {Phase::kCancelled, false, Priority::kHigh},
                                   Waiting(Priority::kLow)};
  EXPECT_THAT(NextToStart(jobs, 1), ElementsAre(6)) << "and what is paused has left its place";
}

TEST(JobQueueTest, SaysHowManyGoBefore) {
  const std::vector<Place> jobs = {Running(), Waiting(), Waiting(Priority::kHigh), Waiting(Priority::kLow),
                                   Waiting()};
  EXPECT_EQ(Before(jobs, 2), 0U);
  EXPECT_EQ(Before(jobs, 1), 1U);
  EXPECT_EQ(Before(jobs, 4), 2U);
  EXPECT_EQ(Before(jobs, 3), 3U);
}

}  // namespace
}  // namespace accord::coordinator
