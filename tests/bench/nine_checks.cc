#include "tests/bench/nine_checks.h"

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "config/job_file.h"
#include "crypto/sha256.h"
#include "dataset/certificate.h"
#include "node/governance.h"
#include "tests/bench/measure.h"
#include "tests/unit/charter/scene.h"
#include "tests/unit/node/lab.h"

namespace accord::bench {
namespace {

namespace fs = std::filesystem;

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
struct Federation : charter::Scene {
  explicit Federation(const fs::path& dir) : config{} {
    charter = charter::CharterOf(Members());
    charters = {charter::Signed(charter, Members())};
    approve = witnesses = Members();
    pinned = {.genesis = charters[0].Id(), .member = "m100"};
    plan = node::PlanText("malicious");
    proposal = charter::ProposalOf(charters[0].Id());
    proposal.proposer = "m100";
    proposal.plan = crypto::Sha256::Of(plan);
    proposal.datasets = {{"m100", Certify(dir)}};
    for (std::size_t i = 0; i < kEntries; ++i) log.Append(std::to_string(i));
    Configure(dir);
  }
  Digest Certify(const fs::path& dir) {
    const dataset::Certificate certificate{.member = "m100",
                                           .dataset = "table",
                                           .version = "1",
                                           .files = 1,
                                           .bytes = 1,
                                           .records = 1,
                                           .modalities = {"table"},
                                           .jurisdiction = "Kenya",
                                           .legal_basis = "a law",
                                           .purposes = {"demo"},
                                           .not_before = charter::kNow - charter::kDay,
                                           .not_after = charter::kNow + charter::kDay};
    const auto envelope = charter::Signed(dataset::kCertificateType, Encode(certificate), {"m100"});
    ACCORD_CHECK(
        WriteFileAtomic(dir / "certificate", AsBytes(EncodeEnvelope(envelope)), FileMode::kShared).ok());
    config.certificates["d"] = {.file = dir / "certificate", .directory = dir, .keys = {}};
    return envelope.Id();
  }
  void Configure(const fs::path& dir) {
    config.node.state = dir / "state";
    fs::create_directories(config.node.state);
    config.governance = {pinned.genesis.Hex(), "m100", "", dir / "policy.toml"};
    config.data["d"] = DatasetConfig{.id = "d"};
    std::ofstream(config.governance.policy)
        << "version = 1\ndefault = \"deny\"\nfederation = \"" << config.governance.genesis
        << "\"\n[limits]\nmax_epsilon_total = 1.0\n[[allow]]\nid = \"all\"\nsubmitters = [\"member:m100\"]\n"
        << "model_kinds = [\"mlp\"]\ndatasets = [\"sha256:" << proposal.datasets[0].certificate.Hex()
        << "\"]\npurposes = [\"demo\"]\nmin_cohort = 1\nmin_group = 1\nmin_secure = \"malicious\"\n"
           "allow_without_dp = true\nmax_rounds = 50\nmax_local_steps = 10\ncode = [\"builtin\"]\n"
           "max_wall_s = 3600\nmax_mem_mb = 4096\nvalid_until = 2199-01-01\n";
  }
  rpc::Prepare NextJob() {
    ++proposal.nonce[0];
    charter::JobBundle bundle = Bundle();
    bundle.consistency.clear();  // to a node that has cosigned nothing yet
    return {.job = {Proposed().Id().bytes},
            .plan = Bytes(plan.begin(), plan.end()),
            .token = {},
            .bundle = std::make_shared<const charter::JobBundle>(std::move(bundle))};
  }

  config::NodeConfig config;
};

// Of the charter, the proposal, the votes and the checkpoint.
void VerifySignatures(const crypto::Ed25519Key& key, const Bytes& message,
                      const crypto::Ed25519Signature& signature) {
  for (std::size_t i = 0; i < 3 * kMembers + 2; ++i)
    ACCORD_CHECK(crypto::Ed25519Verify(key.PublicKey(), message, signature));
}

}  // namespace

void MeasureNineChecks(bool json, const fs::path& dir) {
  fs::create_directories(dir);
  Federation federation(dir);
  const SetClock clock;
  const auto governance = node::Governance::Open(federation.config, clock);
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
