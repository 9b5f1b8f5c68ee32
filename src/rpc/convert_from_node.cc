// What a node says on the Session stream; what masked rounds add to it is in convert_secagg.cc.
#include "base/errors.h"
#include "base/overloaded.h"
#include "rpc/convert.h"
#include "rpc/convert_ledger.h"
#include "rpc/convert_secagg.h"
#include "rpc/status_map.h"
#include "rpc/strict.h"

namespace accord::rpc {
namespace {

constexpr std::size_t kMaxVersion = 64;
constexpr std::size_t kMaxDescription = 512;
constexpr int kMaxProgress = 1'024;
constexpr int kMaxHeld = 65'536;

void Fill(const Hello& m, v1::Hello* out) {
  out->set_protocol_oldest(m.protocol_oldest);
  out->set_protocol_newest(m.protocol_newest);
  out->set_version(WireText(m.version, kMaxVersion));
  out->set_description(WireText(m.description, kMaxDescription));
  for (const JobId& job : m.held) out->add_held(std::string(job.View()));
}

void Fill(const Heartbeat& m, v1::Heartbeat* out) {
  for (const Progress& p : m.progress) {
    v1::Heartbeat::Progress* to = out->add_progress();
    to->set_job(std::string(p.job.View()));
    to->set_round(p.round.value);
    to->set_steps_done(p.steps_done);
    to->set_steps_total(p.steps_total);
    to->set_bytes_sent(p.bytes_sent);
    to->set_bytes_total(p.bytes_total);
    to->set_waiting(p.waiting);
  }
}

void Fill(const Standing& m, v1::Standing* out) {
  out->set_round(m.round.value);
  out->set_next_attempt(m.next_attempt.value);
  if (!m.model_hash.IsZero()) out->set_model_hash(std::string(m.model_hash.View()));
  out->set_has_model(m.has_model);
  if (!m.made.IsZero()) out->set_made(std::string(m.made.View()));
  out->set_has_made(m.has_made);
  for (const NodeId& node : m.signed_set) out->add_signed_set(std::string(node.View()));
}

void Fill(const Prepared& m, v1::Prepared* out) {
  out->set_job(std::string(m.job.View()));
  if (!m.registry.IsZero()) out->set_registry(std::string(m.registry.View()));
  if (m.standing) Fill(*m.standing, out->mutable_standing());
  if (m.standing && m.standing->proof) Fill(*m.standing->proof, out->mutable_proof());
}

void Fill(const ModelPart& m, v1::ModelPart* out) {
  out->set_job(std::string(m.job.View()));
  out->set_model_hash(std::string(m.model_hash.View()));
  out->set_offset(m.offset);
  out->set_total(m.total);
  out->set_data(std::string(AsText(m.data)));
}

void Fill(const Declined& m, v1::Declined* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  ToProto(m.error, out->mutable_error());
}

void Fill(const Trained& m, v1::Trained* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
}

void Fill(const Verified& m, v1::Verified* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  out->set_model_hash(std::string(m.model_hash.View()));
  if (m.proof) Fill(*m.proof, out->mutable_proof());
}

void Fill(const Refused& m, v1::Refused* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  ToProto(m.error, out->mutable_error());
  if (m.abort) FillSigned(*m.abort, out->mutable_abort());
}

void Fill(const Update& m, v1::Update* out) {
  out->set_job(std::string(m.job.View()));
  out->set_round(m.round.value);
  out->set_attempt(m.attempt.value);
  out->set_words(std::string(AsText(m.words)));
  out->set_root(std::string(m.root.View()));
  if (m.end) FillSigned(*m.end, out->mutable_end());
}

Result<FromNode> Read(const v1::Hello& m) {
  Strict in("Hello");
  in.Require(m.protocol_oldest() >= 1 && m.protocol_oldest() <= m.protocol_newest(), "protocol_oldest",
             "is 0 or above protocol_newest");
  Hello out{.protocol_oldest = m.protocol_oldest(),
            .protocol_newest = m.protocol_newest(),
            .version = in.Text(m.version(), kMaxVersion, "version"),
            .description = in.Text(m.description(), kMaxDescription, "description"),
            .held = {}};
  in.Require(m.held_size() <= kMaxHeld, "held", "is too long");
  for (const std::string& job : m.held()) {
    if (!in.status().ok()) break;
    out.held.push_back(in.Id<JobId>(job, "held"));
  }
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Heartbeat& m) {
  Strict in("Heartbeat");
  in.Require(m.progress_size() <= kMaxProgress, "progress", "is too long");
  if (!in.status().ok()) return in.status();
  Heartbeat out;
  for (const auto& p : m.progress()) {
    out.progress.push_back({.job = in.Id<JobId>(p.job(), "progress.job"),
                            .round = in.Round(p.round(), "progress.round"),
                            .steps_done = p.steps_done(),
                            .steps_total = p.steps_total(),
                            .bytes_sent = p.bytes_sent(),
                            .bytes_total = p.bytes_total(),
                            .waiting = p.waiting()});
  }
  return in.Give<FromNode>(std::move(out));
}

Standing ReadStanding(Strict& in, const v1::Standing& m) {
  Standing out{.round = {m.round()},
               .next_attempt = {m.next_attempt()},
               .model_hash = in.IdOrZero<Digest>(m.model_hash(), "model_hash"),
               .has_model = m.has_model(),
               .made = in.IdOrZero<Digest>(m.made(), "made"),
               .has_made = m.has_made()};
  if (!m.signed_set().empty()) out.signed_set = in.Cohort(m.signed_set(), "signed_set");
  return out;
}

Result<FromNode> Read(const v1::Prepared& m) {
  Strict in("Prepared");
  Prepared out{in.Id<JobId>(m.job(), "job"), in.IdOrZero<Digest>(m.registry(), "registry")};
  if (m.has_standing()) out.standing = ReadStanding(in, m.standing());
  if (m.has_standing() && m.has_proof()) {
    ACCORD_ASSIGN_OR_RETURN(out.standing->proof, ReadModelProof(m.proof()));
  }
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::ModelPart& m) {
  Strict in("ModelPart");
  ModelPart out{.job = in.Id<JobId>(m.job(), "job"),
                .model_hash = in.Id<Digest>(m.model_hash(), "model_hash"),
                .offset = m.offset(),
                .total = m.total(),
                .data = in.Bytes(m.data(), kModelPartBytes, "data")};
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Declined& m) {
  Strict in("Declined");
  Declined out{
      .job = in.Id<JobId>(m.job(), "job"), .round = {m.round()}, .error = in.Error(m.error(), "error")};
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Trained& m) {
  Strict in("Trained");
  const Trained out{in.Id<JobId>(m.job(), "job"), in.Round(m.round(), "round")};
  return in.Give<FromNode>(out);
}

Result<FromNode> Read(const v1::Verified& m) {
  Strict in("Verified");
  Verified out{.job = in.Id<JobId>(m.job(), "job"),
               .round = in.Round(m.round(), "round"),
               .attempt = {m.attempt()},
               .model_hash = in.Id<Digest>(m.model_hash(), "model_hash"),
               .proof = {}};
  if (m.has_proof()) out.proof = ReadProof(in, m.proof());
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Refused& m) {
  Strict in("Refused");
  Refused out{.job = in.Id<JobId>(m.job(), "job"),
              .round = in.Round(m.round(), "round"),
              .attempt = {m.attempt()},
              .error = in.Error(m.error(), "error"),
              .abort = {}};
  if (m.has_abort()) out.abort = ReadSigned(in, m.abort(), "abort");
  return in.Give<FromNode>(std::move(out));
}

Result<FromNode> Read(const v1::Update& m) {
  Strict in("Update");
  in.Require(!m.words().empty() && m.words().size() % 8 == 0, "words", "is empty or not of whole words");
  Update out{.job = in.Id<JobId>(m.job(), "job"),
             .round = in.Round(m.round(), "round"),
             .attempt = {m.attempt()},
             .words = in.Bytes(m.words(), kMaxInlineBytes, "words"),
             .root = in.Id<Digest>(m.root(), "root"),
             .end = {}};
  if (m.has_end()) out.end = ReadSigned(in, m.end(), "end");
  return in.Give<FromNode>(std::move(out));
}

}  // namespace

void ToProto(const FromNode& message, v1::NodeMessage* out) {
  out->Clear();
  std::visit(overloaded{[&](const Hello& m) { Fill(m, out->mutable_hello()); },
                        [&](const Heartbeat& m) { Fill(m, out->mutable_heartbeat()); },
                        [&](const Prepared& m) { Fill(m, out->mutable_prepared()); },
                        [&](const Declined& m) { Fill(m, out->mutable_declined()); },
                        [&](const Trained& m) { Fill(m, out->mutable_trained()); },
                        [&](const Verified& m) { Fill(m, out->mutable_verified()); },
                        [&](const Refused& m) { Fill(m, out->mutable_refused()); },
                        [&](const Update& m) { Fill(m, out->mutable_update()); },
                        [&](const Advertised& m) { Fill(m, out->mutable_advertised()); },
                        [&](const Shared& m) { Fill(m, out->mutable_shared()); },
                        [&](const Masked& m) { Fill(m, out->mutable_masked()); },
                        [&](const SurvivorsSigned& m) { Fill(m, out->mutable_survivors_signed()); },
                        [&](const Unmasked& m) { Fill(m, out->mutable_unmasked()); },
                        [&](const GraphNonce& m) { Fill(m, out->mutable_graph_nonce()); },
                        [&](const ModelPart& m) { Fill(m, out->mutable_model_part()); },
                        [&](const CheckpointAnswer& m) { Fill(m, out->mutable_checkpoint_answer()); },
                        [&](const RoundReceipt& m) { Fill(m, out->mutable_round_receipt()); }},
             message);
}

Result<FromNode> FromProto(const v1::NodeMessage& message) {
  switch (message.kind_case()) {
    case v1::NodeMessage::kHello:
      return Read(message.hello());
    case v1::NodeMessage::kHeartbeat:
      return Read(message.heartbeat());
    case v1::NodeMessage::kPrepared:
      return Read(message.prepared());
    case v1::NodeMessage::kDeclined:
      return Read(message.declined());
    case v1::NodeMessage::kTrained:
      return Read(message.trained());
    case v1::NodeMessage::kVerified:
      return Read(message.verified());
    case v1::NodeMessage::kRefused:
      return Read(message.refused());
    case v1::NodeMessage::kUpdate:
      return Read(message.update());
    case v1::NodeMessage::kAdvertised:
      return Read(message.advertised());
    case v1::NodeMessage::kShared:
      return Read(message.shared());
    case v1::NodeMessage::kMasked:
      return Read(message.masked());
    case v1::NodeMessage::kSurvivorsSigned:
      return Read(message.survivors_signed());
    case v1::NodeMessage::kUnmasked:
      return Read(message.unmasked());
    case v1::NodeMessage::kGraphNonce:
      return Read(message.graph_nonce());
    case v1::NodeMessage::kModelPart:
      return Read(message.model_part());
    case v1::NodeMessage::kCheckpointAnswer:
      return ReadCheckpointAnswer(message.checkpoint_answer());
    case v1::NodeMessage::kRoundReceipt:
      return ReadRoundReceipt(message.round_receipt());
    case v1::NodeMessage::KIND_NOT_SET:
      break;
  }
  return Fail(errors::kRpcMalformed, "NodeMessage.kind is not set, or of a newer version.");
}

}  // namespace accord::rpc
