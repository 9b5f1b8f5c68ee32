#include "bundle/lineage.h"

#include <algorithm>
#include <set>
#include <utility>

#include "charter/round_proof.h"
#include "config/job_file.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "ledger/cosignature.h"
#include "ledger/dsse.h"
#include "ledger/policy.h"

namespace accord::bundle {
namespace {

using charter::Charter;
using charter::LoggedEntry;
using charter::Member;
using ledger::Envelope;

struct Seen {
  std::string member;
  charter::UnixSeconds time = 0;
};

// By time. Signatures have to be verified elsewhere: charter::CheckCheckpoint.
std::vector<Seen> Cosigned(const ledger::Note& note, const Charter& charter) {
  std::vector<Seen> seen;
  for (const Member& member : charter.members) {
    if (!member.Has(charter::Right::kWitness) || !member.witness) continue;
    for (const ledger::NoteSignature& one : note.signatures) {
      const auto cosignature = ledger::Cosignature::Parse(one.signature);
      if (!one.IsBy(*member.witness) || !cosignature) continue;
      seen.push_back({member.id, cosignature->time});
      break;
    }
  }
  std::ranges::sort(seen, {}, &Seen::time);
  return seen;
}

class Tracer {
 public:
  Tracer(const JobRecord& record, const Digest& model) : record_(record), model_(model) {}

  Result<Lineage> Run(const Digest& genesis) {
    ACCORD_RETURN_IF_ERROR(Decide(genesis));
    const auto spec = config::ParseJob(AsText(record_.plan), kPlanFile);
    if (!spec.ok()) return Refuse(kPlanFile, spec.status().message());
    out_.spec = *spec;
    ACCORD_RETURN_IF_ERROR(Sources());
    ACCORD_RETURN_IF_ERROR(Rounds());
    return std::move(out_);
  }

 private:
  Status Decide(const Digest& genesis) {
    std::vector<std::string> entries;
    for (const LoggedEntry& one : record_.job.charters) entries.push_back(one.entry);
    ACCORD_ASSIGN_OR_RETURN(const auto chain, OpenCharters(entries, genesis));
    ACCORD_ASSIGN_OR_RETURN(out_.time, TimeOf(record_.job.checkpoint, chain.back().charter));
    const charter::Pinned pinned{.genesis = genesis, .member = "", .version_hash = {}, .head = {}};
    auto admitted = charter::Admit(pinned, record_.job, record_.plan, out_.time);
    if (!admitted.ok()) return Refuse(kJobFile, admitted.status().message());
    out_.admitted = *std::move(admitted);
    const Charter& present = out_.admitted.present.charter;
    for (const Seen& one : Cosigned(*ledger::Note::Parse(record_.job.checkpoint), present))
      out_.witnesses.push_back(one.member);
    for (const charter::DatasetRef& ref : out_.admitted.proposal.datasets) {
      if (present.data_holder_consent && !out_.admitted.tally.approvals.contains(ref.member))
        return Refuse(kJobFile, ref.member + ", whose data it names, has not approved");
    }
    return {};
  }

  // What is proven to be in the log, unless it is said to be.
  Status CheckLogged(const LoggedEntry& one, const std::string& file) const {
    const ledger::Checkpoint& head = out_.admitted.checkpoint;
    const bool logged = ledger::VerifyInclusion(crypto::MerkleLeaf(AsBytes(one.entry)), one.index, head.size,
                                                head.root, one.inclusion);
    return logged ? Status() : Refuse(file, "it is not proven to be in the log");
  }

  Status Sources() {
    std::set<std::string> used;
    for (const charter::DatasetRef& ref : out_.admitted.proposal.datasets) {
      Source& source = out_.sources.emplace_back();
      source.ref = ref;
      const auto found = record_.datasets.find(ref.certificate.Hex());
      if (found == record_.datasets.end()) continue;
      used.insert(found->first);
      ACCORD_RETURN_IF_ERROR(OpenSource(found->second, source));
    }
    if (used.size() == record_.datasets.size()) return {};
    return Refuse(kDatasets, "there is the certificate of a data set that the proposal does not name");
  }

