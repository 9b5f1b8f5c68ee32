#include "rpc/convert_secagg.h"

#include <string>
#include <utility>

#include "crypto/zeroizing.h"
#include "rpc/convert.h"

namespace accord::rpc {
namespace {

constexpr int kMaxNodes = 65'536;
constexpr std::size_t kMaxBody = 4U << 20;
constexpr std::size_t kMaxEntry = 4U << 10;
constexpr std::size_t kMaxParams = 64U << 10;
constexpr std::size_t kMaxFederation = 256;  // a trust domain has at most 255

using SignedList = google::protobuf::RepeatedPtrField<v1::Signed>;
using SignatureList = google::protobuf::RepeatedPtrField<v1::NodeSignature>;

// ---------------------------------------------------------------- parts

// What says of which attempt a message is, in all of them.
template <class Message, class Wire>
void FillAttempt(const Message& m, Wire* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
}

template <class Message, class Wire>
Message ReadAttempt(Strict& in, const Wire& m) {
  Message out;
  out.job = in.Id<JobId>(m.job(), "job");
  out.round = in.Round(m.round(), "round");
  out.attempt = {m.attempt()};
  return out;
}

void FillAll(const std::vector<secagg::SignedBody>& bodies, SignedList* out) {
  for (const secagg::SignedBody& body : bodies) FillSigned(body, out->Add());
}

std::vector<secagg::SignedBody> ReadAll(Strict& in, const SignedList& bodies, std::string_view field) {
  in.Require(!bodies.empty() && bodies.size() <= kMaxNodes, field, "is empty or too long");
  std::vector<secagg::SignedBody> out;
  for (const v1::Signed& body : bodies) {
    if (!in.status().ok()) return {};
    out.push_back(ReadSigned(in, body, field));
  }
  return out;
}

void FillAll(const std::vector<secagg::NodeSignature>& signatures, SignatureList* out) {
  for (const secagg::NodeSignature& signature : signatures) {
    v1::NodeSignature* to = out->Add();
    to->set_node(std::string(signature.id.View()));
    to->set_signature(std::string(signature.signature.View()));
  }
}

// How many there must be is a matter of the attempt's threshold, and their order of the certificate's checks:
// what is wrong with either ends the attempt by its name, and not the session.
std::vector<secagg::NodeSignature> ReadAll(Strict& in, const SignatureList& signatures,
                                           std::string_view field) {
  in.Require(signatures.size() <= kMaxNodes, field, "is too long");
  std::vector<secagg::NodeSignature> out;
  for (const v1::NodeSignature& signature : signatures) {
    if (!in.status().ok()) return {};
    out.push_back({.id = in.Id<NodeId>(signature.node(), field),
                   .signature = in.Id<crypto::Ed25519Signature>(signature.signature(), field)});
  }
  return out;
}

void FillOffer(const secagg::Offer& offer, v1::Offer* out) {
  out->set_job(std::string(AsText(offer.job_id)));
  out->set_federation(offer.federation_id);  // to the byte: ctx is made of it
  out->set_round(offer.round.value);
  out->set_attempt(offer.attempt.value);
  out->set_registry_hash(std::string(offer.registry_hash.View()));
  for (const NodeId& node : offer.cohort) out->add_cohort(std::string(node.View()));
  out->set_model_hash(std::string(offer.model_hash.View()));
  out->set_train_cfg_hash(std::string(offer.train_cfg_hash.View()));
  out->set_params(std::string(AsText(offer.params)));
  out->set_mode(offer.mode == SecureMode::kSemiHonest ? v1::SECURE_MODE_SEMI_HONEST
                                                      : v1::SECURE_MODE_MALICIOUS);
}

// In any order: a twin among them has a name of its own in secagg.md 7.6.
std::vector<NodeId> ReadNodes(Strict& in, const google::protobuf::RepeatedPtrField<std::string>& ids,
                              std::string_view field) {
  in.Require(!ids.empty() && ids.size() <= kMaxNodes, field, "is empty or too long");
  std::vector<NodeId> out;
  for (const std::string& id : ids) {
    if (!in.status().ok()) return {};
    out.push_back(in.Id<NodeId>(id, field));
  }
  return out;
}

secagg::Offer ReadOffer(Strict& in, const v1::Offer& m) {
  in.Require(m.mode() == v1::SECURE_MODE_SEMI_HONEST || m.mode() == v1::SECURE_MODE_MALICIOUS, "mode",
             "is not one of masked rounds");
  const auto job = in.Id<JobId>(m.job(), "job");
  return {.federation_id = in.Text(m.federation(), kMaxFederation, "federation"),
          .job_id = Bytes(job.bytes.begin(), job.bytes.end()),
          .round = in.Round(m.round(), "round"),
          .attempt = {m.attempt()},
          .registry_hash = in.Id<Digest>(m.registry_hash(), "registry_hash"),
          .cohort = ReadNodes(in, m.cohort(), "cohort"),
          .model_hash = in.Id<Digest>(m.model_hash(), "model_hash"),
          .train_cfg_hash = in.Id<Digest>(m.train_cfg_hash(), "train_cfg_hash"),
          .params = in.Bytes(m.params(), kMaxParams, "params"),
          .mode = m.mode() == v1::SECURE_MODE_SEMI_HONEST ? SecureMode::kSemiHonest : SecureMode::kMalicious};
}

// The shape that four of the five messages of a node have.
template <class Message, class Wire>
Result<FromNode> ReadOne(const Wire& m, const v1::Signed& body, secagg::SignedBody Message::*to,
                         std::string_view name, std::string_view field) {
  Strict in(name);
  auto out = ReadAttempt<Message>(in, m);
  out.*to = ReadSigned(in, body, field);
  return in.Give<FromNode>(std::move(out));
}

}  // namespace

void FillSigned(const secagg::SignedBody& body, v1::Signed* out) {
  out->set_body(std::string(AsText(body.body)));
  out->set_signature(std::string(body.signature.View()));
}

secagg::SignedBody ReadSigned(Strict& in, const v1::Signed& m, std::string_view field) {
  in.Require(!m.body().empty(), field, "has no body");
  return {.body = in.Bytes(m.body(), kMaxBody, field),
          .signature = in.Id<crypto::Ed25519Signature>(m.signature(), field)};
}

void FillInbound(const secagg::InboundShares& shares, v1::InboundShares* out) {
  FillSigned(shares.head, out->mutable_head());
  if (shares.entry) out->set_entry(std::string(AsText(*shares.entry)));
}

std::vector<secagg::InboundShares> ReadInbound(
    Strict& in, const google::protobuf::RepeatedPtrField<v1::InboundShares>& shares) {
  in.Require(shares.size() <= kMaxNodes, "shares", "is too long");
  std::vector<secagg::InboundShares> out;
  for (const v1::InboundShares& one : shares) {
    if (!in.status().ok()) return {};
    out.push_back({.head = ReadSigned(in, one.head(), "shares.head"), .entry = std::nullopt});
    if (!one.entry().empty()) out.back().entry = in.Bytes(one.entry(), kMaxEntry, "shares.entry");
  }
  return out;
}

void Fill(const ModelProof& proof, v1::ModelProof* out) {
  FillOffer(proof.offer, out->mutable_offer());
  out->set_u3_hash(std::string(proof.u3_hash.View()));
  out->set_words(proof.words);
  out->set_z_root(std::string(proof.z_root.View()));
  FillAll(proof.result, out->mutable_result());
  FillAll(proof.model, out->mutable_model());
}

Result<ModelProof> ReadModelProof(const v1::ModelProof& m) {
  Strict offer("Train.proof.offer");
  ModelProof out;
  out.offer = ReadOffer(offer, m.offer());
  ACCORD_RETURN_IF_ERROR(offer.status());
  Strict in("Train.proof");
  in.Require(m.words() != 0, "words", "is 0");
  out.words = m.words();
  out.u3_hash = in.Id<Digest>(m.u3_hash(), "u3_hash");
  out.z_root = in.Id<Digest>(m.z_root(), "z_root");
  out.result = ReadAll(in, m.result(), "result");
  out.model = ReadAll(in, m.model(), "model");
  return in.Give(std::move(out));
}

void Fill(const GroupSum& sum, v1::GroupSum* out) {
  out->set_group(sum.group);
  Fill(sum.proof, out->mutable_proof());
  out->set_sum_hash(std::string(sum.sum.View()));
}

Result<GroupSum> ReadGroupSum(const v1::GroupSum& m) {
  Strict in("Train.groups");
  GroupSum out{.group = m.group(), .proof = {}, .sum = in.Id<Digest>(m.sum_hash(), "sum_hash")};
  ACCORD_ASSIGN_OR_RETURN(out.proof, ReadModelProof(m.proof()));
  return in.Give(std::move(out));
}

void Fill(const Verified::Proof& proof, v1::Verified::Proof* out) {
  FillSigned(proof.result, out->mutable_result());
  out->set_model_signature(std::string(proof.model.View()));
}

Verified::Proof ReadProof(Strict& in, const v1::Verified::Proof& m) {
  return {.result = ReadSigned(in, m.result(), "proof.result"),
          .model = in.Id<crypto::Ed25519Signature>(m.model_signature(), "proof.model_signature")};
}

void Fill(const Commit::Opened& opened, v1::Commit::Opened* out) {
  out->set_u3_hash(std::string(opened.u3_hash.View()));
  out->set_z_root(std::string(opened.z_root.View()));
  for (const std::uint64_t word : opened.tau) out->add_tau(word);
}

Commit::Opened ReadOpened(Strict& in, const v1::Commit::Opened& m) {
  in.Require(m.tau_size() == 0 || m.tau_size() == 2, "opened.tau", "has neither 0 nor 2 words");
  Commit::Opened out{.u3_hash = in.Id<Digest>(m.u3_hash(), "opened.u3_hash"),
                     .z_root = in.Id<Digest>(m.z_root(), "opened.z_root"),
                     .tau = {}};
  if (in.status().ok()) out.tau.assign(m.tau().begin(), m.tau().end());
  return out;
}

// ---------------------------------------------------------------- from a node

void Fill(const Advertised& m, v1::Advertised* out) {
  FillAttempt(m, out);
  FillSigned(m.advert, out->mutable_advert());
}

void Fill(const GraphNonce& m, v1::GraphNonce* out) {
  FillAttempt(m, out);
  FillSigned(m.nonce, out->mutable_nonce());
}

void Fill(const Shared& m, v1::Shared* out) {
  FillAttempt(m, out);
  FillSigned(m.shares.head, out->mutable_head());
  for (const auto& entry : m.shares.entries) {
    v1::Shared::Entry* to = out->add_entries();
    to->set_receiver(std::string(entry.receiver.View()));
    to->set_entry(std::string(AsText(entry.bytes)));
  }
}

void Fill(const Masked& m, v1::Masked* out) {
  FillAttempt(m, out);
  FillSigned(m.end, out->mutable_end());
}

void Fill(const SurvivorsSigned& m, v1::SurvivorsSigned* out) {
  FillAttempt(m, out);
  FillSigned(m.u3, out->mutable_u3());
}

void Fill(const Unmasked& m, v1::Unmasked* out) {
  FillAttempt(m, out);
  FillSigned(m.unmask, out->mutable_unmask());
}

Result<FromNode> Read(const v1::Advertised& m) {
  return ReadOne(m, m.advert(), &Advertised::advert, "Advertised", "advert");
}

Result<FromNode> Read(const v1::GraphNonce& m) {
  return ReadOne(m, m.nonce(), &GraphNonce::nonce, "GraphNonce", "nonce");
}

Result<FromNode> Read(const v1::Shared& m) {
  Strict in("Shared");
  auto out = ReadAttempt<Shared>(in, m);
  out.shares.head = ReadSigned(in, m.head(), "head");
  in.Require(m.entries_size() <= kMaxNodes, "entries", "is too long");
  auto& entries = out.shares.entries;
  for (const v1::Shared::Entry& entry : m.entries()) {
    if (!in.status().ok()) break;
    in.Require(!entry.entry().empty(), "entries.entry", "is empty");
    entries.push_back({.receiver = in.Id<NodeId>(entry.receiver(), "entries.receiver"),
                       .bytes = in.Bytes(entry.entry(), kMaxEntry, "entries.entry")});
    in.Require(entries.size() == 1 || entries[entries.size() - 2].receiver < entries.back().receiver,
               "entries", "is not strictly ascending");
  }
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Masked& m) { return ReadOne(m, m.end(), &Masked::end, "Masked", "end"); }

Result<FromNode> Read(const v1::SurvivorsSigned& m) {
  return ReadOne(m, m.u3(), &SurvivorsSigned::u3, "SurvivorsSigned", "u3");
}

Result<FromNode> Read(const v1::Unmasked& m) {
  return ReadOne(m, m.unmask(), &Unmasked::unmask, "Unmasked", "unmask");
}

// ---------------------------------------------------------------- to a node

void Fill(const Offer& m, v1::Offer* out) {
  FillOffer(m.offer, out);
  out->set_job(std::string(m.job.View()));
  out->set_deadline_ms(ToWireMs(m.deadline));
}

void Fill(const Roster& m, v1::Roster* out) {
  FillAttempt(m, out);
  FillAll(m.adverts, out->mutable_adverts());
  out->set_deadline_ms(ToWireMs(m.deadline));
}

void Fill(const GraphSet& m, v1::GraphSet* out) {
  FillAttempt(m, out);
  FillAll(m.nonces, out->mutable_nonces());
  out->set_deadline_ms(ToWireMs(m.deadline));
}

void Fill(const Survivors& m, v1::Survivors* out) {
  FillAttempt(m, out);
  out->set_u2_hash(std::string(m.u2_hash.View()));
  FillAll(m.ends, out->mutable_ends());
}

void Fill(const Certificate& m, v1::Certificate* out) {
  FillAttempt(m, out);
  out->set_u3_hash(std::string(m.u3_hash.View()));
  FillAll(m.signatures, out->mutable_signatures());
}

Result<ToNode> Read(const v1::Offer& m) {
  Strict in("Offer");
  Offer out{.job = in.Id<JobId>(m.job(), "job"),
            .offer = ReadOffer(in, m),
            .deadline = in.Time(m.deadline_ms(), "deadline_ms")};
  return in.Give<ToNode>(std::move(out));
}

Result<ToNode> Read(const v1::Roster& m) {
  Strict in("Roster");
  auto out = ReadAttempt<Roster>(in, m);
  out.adverts = ReadAll(in, m.adverts(), "adverts");
  out.deadline = in.Time(m.deadline_ms(), "deadline_ms");
  return in.Give<ToNode>(std::move(out));
}

Result<ToNode> Read(const v1::GraphSet& m) {
  Strict in("GraphSet");
  auto out = ReadAttempt<GraphSet>(in, m);
  out.nonces = ReadAll(in, m.nonces(), "nonces");
  out.deadline = in.Time(m.deadline_ms(), "deadline_ms");
  return in.Give<ToNode>(std::move(out));
}

Result<ToNode> Read(const v1::Survivors& m) {
  Strict in("Survivors");
  auto out = ReadAttempt<Survivors>(in, m);
  out.u2_hash = in.Id<Digest>(m.u2_hash(), "u2_hash");
  out.ends = ReadAll(in, m.ends(), "ends");
  return in.Give<ToNode>(std::move(out));
}

Result<ToNode> Read(const v1::Certificate& m) {
  Strict in("Certificate");
  auto out = ReadAttempt<Certificate>(in, m);
  out.u3_hash = in.Id<Digest>(m.u3_hash(), "u3_hash");
  out.signatures = ReadAll(in, m.signatures(), "signatures");
  return in.Give<ToNode>(std::move(out));
}

void CleanseSecrets(v1::NodeMessage* message) {
  if (!message->has_unmasked()) return;
  std::string& body = *message->mutable_unmasked()->mutable_unmask()->mutable_body();
  crypto::Cleanse({reinterpret_cast<std::uint8_t*>(body.data()), body.size()});
}

void CleanseSecrets(FromNode& message) {
  if (auto* unmasked = std::get_if<Unmasked>(&message)) crypto::Cleanse(unmasked->unmask.body);
}

}  // namespace accord::rpc
