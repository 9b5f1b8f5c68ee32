#include "node/training_slots.h"

#include <gmock/gmock.h>

#include <latch>
#include <string>
//
#include <boost/asio/thread_pool.hpp>

namespace accord::node {
namespace {

using ::testing::ElementsAre;

TEST(TrainingSlotsTest, WhatWaitsBeginsByPriorityThenInOrder) {
  boost::asio::thread_pool threads{1};
  TrainingSlots slots(threads.get_executor());
  std::latch taken(1), all_wait(1);
  std::vector<std::string> order;  // of the pool's one thread
  slots.Post(Priority::kLow, [&] {
    taken.count_down();
    all_wait.wait();
    order.emplace_back("in the slot");
  });
  taken.wait();
  slots.Post(Priority::kLow, [&] { order.emplace_back("low"); });
  slots.Post(Priority::kNormal, [&] { order.emplace_back("first"); });
  slots.Post(Priority::kNormal, [&] { order.emplace_back("second"); });
  slots.Post(Priority::kHigh, [&] { order.emplace_back("high"); });
  all_wait.count_down();
  threads.join();
  EXPECT_THAT(order, ElementsAre("in the slot", "high", "first", "second", "low"));
}

TEST(TrainingSlotsTest, AsManyTrainTogetherAsThereAreThreads) {
  boost::asio::thread_pool threads{2};
  TrainingSlots slots(threads.get_executor());
  std::latch both(2);
  for (int i = 0; i < 2; ++i) slots.Post(Priority::kNormal, [&] { both.arrive_and_wait(); });
  threads.join();
}

}  // namespace
}  // namespace accord::node