  Status OpenSource(const CertifiedData& data, Source& source) const {
    const std::string file = std::string(kDatasets) + source.ref.certificate.Hex() + ".json";
    const auto envelope = ledger::ParseEnvelope(AsBytes(data.certificate.entry));
    if (!envelope.ok()) return Refuse(file, envelope.status().message());
    auto certificate = dataset::ParseCertificate(envelope->payload);
    if (!certificate.ok()) return Refuse(file, certificate.status().message());
    const Member* const member = MemberThen(source.ref.member);
    if (envelope->Id() != source.ref.certificate || certificate->member != source.ref.member ||
        member == nullptr)
      return Refuse(file, "it is not the certificate that the proposal names");
    // Whether it was in date when the nodes read the data is checked by each of them, then.
    const Status signed_by =
        dataset::CheckCertificate(*envelope, *certificate, member->gov_keys, certificate->not_before);
    if (!signed_by.ok()) return Refuse(file, signed_by.message());
    source.logged = data.logged;
    if (data.logged) ACCORD_RETURN_IF_ERROR(CheckLogged(data.certificate, file));
    source.certificate = *std::move(certificate);
    if (data.croissant.empty()) return {};
    const std::string about = std::string(kDatasets) + source.ref.certificate.Hex() + ".croissant.json";
    if (crypto::Sha256::Of(data.croissant) != source.certificate->croissant)
      return Refuse(about, "it is not the description that was certified");
    auto facts = dataset::ReadCroissant(AsBytes(data.croissant));
    if (!facts.ok()) return Refuse(about, facts.status().message());
    source.description = *std::move(facts);
    return {};
  }

  // As the charter has it under which the proposal was made.
  [[nodiscard]] const Member* MemberThen(const std::string& id) const {
    const auto& chain = out_.admitted.chain;
    const auto under = std::ranges::find(chain, out_.admitted.proposal.charter, &charter::Version::hash);
    return under->charter.Find(id);
  }

  Status Rounds() {
    Digest now = out_.admitted.proposal.init;
    for (std::size_t i = 0; i < record_.rounds.size(); ++i) {
      const LoggedEntry& one = record_.rounds[i];
      const std::string file = "round-" + std::to_string(i + 1) + std::string(kProof);
      ACCORD_RETURN_IF_ERROR(CheckLogged(one, file));
      const auto envelope = ledger::ParseEnvelope(AsBytes(one.entry));
      if (!envelope.ok()) return Refuse(kJobFile, envelope.status().message());
      const auto commit = charter::OpenCommit(*envelope, *out_.admitted.present.charter.log);
      if (!commit.ok()) return Refuse(kJobFile, commit.status().message());
      if (commit->job != out_.admitted.job || commit->model_in != now)
        return Refuse(kJobFile, "its rounds do not follow one another");
      now = commit->model_out;
      out_.rounds.push_back({envelope->Id(), *commit});
    }
    if (record_.rounds.empty() || now == model_) return {};
    return Refuse(kModelFile, "it is not the model that the last round led to, which is " + now.Hex());
  }

  const JobRecord& record_;
  const Digest& model_;
  Lineage out_;
};

}  // namespace

Result<std::vector<charter::Version>> OpenCharters(const std::vector<std::string>& entries,
                                                   const Digest& genesis) {
  std::vector<Envelope> envelopes;
  for (const std::string& entry : entries) {
    auto envelope = ledger::ParseEnvelope(AsBytes(entry));
    if (!envelope.ok()) return Refuse(kCharterFile, envelope.status().message());
    envelopes.push_back(*std::move(envelope));
  }
  auto chain = charter::VerifyChain(envelopes, genesis);
  if (!chain.ok()) return Refuse(kCharterFile, chain.status().message());
  return chain;
}

Result<charter::UnixSeconds> TimeOf(std::string_view checkpoint, const Charter& charter) {
  const auto note = ledger::Note::Parse(checkpoint);
  if (!note.ok()) return Refuse(kJobFile, note.status().message());
  const std::vector<Seen> seen = Cosigned(*note, charter);
  if (charter.quorum.witness > 0 && seen.size() >= charter.quorum.witness)
    return seen[charter.quorum.witness - 1].time;
  return Refuse(kJobFile, "too few witnesses have cosigned the log's head to say when it was");
}

Result<Lineage> Trace(const JobRecord& record, const Digest& genesis, const Digest& model) {
  return Tracer(record, model).Run(genesis);
}

std::string PolicyOf(const Charter& charter) {
  std::vector<ledger::NamedWitness> witnesses;
  for (const Member& member : charter.members) {
    if (member.Has(charter::Right::kWitness) && member.witness)
      witnesses.push_back({member.id, *member.witness});
  }
  return ledger::FormatPolicy(*charter.log, witnesses, charter.quorum.witness);
}

}  // namespace accord::bundle
