// A child process is the witness of a log that asks it for two heads at a time, and is killed at a random
// instant, again and again, or between the disk and its answer. What it said that it cosigned it never goes
// back behind (governance.md 4, test 4).
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/wall_clock.h"
#include "config/node_config.h"
#include "ledger/dsse.h"
#include "ledger/note.h"
#include "ledger/witness.h"
#include "node/governance.h"
#include "node/log_pin.h"
#include "tests/support/killed_child.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/charter/test_log.h"

namespace accord::node {
namespace {

constexpr int kKills = 12;
constexpr std::uint32_t kCosigned = static_cast<std::uint32_t>(ledger::WitnessVerdict::kCosign),
                        kConflict = static_cast<std::uint32_t>(ledger::WitnessVerdict::kConflict);

// The log, its charter, and the configuration of the node of ke.
struct Place {
  testing::TempDir dir;
  const charter::Charter charter = charter::CharterOf();
  const ledger::Envelope entry = charter::Signed(charter, All(charter));
  config::NodeConfig config;

  Place() {
    config.node.state = dir.path();
    config.governance = {entry.Id().Hex(), "ke", dir / "witness.key", dir / "policy.toml"};
    EXPECT_TRUE(charter::KeyOf("witness ke").Save(config.governance.witness_key).ok());
  }
  [[nodiscard]] charter::TestLog LogOf(std::uint64_t size) const {
    charter::TestLog log;
    log.Append(EncodeEnvelope(entry));
    while (log.leaves.size() < size) log.Append("entry " + std::to_string(log.leaves.size()));
    return log;
  }
  [[nodiscard]] ledger::TreeHead Kept() const {
    const auto pin = LoadLogPin(dir.path(), entry.Id(), "ke");
    EXPECT_TRUE(pin.ok()) << Describe(pin.status());
    return pin.ok() ? pin->pinned.head : ledger::TreeHead();
  }
  // To cosign the log of `size`, for a witness of `from`.
  [[nodiscard]] rpc::AddCheckpoint RequestOf(std::uint64_t from, std::uint64_t size) const {
    charter::TestLog log = LogOf(size);
    ledger::AddCheckpoint request{.old_size = from};
    request.checkpoint = *ledger::Note::Parse(log.Checkpoint({}, charter));
    if (from > 0) request.proof = *ledger::ProveConsistency(from, size, log);
    const std::string body = request.Format(), first = EncodeEnvelope(entry);
    return {.body = Bytes(body.begin(), body.end()), .charters = {Bytes(first.begin(), first.end())}};
  }
};

// The child: asked for sizes N and N + K at once, in either order; tells each size that it cosigned. Ends
// only by being killed, or kills itself before it tells its `mute`th (0: never).
template <class Tell>
[[noreturn]] void WitnessForEver(const Place& place, std::uint32_t seed, int mute, const Tell& tell) {
  const WallClock clock;
  const auto governance = Governance::Open(place.config, clock, "spiffe://ke.fed.example/node/nairobi");
  if (!governance.ok()) ::_exit(2);
  std::mt19937 random(seed);
  std::uint64_t size = place.Kept().size;
  for (int told = 1;;) {
    const std::uint64_t shorter = size + 1 + random() % 5, longer = shorter + 1 + random() % 5;
    std::array<std::uint64_t, 2> asked{shorter, longer};
    if (random() % 2 == 0) std::swap(asked[0], asked[1]);
    std::array<rpc::AddCheckpoint, 2> requests{place.RequestOf(size, asked[0]),
                                               place.RequestOf(size, asked[1])};
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const std::uint32_t status = (*governance)->OnAddCheckpoint(requests[i]).status;
      if (status != (i == 0 ? kCosigned : kConflict)) ::_exit(3);
      if (status != kCosigned) continue;
      size = asked[i];
      if (told++ == mute) ::raise(SIGKILL);
      tell(size);
    }
  }
}

// Kills the child after this many answers (0: it falls silent before); the last size that it told.
std::uint64_t RunAndKill(const Place& place, std::uint32_t seed, std::uint64_t kill_after, int mute) {
  const std::vector<std::uint64_t> told =
      testing::RunAndKill(kill_after, [&](const auto& tell) { WitnessForEver(place, seed, mute, tell); });
  return told.empty() ? 0 : told.back();
}

// The node that comes back holds on to what it kept: no shorter log, and no other one.
void CheckItGoesOn(const Place& place) {
  const ledger::TreeHead kept = place.Kept();
  EXPECT_EQ(kept, place.LogOf(kept.size).Head()) << "half a state";
  const WallClock clock;
  const auto governance = Governance::Open(place.config, clock, "spiffe://ke.fed.example/node/nairobi");
  ASSERT_TRUE(governance.ok()) << Describe(governance.status());
  for (const std::uint64_t older : {std::uint64_t{0}, kept.size - 1}) {
    const auto answer = (*governance)->OnAddCheckpoint(place.RequestOf(older, kept.size));
    EXPECT_EQ(answer.status, kConflict);
    EXPECT_EQ(AsText(answer.body), std::to_string(kept.size) + "\n");
  }
  EXPECT_EQ((*governance)->OnAddCheckpoint(place.RequestOf(kept.size, kept.size)).status, kCosigned)
      << "whoever did not hear the answer asks again";
  EXPECT_EQ(place.Kept(), kept);
}

TEST(WitnessCrashTest, WhatItSaidThatItCosignedItNeverGoesBackBehind) {
  const Place place;
  const std::uint32_t seed = std::random_device{}();
  std::mt19937 random(seed);
  std::uint64_t before = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", kill " + std::to_string(kill));
    const std::uint64_t told =
        RunAndKill(place, static_cast<std::uint32_t>(random()), 1 + random() % 8, /*mute=*/0);
    ASSERT_GE(place.Kept().size, std::max(told, before));
    before = place.Kept().size;
    CheckItGoesOn(place);
  }
}

TEST(WitnessCrashTest, WhatItKeptAndCouldNotSayIsCosigned) {
  const Place place;
  for (std::uint32_t run = 1; run <= 3; ++run) {
    const std::uint64_t told = RunAndKill(place, run, /*kill_after=*/0, /*mute=*/static_cast<int>(run));
    ASSERT_GT(place.Kept().size, told) << "it is on the disk, and nobody heard of it";
    CheckItGoesOn(place);
  }
}

}  // namespace
}  // namespace accord::node
