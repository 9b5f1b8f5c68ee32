#include "coordinator/log_keeper.h"

#include <algorithm>
#include <span>
#include <utility>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "config/job_file.h"
#include "coordinator/log_place.h"
#include "crypto/sha256.h"
#include "dataset/catalogue.h"
#include "ledger/checkpoint.h"
#include "ledger/lines.h"
#include "ledger/log_reader.h"
#include "ledger/tile.h"

namespace accord::coordinator {
namespace {

namespace fs = std::filesystem;

using charter::EntryKind;

constexpr std::string_view kKeyPath = "key", kPlanPath = "plan/", kDescriptionPath = "description/",
                           kReceiptsPath = "receipts/";

// The witnesses that a charter counts.
std::vector<ledger::VerifierKey> WitnessesOf(const charter::Charter& charter) {
  std::vector<ledger::VerifierKey> keys;
  for (const charter::Member& member : charter.members) {
    if (member.Has(charter::Right::kWitness)) keys.push_back(*member.witness);
  }
  return keys;
}

}  // namespace

// ---------------------------------------------------------------- opening

Result<std::unique_ptr<LogKeeper>> LogKeeper::Open(Options options) {
  const LogPlace places(options.state);
  const bool keyed = fs::exists(places.key), logged = fs::exists(places.log);
  if (logged ? !keyed : keyed && !fs::exists(places.fresh)) {
    return Fail(errors::kLogDamaged, "of " + places.key.string() + " and " + places.log.string() +
                                         " only one is there: put back the other, from a backup");
  }
  if (!logged) ACCORD_RETURN_IF_ERROR(MakeLog(places, options.origin));
  ACCORD_ASSIGN_OR_RETURN(crypto::Ed25519Key key, crypto::Ed25519Key::Load(places.key));
  std::unique_ptr<LogKeeper> keeper(new LogKeeper(std::move(options), std::move(key), places.log));
  {
    const MutexLock lock(keeper->mutex_);
    auto writer = ledger::LogWriter::Open(keeper->storage_, keeper->options_.origin, keeper->key_);
    if (!writer.ok()) return writer.status();
    keeper->writer_.emplace(*std::move(writer));
  }
  ACCORD_RETURN_IF_ERROR(keeper->Load());
  return keeper;
}

Status LogKeeper::Load() {
  const MutexLock lock(mutex_);
  const std::uint64_t size = writer_->head().size;
  for (std::uint64_t first = 0; first < size; first += ledger::kTileWidth) {
    const auto bundle = ledger::TileAt(size, std::nullopt, first / ledger::kTileWidth);
    ACCORD_ASSIGN_OR_RETURN(const std::vector<Bytes> entries, ledger::ReadEntries(storage_, *bundle));
    for (const Bytes& entry : entries) {
      const auto kind = record_.Add(entry);
      if (kind.ok() && *kind == EntryKind::kCharter) charters_.push_back(entry);
    }
  }
  return {};
}

charter::UnixSeconds LogKeeper::Now() const {
  const auto since = options_.clock->Now().time_since_epoch();
  return static_cast<charter::UnixSeconds>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

fs::path LogKeeper::PlanFile(const Digest& plan) const { return options_.state / "plans" / plan.Hex(); }
fs::path LogKeeper::DescriptionFile(const Digest& text) const {
  return options_.state / "descriptions" / text.Hex();
}

// ---------------------------------------------------------------- taking and serving

void LogKeeper::Append(const rpc::Peer& peer, Bytes entry, Bytes document, rpc::Reply<rpc::Appended> reply) {
  boost::asio::post(options_.workers, [this, by = peer.spiffe_id, entry = std::move(entry),
                                       document = std::move(document), reply = std::move(reply)] {
    const Result<rpc::Appended> appended = AppendNow(entry, document);
    if (appended.ok()) {
      LogInfo("log.appended",
              {{"index", std::to_string(appended->index)}, {"id", appended->id.Hex()}, {"by", by}});
      options_.signed_head();
    }
    reply(appended);
  });
}

Result<rpc::Appended> LogKeeper::AppendNow(const Bytes& entry, const Bytes& document) {
  const MutexLock lock(mutex_);
  if (!charters_.empty()) ACCORD_RETURN_IF_ERROR(hold_.Check());
  ACCORD_ASSIGN_OR_RETURN(const EntryKind kind, record_.Check(entry, Now()));
  ACCORD_ASSIGN_OR_RETURN(const ledger::Envelope envelope, ledger::ParseEnvelope(entry));
  if (kind == EntryKind::kCharter && charters_.empty()) ACCORD_RETURN_IF_ERROR(CheckFirst(envelope));
  const Digest hash = crypto::Sha256::Of(document);
  if (kind == EntryKind::kProposal) {
    ACCORD_RETURN_IF_ERROR(CheckPlan(envelope, document));
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(PlanFile(hash), document, FileMode::kPrivate));
  } else if (envelope.payload_type == dataset::kCertificateType) {
    ACCORD_RETURN_IF_ERROR(CheckCertificate(envelope, document));
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(DescriptionFile(hash), document, FileMode::kPrivate));
  } else if (!document.empty()) {
    return Fail(errors::kProposalPlan, "a job file goes with a proposal, and with nothing else");
  }
  const ByteView view(entry);
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t index, writer_->Append(std::span(&view, 1)));
  if (const auto added = record_.Add(entry); added.ok() && *added == EntryKind::kCharter)
    charters_.push_back(entry);
  return rpc::Appended{index, envelope.Id()};
}

