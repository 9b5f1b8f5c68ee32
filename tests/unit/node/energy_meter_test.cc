// The counters of the kernel's power capping framework, laid out as Linux lays them out.
#include "node/energy_meter.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace accord::node {
namespace {

class EnergyMeterTest : public ::testing::Test {
 protected:
  void Write(const std::string& zone, const std::string& file, const std::string& text) {
    std::filesystem::create_directories(powercap_ / zone);
    std::ofstream(powercap_ / zone / file) << text << "\n";
  }
  void Zone(const std::string& zone, const std::string& name, std::uint64_t microjoules) {
    Write(zone, "name", name);
    Write(zone, "max_energy_range_uj", "262143328850");
    Count(zone, microjoules);
  }
  void Count(const std::string& zone, std::uint64_t microjoules) {
    Write(zone, "energy_uj", std::to_string(microjoules));
  }

  const accord::testing::TempDir dir_;
  const std::filesystem::path powercap_ = dir_ / "powercap";
};

TEST_F(EnergyMeterTest, AddsUpPackagesAlone) {
  Zone("intel-rapl:0", "package-0", 1'000'000);
  Zone("intel-rapl:0:0", "core", 500'000);
  Zone("intel-rapl:1", "package-1", 7);
  Zone("intel-rapl:2", "psys", 9'000'000);
  Zone("intel-rapl-mmio:0", "package-0", 1'000'000);
  EnergyMeter meter(powercap_);
  EXPECT_EQ(meter.Joules(), 0U);
  Count("intel-rapl:0", 13'400'000);
  Count("intel-rapl:0:0", 90'000'000);
  Count("intel-rapl:1", 30'000'007);
  Count("intel-rapl:2", 99'000'000);
  Count("intel-rapl-mmio:0", 13'400'000);
  EXPECT_EQ(meter.Joules(), 42U) << "12.4 and 30";
  EXPECT_EQ(meter.Joules(), 42U) << "nothing twice";
}

TEST_F(EnergyMeterTest, FollowsACounterThatRunsOver) {
  Zone("intel-rapl:0", "package-0", 262'143'000'000);
  EnergyMeter meter(powercap_);
  Count("intel-rapl:0", 4'671'150);
  EXPECT_EQ(meter.Joules(), 5U);
}

TEST_F(EnergyMeterTest, TellsNothingWhereTheMachineDoesNot) {
  EXPECT_EQ(EnergyMeter(powercap_).Joules(), std::nullopt) << "no such directory";
  Zone("dtpm", "cpus", 1);
  EXPECT_EQ(EnergyMeter(powercap_).Joules(), std::nullopt) << "no package";
}

TEST_F(EnergyMeterTest, TellsNothingRatherThanAPart) {
  Zone("intel-rapl:0", "package-0", 1);
  Zone("intel-rapl:1", "package-1", 1);
  EnergyMeter meter(powercap_);
  std::filesystem::remove(powercap_ / "intel-rapl:1" / "energy_uj");
  EXPECT_EQ(EnergyMeter(powercap_).Joules(), std::nullopt);
  EXPECT_EQ(meter.Joules(), std::nullopt) << "a counter that is gone meanwhile";
  for (const std::string text : {"", "-1", "12 J", "262143328851"}) {
    Write("intel-rapl:1", "energy_uj", text);
    EXPECT_EQ(EnergyMeter(powercap_).Joules(), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace accord::node
