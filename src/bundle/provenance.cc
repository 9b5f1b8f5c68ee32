#include "bundle/provenance.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/errors.h"
#include "bundle/model_signature.h"
#include "crypto/sha256.h"
#include "ledger/dsse.h"

namespace accord::bundle {
namespace {

using charter::Charter;
using charter::Member;
using nlohmann::ordered_json;

constexpr std::string_view kSlsaPredicate = "https://slsa.dev/provenance/v1";
constexpr std::string_view kBuildType = "urn:accord:federated-training:v1";

ordered_json Sha256Of(const Digest& digest) { return {{"sha256", digest.Hex()}}; }

ordered_json Dependencies(const charter::Proposal& proposal) {
  ordered_json all = ordered_json::array();
  for (const charter::DatasetRef& one : proposal.datasets)
    all.push_back(
        {{"uri", "urn:accord:dataset-certificate:" + one.member}, {"digest", Sha256Of(one.certificate)}});
  all.push_back({{"uri", "urn:accord:plan"}, {"digest", Sha256Of(proposal.plan)}});
  all.push_back({{"uri", "urn:accord:initial-model"}, {"digest", Sha256Of(proposal.init)}});
  ordered_json code{{"uri", "urn:accord:code:" + proposal.code_kind}};
  if (!proposal.code.IsZero()) code["digest"] = Sha256Of(proposal.code);
  all.push_back(std::move(code));
  return all;
}

ordered_json Byproducts(const std::vector<Round>& rounds) {
  ordered_json all = ordered_json::array();
  for (const Round& one : rounds)
    all.push_back({{"name", "round-" + std::to_string(one.commit.round)}, {"digest", Sha256Of(one.id)}});
  return all;
}

// The member that may endorse with this key; nullptr when nobody does.
const Member* HolderOf(const Charter& charter, const ledger::VerifierKey& key) {
  const auto revoked = [&](const charter::Revocation& one) {
    return one.kind == charter::kRevokedGovKey && one.id == ledger::KeyIdOf(key);
  };
  if (std::ranges::any_of(charter.revoked, revoked)) return nullptr;
  for (const Member& member : charter.members) {
    if (member.Has(charter::Right::kVote) && std::ranges::find(member.gov_keys, key) != member.gov_keys.end())
      return &member;
  }
  return nullptr;
}

const ledger::VerifierKey* FindKey(const Charter& charter, const std::string& keyid) {
  for (const Member& member : charter.members) {
    for (const ledger::VerifierKey& key : member.gov_keys) {
      if (ledger::KeyIdOf(key) == keyid) return &key;
    }
  }
  return nullptr;
}

}  // namespace

Bytes ProvenancePayload(const Lineage& lineage, const Digest& model) {
  const charter::Admitted& admitted = lineage.admitted;
  const ordered_json subject{{"name", kModelFile}, {"digest", Sha256Of(model)}};
  const ordered_json root{
      {"_type", kStatementType},
      {"subject", ordered_json::array({subject})},
      {"predicateType", kSlsaPredicate},
      {"predicate",
       {{"buildDefinition",
         {{"buildType", kBuildType},
          {"externalParameters",
           {{"job_id", admitted.job.Hex()}, {"charter_sha256", admitted.proposal.charter.Hex()}}},
          {"resolvedDependencies", Dependencies(admitted.proposal)}}},
        {"runDetails",
         {{"builder", {{"id", "urn:accord:federation:" + admitted.chain.front().hash.Hex()}}},
          {"metadata", {{"invocationId", admitted.job.Hex()}}},
          {"byproducts", Byproducts(lineage.rounds)}}}}}};
  const std::string text = root.dump();
  return {text.begin(), text.end()};
}

Result<std::set<std::string>> Endorsers(ByteView file, const Lineage& lineage, const Digest& model) {
  const auto refuse = [](const std::string& why) { return Refuse(kProvenanceFile, why); };
  const auto envelope = ledger::ParseEnvelope(file, kMaxFileBytes);
  if (!envelope.ok()) return refuse(envelope.status().message());
  if (AsText(file) != ledger::EncodeEnvelope(*envelope) + "\n")
    return refuse("it is not laid out as it is to be");
  if (envelope->payload_type != kInTotoType || envelope->payload != ProvenancePayload(lineage, model))
    return refuse("it says something else than what the log and the model show");
  const Charter& present = lineage.admitted.present.charter;
  const Bytes message = ledger::Pae(envelope->payload_type, envelope->payload);
  std::set<std::string> members;
  for (const ledger::DsseSignature& one : envelope->signatures) {
    // Unlike where documents are only counted, nothing here may be taken for noise: the file is nowhere
    // hashed.
    const ledger::VerifierKey* const key = FindKey(present, one.keyid);
    const Member* const member = key == nullptr ? nullptr : HolderOf(present, *key);
    if (member == nullptr)
      return refuse("it has a signature by \"" + Printable(one.keyid, 100) + "\", who may not vote");
    if (!key->Verify(AsText(message), one.signature))
      return refuse("the signature of " + member->id + " fails");
    if (!members.insert(member->id).second) return refuse(member->id + " has signed it twice");
  }
  return members;
}

std::size_t EndorsersNeeded(const Charter& present) { return present.quorum.job; }

Result<std::string> Endorse(ByteView file, const Lineage& lineage, const Digest& model,
                            const ledger::Signer& member) {
  const Member* const holder = HolderOf(lineage.admitted.present.charter, member.verifier());
  if (holder == nullptr) {
    return Fail(errors::kModelUnreleased, "the charter in force has no active, voting member with the key " +
                                              ledger::KeyIdOf(member.verifier()));
  }
  ledger::Envelope envelope{std::string(kInTotoType), ProvenancePayload(lineage, model), {}};
  if (!file.empty()) {
    ACCORD_ASSIGN_OR_RETURN(const std::set<std::string> members, Endorsers(file, lineage, model));
    if (members.contains(holder->id))
      return Fail(errors::kModelUnreleased, holder->id + " has endorsed this model already");
    ACCORD_ASSIGN_OR_RETURN(envelope, ledger::ParseEnvelope(file, kMaxFileBytes));
  }
  ACCORD_RETURN_IF_ERROR(member.Sign(envelope));
  return ledger::EncodeEnvelope(envelope) + "\n";
}

}  // namespace accord::bundle
