#include "tests/bench/nine_checks.h"

#include <chrono>
#include <string>
#include <vector>

#include "base/check.h"
#include "config/job_file.h"
#include "crypto/sha256.h"
#include "node/governance.h"
#include "tests/bench/measure.h"
#include "tests/unit/node/governed_lab.h"

namespace accord::bench {
namespace {

constexpr std::size_t kMembers = 50;
constexpr std::size_t kEntries = 100'000;  // of the log, before the decisions
constexpr std::size_t kJobs = 40;

class SetClock final : public Clock {
 public:
  [[nodiscard]] TimePoint Now() const override { return TimePoint(std::chrono::seconds(charter::kNow)); }
};

std::vector<std::string> Members() {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < kMembers; ++i) ids.push_back("m" + std::to_string(100 + i));
  return ids;
}

// Fifty members, who all approve, and whose nodes all cosigned.
struct Federation : node::GovernedLab {
  Federation() : GovernedLab(Members(), Members().front()) {
    for (std::size_t i = 0; i < kEntries; ++i) log.Append(std::to_string(i));
    WritePolicy();
  }
  [[nodiscard]] static std::string Node() {
    return "spiffe://" + Members().front() + ".fed.example/node/lab";
  }
  rpc::Prepare NextJob() {
    ++proposal.nonce[0];
    return OfferedFirst();
  }
};

// Of the charter, the proposal, the votes and the checkpoint.
void VerifySignatures(const crypto::Ed25519Key& key, const Bytes& message,
                      const crypto::Ed25519Signature& signature) {
  for (std::size_t i = 0; i < 3 * kMembers + 2; ++i)
    ACCORD_CHECK(crypto::Ed25519Verify(key.PublicKey(), message, signature));
}

}  // namespace

void MeasureNineChecks(bool json) {
  Federation federation;
  const SetClock clock;
  const auto governance = node::Governance::Open(federation.config, clock, federation.Node());
  ACCORD_CHECK(governance.ok());
  const auto spec = config::ParseJob(federation.plan, "job");
  ACCORD_CHECK(spec.ok());
  const crypto::Ed25519Key key = charter::KeyOf("floor");
  const Bytes message(2'000, 'x');
  const crypto::Ed25519Signature signature = key.Sign(message);
  std::vector<double> checks, with_disk, floor;
  for (std::size_t i = 0; i < kJobs; ++i) {
    const rpc::Prepare job = federation.NextJob();
    with_disk.push_back(Time(WallMs, [&] {
      checks.push_back(Time(ThreadMs, [&] { ACCORD_CHECK((*governance)->Admit(job, *spec, 0).ok()); }));
    }));
    floor.push_back(Time(ThreadMs, [&] { VerifySignatures(key, message, signature); }));
  }
  const double alone = Median(floor);
  for (const auto& [name, times] : {std::pair{"nine_checks", checks}, {"nine_checks_with_disk", with_disk}})
    Report(json, "governance", {name, Median(times), alone, Median(times) / alone});
}

}  // namespace accord::bench
