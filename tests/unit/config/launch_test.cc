#include "config/launch.h"

#include <gtest/gtest.h>

#include <map>

#include "base/errors.h"

namespace accord::config {
namespace {

using Environment = std::map<std::string, std::string>;

Result<std::optional<Launch>> Find(const Environment& environment) {
  return FindLaunch([&](const char* name) {
    const auto found = environment.find(name);
    return found != environment.end() ? std::optional(found->second) : std::nullopt;
  });
}

// Of `srun -n2` on one host, as Slurm 22.05 sets it, and of four tasks on two.
Environment OneHost() {
  return {
      {"SLURM_PROCID", "1"},         {"SLURM_NTASKS", "2"},         {"SLURM_STEP_NUM_TASKS", "2"},
      {"SLURM_STEP_NUM_NODES", "1"}, {"SLURM_STEP_NODELIST", "vm"}, {"SLURM_STEP_TASKS_PER_NODE", "2"},
      {"SLURM_JOB_ID", "7"},         {"SLURM_STEP_ID", "3"},        {"SLURM_LAUNCH_NODE_IPADDR", "10.0.0.1"}};
}
Environment TwoHosts() {
  Environment all = OneHost();
  all["SLURM_PROCID"] = "3";
  all["SLURM_STEP_NUM_TASKS"] = "4";
  all["SLURM_STEP_NUM_NODES"] = "2";
  all["SLURM_STEP_NODELIST"] = "gpu[03-04]";
  all["SLURM_STEP_TASKS_PER_NODE"] = "1,3";
  return all;
}

TEST(LaunchTest, AProcessAloneIsNone) {
  EXPECT_EQ(*Find({}), std::nullopt);
  EXPECT_EQ(*Find({{"RANK", "0"}, {"WORLD_SIZE", "1"}}), std::nullopt);
  EXPECT_EQ(*Find({{"RANK", "0"}}), std::nullopt) << "a name that others use, too";
}

TEST(LaunchTest, TheBatchScriptOfAnAllocationIsNoStep) {
  EXPECT_EQ(*Find({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "2"}, {"SLURM_NNODES", "1"}}), std::nullopt);
}

TEST(LaunchTest, ReadsTorchrun) {
  const auto launch = **Find({{"RANK", "5"},
                              {"WORLD_SIZE", "8"},
                              {"LOCAL_WORLD_SIZE", "4"},
                              {"MASTER_ADDR", "lab1"},
                              {"MASTER_PORT", "4711"},
                              {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                              {"TORCHELASTIC_RESTART_COUNT", "2"}});
  EXPECT_EQ(launch.rank, 5U);
  EXPECT_EQ(launch.size, 8U);
  EXPECT_EQ(launch.local, 4U);
  EXPECT_EQ(launch.master.host, "lab1");
  EXPECT_EQ(launch.master.port, 4711);
  EXPECT_FALSE(launch.loopback);
  EXPECT_TRUE(launch.agent);
  EXPECT_EQ(launch.attempt, "2");
}

TEST(LaunchTest, ByHandOnOneMachineAllAreLocal) {
  const auto launch = **Find({{"RANK", "0"}, {"WORLD_SIZE", "3"}, {"MASTER_ADDR", "127.0.0.1"}});
  EXPECT_EQ(launch.local, 3U);
  EXPECT_EQ(launch.master.port, 29'500);
  EXPECT_TRUE(launch.loopback);
  EXPECT_FALSE(launch.agent);
}

TEST(LaunchTest, ReadsAStepOfSlurmOnOneHost) {
  const auto launch = **Find(OneHost());
  EXPECT_EQ(launch.rank, 1U);
  EXPECT_EQ(launch.size, 2U);
  EXPECT_EQ(launch.local, 2U);
  EXPECT_EQ(launch.master.host, "127.0.0.1");
  EXPECT_TRUE(launch.loopback);
}

TEST(LaunchTest, TasksOfAStepMeetAtItsFirstHost) {
  const auto launch = **Find(TwoHosts());
  EXPECT_EQ(launch.master.host, "gpu03");
  EXPECT_EQ(launch.local, 3U);
  EXPECT_FALSE(launch.loopback);
  for (const auto& [list, first] : std::map<std::string, std::string>{
           {"a,b", "a"}, {"n[1,7-9],m", "n1"}, {"r[07]-x[1-2]", "r07-x1"}, {"n[", "n"}, {"", "10.0.0.1"}}) {
    Environment other = TwoHosts();
    other["SLURM_STEP_NODELIST"] = list;
    EXPECT_EQ((*Find(other))->master.host, first) << list;
  }
  Environment named = TwoHosts();
  named["MASTER_ADDR"] = "lab1";
  named["MASTER_PORT"] = "5000";
  EXPECT_EQ((*Find(named))->master.host, "lab1");
  EXPECT_EQ((*Find(named))->master.port, 5000);
}

TEST(LaunchTest, StepsOfSlurmThatRunTogetherHavePortsOfTheirOwn) {
  std::map<std::uint16_t, int> ports;
  for (int job = 1; job <= 20; ++job) {
    for (int step = 0; step < 16; ++step) {
      Environment one = OneHost();
      one["SLURM_JOB_ID"] = std::to_string(job);
      one["SLURM_STEP_ID"] = std::to_string(step);
      ++ports[(*Find(one))->master.port];
    }
  }
  EXPECT_EQ(ports.size(), 320U);
  EXPECT_GE(ports.begin()->first, 20'000);
  EXPECT_LT(ports.rbegin()->first, 30'000);
}

TEST(LaunchTest, RefusesWhatContradictsItselfByName) {
  const auto refused = [](Environment environment, const std::string& changed, const std::string& value) {
    if (value == "-") {
      environment.erase(changed);
    } else {
      environment[changed] = value;
    }
    const Status status = Find(environment).status();
    EXPECT_EQ(status.error(), errors::kConfigInvalid.id) << changed << value;
    EXPECT_NE(status.message().find(changed), std::string::npos) << status.message();
  };
  const Environment torch{{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "lab1"}};
  refused(torch, "RANK", "2");
  refused(torch, "RANK", "-1");
  refused(torch, "RANK", "one");
  refused(torch, "WORLD_SIZE", "0");
  refused(torch, "WORLD_SIZE", "5000");
  refused(torch, "MASTER_ADDR", "-");
  refused(torch, "MASTER_PORT", "65536");
  refused(torch, "MASTER_PORT", "");
  refused(OneHost(), "SLURM_PROCID", "2");
  refused(OneHost(), "SLURM_STEP_NUM_TASKS", "many");
  refused(OneHost(), "SLURM_JOB_ID", "x");
}

}  // namespace
}  // namespace accord::config
