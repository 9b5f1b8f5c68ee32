// The members' decisions at a lab's node: it witnesses the federation's log, and checks for itself that a job
// was decided on (governance.md 2b), before a byte of data is read. Everything starts at the hash of the
// first charter, which a person of the lab put into the configuration. On the node's one strand.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accord/clock.h"
#include "accord/job_spec.h"
#include "accord/status.h"
#include "charter/admission.h"
#include "charter/receipt.h"
#include "config/node_config.h"
#include "crypto/ed25519.h"
#include "crypto/spiffe.h"
#include "ledger/proof.h"
#include "ledger/vkey.h"
#include "node/budget_ledger.h"
#include "node/consideration.h"
#include "node/log_pin.h"
#include "node/offer_book.h"
#include "node/round_part.h"
#include "rpc/messages.h"

namespace accord::node {

// What a job was admitted by.
struct Admission {
  charter::Admitted decision;
  Digest policy;                                        // SHA-256 of the lab's policy as it was then
  Digest certificate;                                   // of the data that it reads here
  std::shared_ptr<const charter::GroupDraw> draw = {};  // where its groups are dealt anew
};

class Governance {
 public:
  // Of [governance] in the configuration, at the node of this SPIFFE id. `charter.genesis`, `store.corrupt`,
  // `key.*` for a witness key that cannot be read.
  [[nodiscard]] static Result<std::unique_ptr<Governance>> Open(const config::NodeConfig& config,
                                                                const Clock& clock, const std::string& node);

  // What this witness answers. What it cosigns is on the disk before.
  [[nodiscard]] rpc::CheckpointAnswer OnAddCheckpoint(const rpc::AddCheckpoint& message);

  // Whether this node takes part in the job: all nine checks; what the job may spend is reserved then.
  // `running`: other jobs that are open here. Errors of Consider and BudgetLedger::Reserve;
  // `policy.awaits_approval` and `policy.denied` where a person decides; `log.split` while evidence lies
  // here.
  [[nodiscard]] Status Admit(const rpc::Prepare& message, const JobSpec& spec, std::uint32_t running);
  // The job as it was offered last, to be taken up by a person's word. `job.not_found`; `log.behind` when
  // this node has cosigned the log since, so that the proofs of the offer are too old.
  [[nodiscard]] Result<rpc::Prepare> Offered(const JobId& job);
  // The job has ended: what was reserved for it and not spent is free again.
  void Ended(const JobId& job);
  // The newest charter that was shown; null before.
  [[nodiscard]] std::shared_ptr<const charter::Charter> Newest() const;
  // Trainings ask and report here, on threads of their own.
  [[nodiscard]] BudgetLedger& budget() { return *budget_; }

  // ---- rounds of jobs that Admit took since the start
  // What the groups of its rounds are drawn from; nullptr where they stay as the plan names them.
  [[nodiscard]] std::shared_ptr<const charter::GroupDraw> DrawOf(const JobId& job) const;
  // Whether this lab says what groups' sums are worth on its hold-out (governance.evaluate), and the charter
  // lets its member.
  [[nodiscard]] bool Evaluates() const;
  // Whether a round may begin: round 1 from the model that was voted on, each later one from the model that
  // the log says the one before it made, which counts this node's receipt if its update is in it. `before` is
  // the part that the node (its SPIFFE id) had in that one. `bundle.missing`, `round.unlogged`,
  // `receipt.omitted`, `log.*`, `charter.expired`, `clock.behind`; `policy.denied` once a person of the lab
  // said no; `groups.draw` when the log has other
  // groups for that round than this node drew, `groups.consent` once the charter consents no more. A split
  // log leaves evidence.
  [[nodiscard]] Status BeginRound(const rpc::Train& message, const RoundPart& before,
                                  const std::string& node) const;
  // The JSON of the envelope of a receipt, with job, member, data set, policy and time filled in; signed
  // by the node's protocol key.
  [[nodiscard]] Result<std::string> SignReceipt(const JobId& job, charter::Receipt receipt,
                                                const crypto::Ed25519Key& key) const;

 private:
  Governance(const config::NodeConfig& config, const Clock& clock, crypto::SpiffeId node)
      : config_(config), clock_(clock), node_(std::move(node)) {}
  [[nodiscard]] charter::UnixSeconds Now() const;
  [[nodiscard]] Result<const Admission*> AdmittedJob(const JobId& job) const;
  [[nodiscard]] Result<std::vector<charter::Version>> ChainOf(const rpc::AddCheckpoint& message) const;
  [[nodiscard]] Result<std::string> WitnessName(const charter::Charter& charter) const;
  [[nodiscard]] rpc::CheckpointAnswer Cosign(const rpc::AddCheckpoint& message);
  [[nodiscard]] Status Act(const rpc::Prepare& message, const Consideration& considered);
  [[nodiscard]] Status CheckApproved(const JobId& job, bool is_asked);
  [[nodiscard]] Status CheckOwnMember(const charter::Charter& charter) const;
  [[nodiscard]] Status KeepVersion(const charter::Version& newest);
  void KeepOffer(const KeptOffer& offer, OfferLine line, bool is_decided, const Status& outcome);
  void Remember(const JobId& job, Admission admission);
  void NoteSplit(std::string_view request) const;
  void NoteSplit(const std::string& checkpoint, const ledger::Proof& consistency) const;

  const config::NodeConfig& config_;
  const Clock& clock_;
  const crypto::SpiffeId node_;
  std::unique_ptr<const crypto::Ed25519Key> witness_;  // none: another node of the member's is the witness
  LogPin pin_;
  std::vector<charter::Version> chain_;  // the longest that was shown
  std::unique_ptr<BudgetLedger> budget_;
  std::unique_ptr<OfferBook> offers_;
  std::map<JobId, Admission> admitted_;
};

// The key with which a node cosigns the log for this member: <state>/witness.key, made when it is missing;
// errors of reading and writing it. `vkey.malformed` for a member that cannot be named so.
struct WitnessKeyFile {
  std::filesystem::path file;
  ledger::VerifierKey verifier;  // "<federation>/witness/<member>"
};
[[nodiscard]] Result<WitnessKeyFile> MakeWitnessKey(const std::filesystem::path& state,
                                                    const std::string& federation, const std::string& member);

// The answer of a node that is no witness.
[[nodiscard]] rpc::CheckpointAnswer NoWitness();

}  // namespace accord::node