Status LogKeeper::CheckFirst(const ledger::Envelope& envelope) const {
  ACCORD_ASSIGN_OR_RETURN(const charter::Charter charter, charter::ParseCharter(envelope.payload));
  if (charter.log == key()) return {};
  return Fail(errors::kCharterLog,
              "the charter names the log " + charter.log->Format() + ", and this one is " + key().Format());
}

Status LogKeeper::CheckPlan(const ledger::Envelope& envelope, const Bytes& plan) const {
  ACCORD_ASSIGN_OR_RETURN(const charter::Proposal proposal, charter::ParseProposal(envelope.payload));
  const Digest hash = crypto::Sha256::Of(plan);
  if (hash != proposal.plan) {
    return Fail(errors::kProposalPlan,
                "the proposal is of the job file " + proposal.plan.Hex() + ", and " +
                    (plan.empty() ? "none came with it" : "with it came " + hash.Hex()));
  }
  ACCORD_ASSIGN_OR_RETURN(const JobSpec job, config::ParseJob(AsText(plan), "job"));
  ACCORD_ASSIGN_OR_RETURN(const charter::Version* const present, record_.Present(Now()));
  return charter::CheckConsent(present->charter, job);
}

// Any active member's signature makes an entry; a certificate says something with its own member's alone.
Status LogKeeper::CheckCertificate(const ledger::Envelope& envelope, const Bytes& description) const {
  ACCORD_ASSIGN_OR_RETURN(const dataset::Certificate certificate,
                          dataset::ParseCertificate(envelope.payload));
  if (!record_.SignersAt(envelope, record_.size()).contains(certificate.member))
    return Fail(errors::kDatasetSignature, "it is not signed by " + certificate.member);
  return dataset::ReadDescription(certificate, description).status();
}

void LogKeeper::GetResource(const std::string& path, rpc::Reply<Bytes> reply) {
  boost::asio::post(options_.workers, [this, path, reply = std::move(reply)] {
    const bool receipts = path.starts_with(kReceiptsPath);
    reply(receipts ? ReadReceipts(std::string_view(path).substr(kReceiptsPath.size())) : ReadResource(path));
  });
}

