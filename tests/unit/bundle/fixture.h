// A release of a model by a federation of five, four of whom decide: what a coordinator would have of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "bundle/make.h"
#include "bundle/provenance.h"
#include "bundle/verify.h"
#include "charter/round_commit.h"
#include "dataset/certificate.h"
#include "dataset/croissant.h"
#include "ledger/signer.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/charter/test_log.h"

namespace accord::bundle {

inline constexpr charter::UnixSeconds kNow = charter::kNow;
inline constexpr std::string_view kPlan = R"(version = 1
name = "digits"
purpose = "research"
model = { kind = "mlp", input = [784], hidden = [64], classes = 10 }
data = { dataset = "digits" }
inner = { lr = 0.05, local_steps = 5, batch = 32 }
update = { max_examples = 2000 }
[round]
count = 2
min_nodes = 3
min_survivors = 3
max_wait = "5m"
)";

// The release key of ke, the same throughout a process: keys on P-256 are made anew each time.
inline const crypto::P256Key& ReleaseKey() {
  static const crypto::P256Key key = crypto::P256Key::Generate();
  return key;
}
inline ledger::Signer SignerOf(std::string name, crypto::SoftwareKey key) {
  const auto verifier = ledger::VerifierOf(std::move(name), key);
  return *ledger::Signer::Make(*verifier, std::make_unique<const crypto::SoftwareKey>(std::move(key)));
}
inline ledger::Signer ReleaseSigner() {
  return SignerOf("fed.example/release/ke",
                  crypto::SoftwareKey(*crypto::P256Key::FromPem(ReleaseKey().ToPem().view())));
}
inline ledger::Signer MemberSigner(const std::string& id) {
  return SignerOf("fed.example/gov/" + id, crypto::SoftwareKey(charter::GovKeyOf(id)));
}

inline dataset::Description DescriptionOf(const std::string& member) {
  return {.name = "Births of " + member,
          .description = "Rows of a register.",
          .license = "https://creativecommons.org/licenses/by/4.0/",
          .url = "https://" + member + ".example/births",
          .creators = {member},
          .publisher = "Ministry of " + member,
          .published = config::Date{2026, 1, 2},
          .version = "1.0.0",
          .languages = {"sw"},
          .formats = {"text/csv"}};
}

