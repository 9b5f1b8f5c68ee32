#include "bundle/verify.h"

#include <chrono>
#include <set>
#include <utility>

#include "bundle/bom.h"
#include "bundle/job_record.h"
#include "bundle/model_signature.h"
#include "bundle/provenance.h"
#include "bundle/training_summary.h"
#include "crypto/ecdsa.h"
#include "crypto/sha256.h"

namespace accord::bundle {
namespace {

std::string Joined(const auto& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string Counted(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

class Verifier {
 public:
  Verifier(const Contents& contents, const Digest& genesis, Endorsement endorsement)
      : contents_(contents), genesis_(genesis), endorsement_(endorsement) {}

  Verdict Run() {
    verdict_.status = All();
    if (verdict_.status.ok()) verdict_.lineage = std::move(lineage_);
    return std::move(verdict_);
  }

 private:
  // First who may sign, then that every byte is what was signed, so that a changed byte is found in its own
  // file; then what the files say.
  Status All() {
    ACCORD_RETURN_IF_ERROR(ReleaseKey());
    ACCORD_RETURN_IF_ERROR(Signature());
    ACCORD_RETURN_IF_ERROR(Decision());
    ACCORD_RETURN_IF_ERROR(Policy());
    Data();
    Rounds();
    ACCORD_RETURN_IF_ERROR(Provenance());
    return Descriptions();
  }

  void Say(std::string_view file, std::string text, bool holds = true) {
    verdict_.lines.push_back({std::string(file), std::move(text), holds});
  }

  Status ReleaseKey() {
    ACCORD_ASSIGN_OR_RETURN(const std::vector<std::string> versions, ReadCharters(contents_));
    ACCORD_ASSIGN_OR_RETURN(const auto chain, OpenCharters(versions, genesis_));
    const charter::Charter& newest = chain.back().charter;
    Say(kCharterFile, Counted(chain.size(), "version", "versions") + " of the charter of " +
                          newest.federation + ", from the pinned " + genesis_.Hex().substr(0, 12) + " on");
    ACCORD_ASSIGN_OR_RETURN(const ByteView pem, contents_.Find(kReleaseKeyFile));
    const auto spki = crypto::PublicKeyFromPem(AsText(pem));
    if (!spki) return Refuse(kReleaseKeyFile, "it is no public key as it is to be laid out");
    const Digest hash = crypto::Sha256::Of(*spki);
    for (const charter::Member& member : newest.members) {
      if (member.suspended || member.model_key != hash) continue;
      Say(kReleaseKeyFile, "the release key of " + member.id + ", as the charter has it");
      spki_ = *spki;
      return {};
    }
    return Refuse(kReleaseKeyFile, "it is the release key of no active member of the charter");
  }

  Status Signature() {
    ACCORD_ASSIGN_OR_RETURN(const ByteView text, contents_.Find(kSignatureFile));
    const auto list = OpenModelSignature(text, spki_);
    if (!list.ok()) {
      const Status why = list.status();
      return why.message().starts_with(kSignatureFile) ? why : Refuse(kSignatureFile, why.message());
    }
    if (AsText(text) != EncodeModelSignature(*ParseModelSignature(text)))
      return Refuse(kSignatureFile, "it is not laid out as it is to be");
    if (list->ignored != IgnoredFiles())
      return Refuse(kSignatureFile,
                    "it leaves out other files than itself and " + std::string(kProvenanceFile));
    ByPath<Digest> found = SignedFiles(contents_);
    for (const FileList::File& one : list->files) {
      const auto file = found.find(one.name);
      if (file == found.end()) return Refuse(one.name, "it is missing");
      if (file->second != one.digest)
        return Refuse(one.name, "it is not what was signed: its SHA-256 differs");
      found.erase(file);
    }
    if (!found.empty()) return Refuse(found.begin()->first, "it is not among what was signed");
    Say(kSignatureFile, "the release key signed " + Counted(list->files.size(), "file", "files") +
                            ", and each is as it was signed");
    Say(kModelFile, "SHA-256 " + contents_.model.Hex());
    return {};
  }

  Status Decision() {
    ACCORD_ASSIGN_OR_RETURN(const JobRecord record, ReadRecord(contents_));
    ACCORD_ASSIGN_OR_RETURN(lineage_, Trace(record, genesis_, contents_.model));
    const charter::Admitted& admitted = lineage_.admitted;
    std::set<std::string> approvers;
    for (const auto& [member, nonce] : admitted.tally.approvals) approvers.insert(member);
    Say(kJobFile, "job " + admitted.job.Hex().substr(0, 12) + ": proposed by " + admitted.proposal.proposer +
                      ", approved by " + Joined(approvers));
    Say(kPlanFile, "the plan that they voted on: " + lineage_.spec.name + ", for " + lineage_.spec.purpose);
    Say("*" + std::string(kProof),
        Counted(record.job.charters.size() + 1 + record.job.votes.size() + record.rounds.size(), "entry",
                "entries") +
            " of the log " + admitted.checkpoint.origin + " of " + std::to_string(admitted.checkpoint.size) +
            ", cosigned by " + Joined(lineage_.witnesses) + " by " +
            FormatTime(TimePoint(std::chrono::seconds(lineage_.time))));
    return {};
  }

  Status Policy() {
    ACCORD_ASSIGN_OR_RETURN(const ByteView text, contents_.Find(kPolicyFile));
    if (AsText(text) != PolicyOf(lineage_.admitted.present.charter))
      return Refuse(kPolicyFile, "it is not the log and the witnesses of the charter");
    Say(kPolicyFile, "log and witnesses as the charter has them");
    return {};
  }

  void Data() {
    for (const Source& one : lineage_.sources) {
      const std::string hash = one.ref.certificate.Hex();
      const std::string file = std::string(kDatasets) + hash + ".json";
      if (!one.certificate) {
        Say(file, "not in this bundle: " + one.ref.member + " approved its use by its hash", /*holds=*/false);
        continue;
      }
      Say(file, "certified by " + one.ref.member + ": " + one.certificate->dataset + " " +
                    one.certificate->version + ", " + Counted(one.certificate->records, "record", "records") +
                    (one.logged ? ", in the log" : ", by the hash that was voted on") +
                    (one.description ? ", with its description" : ""));
    }
  }

  void Rounds() {
    if (lineage_.rounds.empty()) {
      Say(kJobFile,
          "no round is in the log: that the job made this model is the word of those who endorse it",
          /*holds=*/false);
      return;
    }
    Say(kJobFile, Counted(lineage_.rounds.size(), "round leads", "rounds lead") +
                      " from the first model that was voted on to this one");
  }

  Status Provenance() {
    ACCORD_ASSIGN_OR_RETURN(const ByteView text, contents_.Find(kProvenanceFile));
    ACCORD_ASSIGN_OR_RETURN(const std::set<std::string> members, Endorsers(text, lineage_, contents_.model));
    const std::size_t needed = EndorsersNeeded(lineage_.admitted.present.charter);
    const std::string count =
        std::to_string(members.size()) + " of " + std::to_string(needed) + " that it takes";
    const bool enough = members.size() >= needed;
    if (!enough && endorsement_ == Endorsement::kComplete)
      return Refuse(kProvenanceFile, "endorsed by " + count + ": " + Joined(members));
    Say(kProvenanceFile, "endorsed by " + Joined(members) + (enough ? "" : ", " + count), enough);
    return {};
  }

  Status Descriptions() {
    ACCORD_ASSIGN_OR_RETURN(const ByteView bom, contents_.Find(kBomFile));
    ACCORD_RETURN_IF_ERROR(CheckBom(bom, lineage_, contents_.model));
    Say(kBomFile, "of this model and these data sets; its figures are the word of who released it");
    ACCORD_ASSIGN_OR_RETURN(const ByteView summary, contents_.Find(kSummaryFile));
    ACCORD_RETURN_IF_ERROR(CheckSummary(summary, contents_.model));
    Say(kSummaryFile, "of this model");
    return {};
  }

  const Contents& contents_;
  const Digest& genesis_;
  const Endorsement endorsement_;
  Bytes spki_;
  Lineage lineage_;
  Verdict verdict_;
};

}  // namespace

Verdict Verify(const Contents& contents, const Digest& genesis, Endorsement endorsement) {
  return Verifier(contents, genesis, endorsement).Run();
}

std::vector<std::string> IgnoredFiles() {
  return {std::string(kSignatureFile), std::string(kProvenanceFile)};
}

}  // namespace accord::bundle
