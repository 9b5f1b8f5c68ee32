// The federation's log at its coordinator: takes entries that say something, signs a head for each, serves
// the files, and publishes a head once enough witnesses have cosigned it (cosigners.h). It is believed
// nothing: nodes, members and auditors check every entry for themselves.
//
//   <state>/log.key   signs heads; mode 0600
//   <state>/log/      the log as it is served (ledger/log_writer.h); log.new while it is made
//   <state>/plans/    job files that came with proposals, by their SHA-256
//   <state>/descriptions/  and those of data sets, which came with their certificates
//
// Thread-safe. Append and GetResource wait for the disk on a worker, the others for no more than what those
// hold.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>
//
#include <boost/asio/any_io_executor.hpp>

#include "accord/clock.h"
#include "base/mutex.h"
#include "charter/admission.h"
#include "charter/record.h"
#include "charter/round_proof.h"
#include "coordinator/log_hold.h"
#include "coordinator/receipt_files.h"
#include "crypto/ed25519.h"
#include "ledger/log_storage.h"
#include "ledger/log_writer.h"
#include "rpc/handlers.h"

namespace accord::coordinator {

// A head that wants cosignatures, and what its witnesses need to judge it.
struct OpenHead {
  ledger::Note note;
  ledger::TreeHead tree;
  std::vector<Bytes> charters;                 // entries, the first version first
  std::vector<ledger::VerifierKey> witnesses;  // of the newest charter
};

// A proposal that has passed.
struct DecidedJob {
  Digest id;
  Bytes proposal;        // the payload that members voted on
  std::string proposer;  // "member:ke"
};

// One that has begun, and that a member has rejected since.
struct RejectedJob {
  Digest id;
  Status why;
};

class LogKeeper final : public rpc::LedgerHandler {
 public:
  struct Options {
    std::filesystem::path state;
    std::string origin;  // of the log: its key's name, too
    const Clock* clock = nullptr;
    boost::asio::any_io_executor workers;
    std::function<void()> signed_head;     // there is a new head to cosign; any thread
    std::function<void()> published_head;  // and one that enough have; any thread
  };

  // The log of a state directory; a state without key and log gets both. `log.damaged`, `log.exists` or
  // `log.not_found` when there is one without the other, `key.*`, errors of LogWriter::Open.
  [[nodiscard]] static Result<std::unique_ptr<LogKeeper>> Open(Options options);

  // rpc::LedgerHandler. Besides Record::Check: `log.held` after a restore; `charter.log` for a first charter
  // that names another log, `proposal.plan` for a proposal without its job file, or with one that cannot be
  // read, `groups.consent` for one that the charter does not let be; for a certificate of data
  // `dataset.signature` unless its own member signed, `dataset.croissant` without its description.
  void Append(const rpc::Peer& peer, Bytes entry, Bytes document, rpc::Reply<rpc::Appended> reply) override;
  void GetResource(const std::string& path, rpc::Reply<Bytes> reply) override;
  // The same for HTTP, where anybody may read: without receipts. Waits for the disk.
  [[nodiscard]] Result<Bytes> ReadResource(const std::string& path) ACCORD_EXCLUDES(mutex_);

  // ---- for witnesses. None before there is a charter. They are those of its newest version, in force or
  // not: nodes go by it, too, and one that is out of date could never be renewed otherwise.
  [[nodiscard]] std::optional<OpenHead> Head() const ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] std::optional<charter::Charter> NewestCharter() const ACCORD_EXCLUDES(mutex_);
  // The proof that `head` continues the log of this size: reads tiles.
  [[nodiscard]] Result<ledger::Proof> Consistency(std::uint64_t from, const ledger::TreeHead& head)
      ACCORD_EXCLUDES(mutex_);
  // Adds cosignatures to a head that Head() once was, and publishes it once the charter's quorum has.
  [[nodiscard]] Status Cosigned(const ledger::Note& head,
                                const std::vector<ledger::NoteSignature>& signatures) ACCORD_EXCLUDES(mutex_);

  // Whether enough have cosigned this head, or a later one.
  [[nodiscard]] bool IsPublished(const ledger::Note& head) const ACCORD_EXCLUDES(mutex_);

