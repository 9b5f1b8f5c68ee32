// A node of a federation with a charter: its configuration, its lab's policy, certified data, and the
// decisions that it is shown.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "config/node_config.h"
#include "crypto/sha256.h"
#include "dataset/certificate.h"
#include "ledger/dsse.h"
#include "rpc/messages.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/charter/scene.h"
#include "tests/unit/node/lab.h"

namespace accord::node {

// A node of ke, unless another member is given, whose data are certified.
struct GovernedLab : charter::Scene {
  accord::testing::TempDir dir;
  config::NodeConfig config;
  dataset::Certificate certificate{.dataset = "table",
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
  std::string rule_more, limits = "max_epsilon_total = 1.0\n";
  std::vector<Digest> listed;  // in the rule

  GovernedLab() {
    Join("ke");
    proposal.datasets.insert(proposal.datasets.begin(), {"rw", crypto::Sha256::Of("data rw")});
  }
  // A federation of these members, who all approve and witness.
  GovernedLab(const std::vector<std::string>& members, const std::string& member) {
    charter = charter::CharterOf(members);
    charters = {charter::Signed(charter, members)};
    approve = witnesses = members;
    proposal = charter::ProposalOf(charters[0].Id());
    proposal.proposer = member;
    Join(member);
  }

  // Gives [data.id] a certificate that somebody signed; its hash.
  Digest Certify(const std::string& id, const dataset::Certificate& one, const std::string& signer) {
    const ledger::Envelope envelope = charter::Signed(dataset::kCertificateType, Encode(one), {signer});
    const std::filesystem::path file = dir / (id + ".certificate");
    ACCORD_CHECK(WriteFileAtomic(file, AsBytes(EncodeEnvelope(envelope)), FileMode::kShared).ok());
    config.certificates[id] = {.file = file, .directory = dir.path(), .keys = {}};
    return envelope.Id();
  }
  void WritePolicy() const {
    std::ofstream out(config.governance.policy);
    out << "version = 1\ndefault = \"deny\"\nfederation = \"" << config.governance.genesis << "\"\n[limits]\n"
        << limits << "[[allow]]\nid = \"all\"\nsubmitters = [\"member:" << proposal.proposer << "\"]\n"
        << "model_kinds = [\"mlp\"]\ndatasets = [";
    for (const Digest& one : listed) out << "\"sha256:" << one.Hex() << "\",";
    out << "]\npurposes = [\"demo\"]\nmin_cohort = 1\nmin_group = 1\nmin_secure = \"malicious\"\n"
           "allow_without_dp = true\nmax_rounds = 50\nmax_local_steps = 10\ncode = [\"builtin\"]\n"
           "max_wall_s = 3600\nmax_mem_mb = 4096\nvalid_until = 2199-01-01\n"
        << rule_more;
  }
  // The job as its node is told of it, with the decision under the log's newest head.
  rpc::Prepare Offered() { return Offered(Bundle()); }
  // The same to a node that has cosigned nothing yet.
  rpc::Prepare OfferedFirst() {
    charter::JobBundle bundle = Bundle();
    bundle.consistency.clear();
    return Offered(std::move(bundle));
  }
  rpc::Prepare Offered(charter::JobBundle bundle) const {
    return {.job = {Proposed().Id().bytes},
            .plan = Bytes(plan.begin(), plan.end()),
            .token = {},
            .bundle = std::make_shared<const charter::JobBundle>(std::move(bundle))};
  }

 private:
  void Join(const std::string& member) {
    pinned = {.genesis = charters[0].Id(), .member = member};
    plan = PlanText("malicious");
    proposal.plan = crypto::Sha256::Of(plan);
    config.node.state = dir.path();
    config.governance = {pinned.genesis.Hex(), member, "", dir / "policy.toml"};
    config.data["d"] = DatasetConfig{.id = "d"};
    certificate.member = member;
    listed = {Certify("d", certificate, member)};
    proposal.datasets = {{member, listed[0]}};
  }
};

}  // namespace accord::node
