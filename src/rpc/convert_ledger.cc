#include "rpc/convert_ledger.h"

#include "ledger/strict_json.h"
#include "rpc/strict.h"

namespace accord::rpc {
namespace {

constexpr std::size_t kMaxLogEntry = ledger::kMaxDocumentBytes;
constexpr std::size_t kMaxNote = 65'536;
constexpr int kMaxHashes = 64;  // a path of a tree of 2^63 leaves
constexpr int kMaxVersions = charter::kMaxVersions;
constexpr int kMaxVotes = 4'096;

using Hashes = google::protobuf::RepeatedPtrField<std::string>;

void FillHashes(const ledger::Proof& hashes, Hashes* out) {
  for (const Digest& hash : hashes) out->Add(std::string(hash.View()));
}

ledger::Proof ReadHashes(Strict& in, const Hashes& hashes, std::string_view field) {
  ledger::Proof out;
  in.Require(hashes.size() <= kMaxHashes, field, "is too long");
  for (const std::string& hash : hashes) {
    if (!in.status().ok()) break;
    out.push_back(in.Id<Digest>(hash, field));
  }
  return out;
}

void FillEntry(const charter::LoggedEntry& entry, v1::JobBundle::Entry* out) {
  out->set_entry(entry.entry);
  out->set_index(entry.index);
  FillHashes(entry.inclusion, out->mutable_inclusion());
}

charter::LoggedEntry ReadEntry(Strict& in, const v1::JobBundle::Entry& entry) {
  in.Require(entry.entry().size() <= kMaxLogEntry, "entry", "is longer than an entry of a log");
  return {entry.entry(), entry.index(), ReadHashes(in, entry.inclusion(), "inclusion")};
}

}  // namespace

void Fill(const charter::JobBundle& bundle, v1::JobBundle* out) {
  for (const charter::LoggedEntry& one : bundle.charters) FillEntry(one, out->add_charters());
  FillEntry(bundle.proposal, out->mutable_proposal());
  for (const charter::LoggedEntry& one : bundle.votes) FillEntry(one, out->add_votes());
  out->set_checkpoint(bundle.checkpoint);
  FillHashes(bundle.consistency, out->mutable_consistency());
}

Result<charter::JobBundle> ReadBundle(const v1::JobBundle& bundle) {
  Strict in("JobBundle");
  in.Require(bundle.charters_size() <= kMaxVersions, "charters", "is too long");
  in.Require(bundle.votes_size() <= kMaxVotes, "votes", "is too long");
  in.Require(bundle.checkpoint().size() <= kMaxNote, "checkpoint", "is too long");
  if (!in.status().ok()) return in.status();
  charter::JobBundle out;
  for (const auto& one : bundle.charters()) out.charters.push_back(ReadEntry(in, one));
  out.proposal = ReadEntry(in, bundle.proposal());
  for (const auto& one : bundle.votes()) out.votes.push_back(ReadEntry(in, one));
  out.checkpoint = bundle.checkpoint();
  out.consistency = ReadHashes(in, bundle.consistency(), "consistency");
  return in.Give(std::move(out));
}

void Fill(const charter::RoundProof& proof, v1::RoundProof* out) {
  FillEntry(proof.commit, out->mutable_commit());
  out->set_checkpoint(proof.checkpoint);
  FillHashes(proof.consistency, out->mutable_consistency());
  FillHashes(proof.receipt, out->mutable_receipt());
}

Result<charter::RoundProof> ReadRoundProof(const v1::RoundProof& proof) {
  Strict in("RoundProof");
  in.Require(proof.checkpoint().size() <= kMaxNote, "checkpoint", "is too long");
  charter::RoundProof out{.commit = ReadEntry(in, proof.commit()),
                          .checkpoint = proof.checkpoint(),
                          .consistency = ReadHashes(in, proof.consistency(), "consistency"),
                          .receipt = ReadHashes(in, proof.receipt(), "receipt")};
  return in.Give(std::move(out));
}

void Fill(const RoundReceipt& message, v1::RoundReceipt* out) {
  out->set_job(std::string(message.job.View()));
  out->set_round(message.round.value);
  out->set_attempt(message.attempt.value);
  out->set_receipt(std::string(AsText(message.receipt)));
}

Result<FromNode> ReadRoundReceipt(const v1::RoundReceipt& message) {
  Strict in("RoundReceipt");
  RoundReceipt out{.job = in.Id<JobId>(message.job(), "job"),
                   .round = in.Round(message.round(), "round"),
                   .attempt = {message.attempt()},
                   .receipt = in.Bytes(message.receipt(), kMaxLogEntry, "receipt")};
  return in.Give<FromNode>(std::move(out));
}

void Fill(const AddCheckpoint& message, v1::AddCheckpoint* out) {
  out->set_body(std::string(AsText(message.body)));
  for (const Bytes& entry : message.charters) out->add_charters(std::string(AsText(entry)));
}

Result<ToNode> ReadAddCheckpoint(const v1::AddCheckpoint& message) {
  Strict in("AddCheckpoint");
  AddCheckpoint out{.body = in.Bytes(message.body(), kMaxNote, "body"), .charters = {}};
  in.Require(message.charters_size() <= kMaxVersions, "charters", "is too long");
  for (const std::string& entry : message.charters()) {
    if (!in.status().ok()) break;
    out.charters.push_back(in.Bytes(entry, kMaxLogEntry, "charters"));
  }
  return in.Give<ToNode>(std::move(out));
}

void Fill(const CheckpointAnswer& message, v1::CheckpointAnswer* out) {
  out->set_status(message.status);
  out->set_body(std::string(AsText(message.body)));
}

Result<FromNode> ReadCheckpointAnswer(const v1::CheckpointAnswer& message) {
  Strict in("CheckpointAnswer");
  in.Require(message.status() >= 100 && message.status() <= 599, "status", "is none of HTTP");
  return in.Give<FromNode>(
      CheckpointAnswer{.status = message.status(), .body = in.Bytes(message.body(), kMaxNote, "body")});
}

}  // namespace accord::rpc