  // ---- for jobs
  // Proposals that have passed by what is published, without those that have begun.
  [[nodiscard]] std::vector<DecidedJob> Passed(const std::function<bool(const Digest&)>& begun)
      ACCORD_EXCLUDES(mutex_);
  // Of the jobs that are open those that a member rejects by what is published, each once for each new vote.
  [[nodiscard]] std::vector<RejectedJob> Rejected(const std::function<bool(const Digest&)>& open)
      ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] bool HasCharter() const ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] Result<Bytes> PlanOf(const Digest& job) const ACCORD_EXCLUDES(mutex_);
  // What a node that cosigned the log at `from` last has to be shown of a job, under the published head;
  // reads tiles. `log.behind` while that head is before `from`, or before the votes.
  [[nodiscard]] Result<charter::JobBundle> BundleOf(const Digest& job, std::uint64_t from)
      ACCORD_EXCLUDES(mutex_);
  // How many documents BundleOf has by now.
  [[nodiscard]] std::uint64_t DocumentsOf(const Digest& job) const ACCORD_EXCLUDES(mutex_);
  // Logs a round of a job, signed by the log; ok without a second entry when it is there already.
  // `round.unlogged` when it does not follow, `log.held`, `log.stopped` and errors of the storage.
  [[nodiscard]] Status AppendCommit(const charter::RoundCommit& commit) ACCORD_EXCLUDES(mutex_);
  // What its groups are drawn from, of the votes that are logged. `proposal.unknown`, `proposal.votes`.
  [[nodiscard]] Result<charter::GroupDraw> DrawOf(const Digest& job) const ACCORD_EXCLUDES(mutex_);
  // How many rounds of a job are logged, whether they are published or not; and one of them, from 1 on:
  // `log.not_found`.
  [[nodiscard]] std::uint64_t RoundsOf(const Digest& job) const ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] Result<charter::LoggedCommit> CommitOf(const Digest& job, std::uint64_t round) const
      ACCORD_EXCLUDES(mutex_);
  // As BundleOf, of the commit at this place.
  [[nodiscard]] Result<charter::RoundProof> ProofOf(std::uint64_t index, std::uint64_t from)
      ACCORD_EXCLUDES(mutex_);
  // The key that charters name.
  [[nodiscard]] ledger::VerifierKey key() const { return ledger::LogKey(options_.origin, key_.PublicKey()); }

 private:
  LogKeeper(Options options, crypto::Ed25519Key key, std::filesystem::path directory)
      : options_(std::move(options)), key_(std::move(key)), storage_(std::move(directory)) {}
  [[nodiscard]] Status Load() ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] Result<rpc::Appended> AppendNow(const Bytes& entry, const Bytes& document)
      ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] Status CheckPlan(const ledger::Envelope& envelope, const Bytes& plan) const
      ACCORD_REQUIRES(mutex_);
  [[nodiscard]] Status CheckCertificate(const ledger::Envelope& envelope, const Bytes& description) const
      ACCORD_REQUIRES(mutex_);
  [[nodiscard]] Status CheckFirst(const ledger::Envelope& envelope) const;
  [[nodiscard]] static bool HasVotes(const ledger::Checkpoint& published, const charter::Matter& matter);
  [[nodiscard]] Result<charter::LoggedEntry> Logged(ledger::NodeReader& nodes, std::uint64_t size,
                                                    std::uint64_t index) ACCORD_REQUIRES(mutex_);
  [[nodiscard]] Result<ledger::Checkpoint> PublishedAfter(std::uint64_t from, std::uint64_t last) const
      ACCORD_REQUIRES(mutex_);
  [[nodiscard]] Result<Bytes> ReadReceipts(std::string_view rest) const ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] std::filesystem::path PlanFile(const Digest& plan) const;
  [[nodiscard]] std::filesystem::path DescriptionFile(const Digest& text) const;
  [[nodiscard]] charter::UnixSeconds Now() const;

  const Options options_;
  const crypto::Ed25519Key key_;
  const ReceiptFiles receipts_{options_.state};
  mutable Mutex mutex_;
  LogHold hold_ ACCORD_GUARDED_BY(mutex_){options_.state};
  ledger::LogDirectory storage_ ACCORD_GUARDED_BY(mutex_);
  std::optional<ledger::LogWriter> writer_ ACCORD_GUARDED_BY(mutex_);
  charter::Record record_ ACCORD_GUARDED_BY(mutex_);
  std::vector<Bytes> charters_ ACCORD_GUARDED_BY(mutex_);            // entries
  std::set<Digest> over_ ACCORD_GUARDED_BY(mutex_);                  // proposals that cannot begin any more
  std::map<Digest, std::size_t> counted_ ACCORD_GUARDED_BY(mutex_);  // votes on jobs that have begun
  // Of the head that cosignatures came for last.
  std::string open_text_ ACCORD_GUARDED_BY(mutex_);
  std::vector<ledger::NoteSignature> cosignatures_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::coordinator