struct Scene {
  charter::Charter charter = charter::CharterOf();
  charter::Proposal proposal;
  std::vector<std::string> approve{"be", "ke", "np", "rw"};
  std::vector<std::string> witnesses{"be", "ke", "np", "rw"};
  std::vector<Digest> models{crypto::Sha256::Of("init"), crypto::Sha256::Of("one"),
                             crypto::Sha256::Of("model")};
  std::string croissant = FormatCroissant(DescriptionOf("ke"), {.files = 1, .bytes = 1'000});
  charter::TestLog log;
  Release release;

  Scene() {
    for (charter::Member& member : charter.members) {
      if (member.id == "ke") member.model_key = ReleaseKey().SpkiHash();
    }
  }

  ledger::Envelope CertificateOf(const std::string& member) const {
    const dataset::Certificate one{.member = member,
                                   .dataset = "births",
                                   .version = "1.0.0",
                                   .croissant = crypto::Sha256::Of(croissant),
                                   .root = crypto::Sha256::Of("root " + member),
                                   .files = 1,
                                   .bytes = 1'000,
                                   .records = 50,
                                   .modalities = {"text"},
                                   .jurisdiction = member,
                                   .legal_basis = "law",
                                   .purposes = {"research"},
                                   .not_before = kNow - 9,
                                   .not_after = kNow + 9};
    return charter::Signed(dataset::kCertificateType, dataset::Encode(one), {member});
  }

  charter::LoggedEntry Logged(const ledger::Envelope& envelope) {
    charter::LoggedEntry one{.entry = EncodeEnvelope(envelope), .inclusion = {}};
    one.index = log.Append(one.entry);
    return one;
  }

  ledger::Envelope CommitOf(const Digest& job, std::uint64_t round) const {
    const charter::RoundCommit commit{.job = job,
                                      .round = round,
                                      .model_in = models[round - 1],
                                      .model_out = models[round],
                                      .cohort = {"spiffe://ke.fed.example/node/a"},
                                      .time = kNow};
    ledger::Envelope envelope{std::string(charter::kRoundCommitType), Encode(commit), {}};
    Sign(envelope, charter::KeyOf("log"), KeyIdOf(*charter.log));
    return envelope;
  }

  // Everything into the log, and out of it again with proofs.
  const Release& Gather() {
    JobRecord& record = release.record;
    const ledger::Envelope first = charter::Signed(charter, charter::All(charter));
    proposal = charter::ProposalOf(first.Id());
    proposal.plan = crypto::Sha256::Of(kPlan);
    proposal.init = models[0];
    const ledger::Envelope ke = CertificateOf("ke"), np = CertificateOf("np"), rw = CertificateOf("rw");
    proposal.datasets = {{"ke", ke.Id()}, {"np", np.Id()}, {"rw", rw.Id()}};
    release.genesis = first.Id();
    release.model = models.back();
    release.figures = {{"accuracy", 0.875}, {"loss", 0.5}};
    record.plan = Bytes(kPlan.begin(), kPlan.end());
    record.job.charters = {Logged(first)};
    record.datasets[ke.Id().Hex()] = {Logged(ke), true, croissant};
    record.datasets[rw.Id().Hex()] = {{.entry = EncodeEnvelope(rw), .inclusion = {}}, false, ""};
    const ledger::Envelope proposed = charter::Signed(charter::kProposalType, Encode(proposal), {"ke"});
    record.job.proposal = Logged(proposed);
    for (const std::string& voter : approve) record.job.votes.push_back(Logged(VoteOf(voter, proposed.Id())));
    for (std::uint64_t round = 1; round < models.size(); ++round)
      record.rounds.push_back(Logged(CommitOf(proposed.Id(), round)));
    Prove();
    return release;
  }

  [[nodiscard]] ledger::Envelope VoteOf(const std::string& voter, const Digest& job) const {
    const charter::Vote vote{.federation = "maternal",
                             .job = job,
                             .charter = proposal.charter,
                             .charter_version = 1,
                             .voter = voter,
                             .approve = true,
                             .nonce = {1},
                             .issued_at = kNow - 60,
                             .expires_at = kNow + charter::kDay};
    return charter::Signed(charter::kVoteType, Encode(vote), {voter});
  }

  void Prove() {
    const auto prove = [&](charter::LoggedEntry& one) {
      one.inclusion = *ledger::ProveInclusion(one.index, log.leaves.size(), log);
    };
    JobRecord& record = release.record;
    for (charter::LoggedEntry& one : record.job.charters) prove(one);
    prove(record.job.proposal);
    for (charter::LoggedEntry& one : record.job.votes) prove(one);
    for (charter::LoggedEntry& one : record.rounds) prove(one);
    for (auto& [id, data] : record.datasets) {
      if (data.logged) prove(data.certificate);
    }
    record.job.checkpoint = log.Checkpoint(witnesses, charter);
  }
};

// Signed by all who approved.
inline Contents Whole(const Release& release) {
  Result<Contents> made = Make(release, ReleaseSigner(), MemberSigner("ke"));
  EXPECT_TRUE(made.ok()) << made.status().message();
  if (!made.ok()) return {};
  const auto lineage = Verify(*made, release.genesis, Endorsement::kBegun).lineage;
  for (const char* id : {"be", "np", "rw"}) {
    Bytes& file = made->files[std::string(kProvenanceFile)];
    const auto more = Endorse(file, *lineage, release.model, MemberSigner(id));
    EXPECT_TRUE(more.ok()) << more.status().message();
    file = Bytes(more->begin(), more->end());
  }
  return *std::move(made);
}

}  // namespace accord::bundle
