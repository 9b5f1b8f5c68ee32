#include "publish/log_view.h"

#include <algorithm>
#include <utility>

#include "charter/proposal.h"
#include "charter/round_commit.h"
#include "charter/vote.h"
#include "config/job_file.h"
#include "dataset/certificate.h"
#include "ledger/dsse.h"

namespace accord::publish {
namespace {

using charter::Record;
using ledger::Envelope;

constexpr std::string_view kOurs = "application/vnd.accord.";
constexpr std::string_view kNoise = "noise";

std::string Names(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// An entry with what was found of it.
struct Read {
  const Record& record;
  const Envelope& envelope;
  EntryView& view;

  // It counts when this member signed it; the words say it if not.
  void By(const std::string& member, const std::string& did) const {
    view.counts = view.signers.contains(member);
    view.words = Printable(member, 64) + " " + did;
    if (!view.counts)
      view.words = "not signed by " + Printable(member, 64) + ", so it says nothing: " + view.words;
  }
  void Nothing(const std::string& why) const { view.words = "says nothing: " + Printable(why, 200); }
};

void ReadCharter(const Read& read) {
  const auto& places = read.record.charter_places();
  const auto at = std::ranges::find(places, read.view.index);
  if (at == places.end()) return read.Nothing("it is no charter that follows the last");
  const charter::Version& version = read.record.chain()[static_cast<std::size_t>(at - places.begin())];
  read.view.counts = true;
  for (const charter::Member& member : version.charter.members) {
    if (charter::HasSigned(read.envelope, member)) read.view.signers.insert(member.id);
  }
  read.view.words = Names(read.view.signers) + " signed version " + std::to_string(version.charter.version) +
                    " of the charter of " + Printable(version.charter.federation, 64) +
                    (version.emergency ? ", an emergency suspension" : "");
}

void ReadProposal(const Read& read) {
  const auto proposal = charter::ParseProposal(read.envelope.payload);
  if (!proposal.ok()) return read.Nothing(proposal.status().message());
  std::set<std::string> holders;
  for (const charter::DatasetRef& one : proposal->datasets) holders.insert(Printable(one.member, 64));
  read.By(proposal->proposer,
          "proposed " + Short(read.view.id) + (holders.empty() ? "" : ", on data of " + Names(holders)));
}

void ReadVote(const Read& read) {
  const auto vote = charter::ParseVote(read.envelope.payload);
  if (!vote.ok()) return read.Nothing(vote.status().message());
  read.By(vote->voter,
          std::string("voted ") + (vote->approve ? "approve" : "reject") + " on " + Short(vote->job));
}

void ReadCertificate(const Read& read) {
  const auto certificate = dataset::ParseCertificate(read.envelope.payload);
  if (!certificate.ok()) return read.Nothing(certificate.status().message());
  read.By(certificate->member, "certified " + certificate->member + "/" + certificate->dataset + " " +
                                   certificate->version + " as " + Short(read.view.id));
}

void ReadRound(const Read& read) {
  const auto commit = charter::ParseRoundCommit(read.envelope.payload);
  if (!commit.ok()) return read.Nothing(commit.status().message());
  const auto matter = read.record.Find(commit->job);
  read.view.counts = matter.ok() && std::ranges::any_of((*matter)->commits, [&](const auto& one) {
                       return one.index == read.view.index;
                     });
  read.view.words = "round " + std::to_string(commit->round) + " of " + Short(commit->job) + ": " +
                    std::to_string(commit->cohort.size()) + " took part, " +
                    std::to_string(commit->dropped.size()) + " dropped; the model is " +
                    Short(commit->model_out);
  if (!read.view.counts) read.view.words = "not signed by the log, or out of turn: " + read.view.words;
}

void ReadOther(const Read& read) {
  read.view.counts = !read.view.signers.empty();
  read.view.words =
      read.view.counts ? Names(read.view.signers) + " signed a " + read.view.kind + ", " + Short(read.view.id)
                       : "a " + read.view.kind + " that no active member signed";
}

// Calls `take` with each entry that is of this kind, its place, and the members that signed it.
template <class Take>
void EachOf(std::string_view type, const Record& record, std::span<const Bytes> entries, const Take& take) {
  for (std::uint64_t index = 0; index < entries.size(); ++index) {
    const auto envelope = ledger::ParseEnvelope(entries[index]);
    if (envelope.ok() && envelope->payload_type == type)
      take(*envelope, index, record.SignersAt(*envelope, index));
  }
}

bool Revoked(const Record& record, const Digest& certificate, std::uint64_t size) {
  if (record.chain().empty()) return false;
  return std::ranges::any_of(record.chain().back().charter.revoked, [&](const charter::Revocation& one) {
    return one.kind == charter::kRevokedCert && one.id == certificate.Hex() && one.from_index <= size;
  });
}

}  // namespace

std::string Short(const Digest& id) { return id.Hex().substr(0, 12); }

std::string KindOf(const std::string& payload_type) {
  if (!payload_type.starts_with(kOurs)) return Printable(payload_type, 40);
  const std::string rest = payload_type.substr(kOurs.size());
  return Printable(rest.substr(0, rest.find(".v1")), 40);
}

EntryView ViewOf(const Record& record, std::uint64_t index, ByteView entry) {
  EntryView view{.index = index, .kind = std::string(kNoise)};
  const auto envelope = ledger::ParseEnvelope(entry);
  if (!envelope.ok()) {
    view.words = "says nothing: it is no signed document";
    return view;
  }
  const Read read{record, *envelope, view};
  view.kind = KindOf(envelope->payload_type);
  view.id = envelope->Id();
  view.signers = record.SignersAt(*envelope, index);
  const std::string& type = envelope->payload_type;
  if (type == charter::kCharterType) {
    ReadCharter(read);
  } else if (type == charter::kProposalType) {
    ReadProposal(read);
  } else if (type == charter::kVoteType) {
    ReadVote(read);
  } else if (type == dataset::kCertificateType) {
    ReadCertificate(read);
  } else if (type == charter::kRoundCommitType) {
    ReadRound(read);
  } else {
    ReadOther(read);
  }
  return view;
}

std::vector<dataset::CatalogueEntry> CatalogueOf(const Record& record, std::span<const Bytes> entries) {
  std::vector<dataset::CatalogueEntry> catalogue;
  std::set<Digest> known;
  EachOf(dataset::kCertificateType, record, entries,
         [&](const Envelope& envelope, std::uint64_t index, const std::set<std::string>& signers) {
           auto certificate = dataset::ParseCertificate(envelope.payload);
           if (!certificate.ok() || !signers.contains(certificate->member)) return;
           if (!known.insert(envelope.Id()).second) return;
           catalogue.push_back({.id = envelope.Id(),
                                .index = index,
                                .certificate = *std::move(certificate),
                                .revoked = Revoked(record, envelope.Id(), entries.size())});
         });
  return catalogue;
}

Jobs JobsOf(const Plans& plans) {
  Jobs jobs;
  for (const auto& [hash, plan] : plans) {
    if (auto job = config::ParseJob(AsText(plan), "job"); job.ok()) jobs.emplace(hash, *std::move(job));
  }
  return jobs;
}

const JobSpec* JobOf(const Jobs& jobs, const charter::Proposal& proposal) {
  const auto found = jobs.find(proposal.plan);
  return found == jobs.end() ? nullptr : &found->second;
}

std::vector<Release> ReleasesOf(const Record& record, std::span<const Bytes> entries) {
  std::vector<Release> releases;
  EachOf(kReleaseType, record, entries,
         [&](const Envelope& envelope, std::uint64_t index, const std::set<std::string>& signers) {
           if (!signers.empty()) releases.push_back({index, envelope.Id(), signers, envelope.payload});
         });
  return releases;
}

}  // namespace accord::publish