// "JOB/ROUND": in the order of the round's cohort, a line each.
Result<Bytes> LogKeeper::ReadReceipts(std::string_view rest) const {
  const std::size_t slash = rest.find('/');
  const auto job = Digest::FromHex(rest.substr(0, slash));
  const auto round =
      slash == std::string_view::npos ? std::nullopt : ledger::ParseNumber(rest.substr(slash + 1));
  if (!job || !round) return Fail(errors::kLogNotFound, "no round is called " + Printable(rest, 100));
  ACCORD_ASSIGN_OR_RETURN(const charter::LoggedCommit logged, CommitOf(*job, *round));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<std::string> receipts,
                          receipts_.Of(JobId{job->bytes}, {*round}, logged.commit.cohort));
  Bytes lines;
  for (const std::string& one : receipts) {
    lines.insert(lines.end(), one.begin(), one.end());
    lines.push_back('\n');
  }
  return lines;
}

// Paths come from strangers: none is used that is not of one of the forms.
Result<Bytes> LogKeeper::ReadResource(const std::string& path) {
  if (path == kKeyPath) {
    const std::string line = key().Format() + "\n";
    return Bytes(line.begin(), line.end());
  }
  if (path.starts_with(kPlanPath)) {
    const auto hash = Digest::FromHex(path.substr(kPlanPath.size()));
    if (hash && fs::exists(PlanFile(*hash))) return ReadFile(PlanFile(*hash), config::kMaxJobBytes);
  } else if (path.starts_with(kDescriptionPath)) {
    const auto hash = Digest::FromHex(path.substr(kDescriptionPath.size()));
    if (hash && fs::exists(DescriptionFile(*hash)))
      return ReadFile(DescriptionFile(*hash), dataset::kMaxCroissantBytes);
  } else if (ledger::IsServed(path)) {
    const MutexLock lock(mutex_);
    return storage_.Read(path);
  }
  return Fail(errors::kLogNotFound, "the log has no file " + Printable(path, 100));
}

// ---------------------------------------------------------------- witnesses

std::optional<OpenHead> LogKeeper::Head() const {
  const MutexLock lock(mutex_);
  if (charters_.empty()) return std::nullopt;
  return OpenHead{writer_->pending(), writer_->head(), charters_,
                  WitnessesOf(record_.chain().back().charter)};
}

std::optional<charter::Charter> LogKeeper::NewestCharter() const {
  const MutexLock lock(mutex_);
  if (charters_.empty()) return std::nullopt;
  return record_.chain().back().charter;
}

bool LogKeeper::IsPublished(const ledger::Note& head) const {
  const auto asked = ledger::Checkpoint::Parse(head.text);
  const MutexLock lock(mutex_);
  const auto published = ledger::Checkpoint::Parse(writer_->published().text);
  return asked.ok() && published.ok() && asked->size <= published->size;
}

Result<ledger::Proof> LogKeeper::Consistency(std::uint64_t from, const ledger::TreeHead& head) {
  const MutexLock lock(mutex_);
  if (from > head.size)
    return Fail(errors::kLogRollback, "a node has cosigned the log at " + std::to_string(from) +
                                          " entries, and it has " + std::to_string(head.size));
  if (from == 0) return ledger::Proof();
  ledger::TileReader nodes(head.size, storage_);
  return ledger::ProveConsistency(from, head.size, nodes);
}

Status LogKeeper::Cosigned(const ledger::Note& head, const std::vector<ledger::NoteSignature>& signatures) {
  {
    const MutexLock lock(mutex_);
    if (open_text_ != head.text) {
      open_text_ = head.text;
      cosignatures_.clear();
    }
    for (const ledger::NoteSignature& one : signatures) {
      const auto same = [&](const ledger::NoteSignature& known) {
        return known.key_id == one.key_id && known.name == one.name;
      };
      std::erase_if(cosignatures_, same);
      cosignatures_.push_back(one);
    }
    ledger::Note note{head.text, head.signatures};
    note.signatures.insert(note.signatures.end(), cosignatures_.begin(), cosignatures_.end());
    if (!charter::CheckCheckpoint(note.Format(), record_.chain().back().charter).ok())
      return {};  // not enough yet
    ACCORD_RETURN_IF_ERROR(writer_->Publish(note));
    if (head.text == writer_->pending().text) hold_.Release();
  }
  options_.published_head();
  return {};
}

}  // namespace accord::coordinator
