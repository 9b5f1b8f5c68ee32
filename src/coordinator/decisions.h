// What members decided, between the log and the jobs: what a node has to be shown before it takes part in a
// job and before each of its rounds, and what nodes sign of their parts (governance.md b, f). An interface,
// since jobs know nothing of logs; decided_jobs.h is it. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "charter/group_draw.h"
#include "crypto/ed25519.h"
#include "job/job.h"

namespace accord::charter {
struct JobBundle;
struct RoundProof;
}  // namespace accord::charter

namespace accord::coordinator {

// The node that something is shown to, or that signed something.
struct NodeName {
  NodeId id;
  std::string spiffe_id;
};

// The receipts of those whose updates are in a sum, of one group or of all.
struct KeptReceipts {
  JobId job;
  RoundId round;
  AttemptId attempt;  // whose updates they are of: another one's are others
  std::uint32_t group = 0;
  Digest model_in;
  std::vector<std::string> nodes;     // SPIFFE ids, strictly ascending
  std::vector<std::string> receipts;  // of each, the JSON of its envelope
  std::vector<std::string> dropped;   // who began and is not among them, strictly ascending

  friend bool operator==(const KeptReceipts&, const KeptReceipts&) = default;
};

class Decisions {
 public:
  virtual ~Decisions() = default;

  // Calls `send` with what this node has to be shown of the job, now or not at all; until it returns the node
  // is asked to cosign nothing, so that no head overtakes the one that is shown. `log.behind` while too few
  // have witnessed it, or while the node is being asked.
  virtual Status Show(const JobId& job, const NodeName& node,
                      const std::function<void(std::shared_ptr<const charter::JobBundle>)>& send) = 0;
  // How many documents that is by now: votes still come after enough were there, and charters.
  virtual std::uint64_t DocumentsOf(const JobId& job) = 0;
  // As Show, of a round that is logged, which the node has to see before it begins the next one.
  virtual Status ShowRound(const JobId& job, RoundId round, const NodeName& node,
                           const std::function<void(std::shared_ptr<const charter::RoundProof>)>& send) = 0;

  // Whether the node with this protocol key signed the receipt, of this round, which began from this model,
  // and of an update of so many bytes. `receipt.refused`, `ledger.malformed`.
  virtual Status CheckReceipt(const JobId& job, RoundId round, const Digest& model_in, const NodeName& node,
                              const crypto::Ed25519PublicKey& key, std::uint64_t bytes, ByteView receipt) = 0;
  // Durable when it returns; in the place of those of an earlier try of the round. Waits for the disk.
  virtual Status Keep(const KeptReceipts& receipts) = 0;
  // `store.io`, `store.corrupt`. Reads the disk.
  virtual Result<KeptReceipts> Kept(const JobId& job, RoundId round, std::uint32_t group) = 0;

  // How many rounds of the job are logged.
  virtual std::uint64_t LoggedRounds(const JobId& job) = 0;
  // Logs a committed round, of what Keep was given for each of its groups, if it is not in the log yet; on a
  // worker, and asked again it is tried again. `group_seed`: where its groups were dealt anew.
  virtual void LogRound(const JobId& job, const job::RoundSummary& round,
                        const std::optional<Digest>& group_seed) = 0;
  // What the groups of its rounds are drawn from, where they are dealt anew.
  virtual Result<charter::GroupDraw> DrawOf(const JobId& job) = 0;
};

}  // namespace accord::coordinator
