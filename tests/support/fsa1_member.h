// A node of a frozen transcript, driven message by message. Tests of the member and of its users.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "crypto/merkle.h"
#include "secagg/encode.h"
#include "secagg/member.h"
#include "secagg/sum.h"
#include "tests/support/fsa1_round.h"

namespace accord::fsa1 {

// What a shell makes of a delta: the chunks as masked, and what seals them.
struct Upload {
  std::vector<Bytes> chunks;
  secagg::UploadEnd end;
};

// Encodes, tags and masks in one pass over chunks.
inline Upload MakeUpload(secagg::Member& member, secagg::Encoder encoder) {
  const secagg::Params& params = member.context().params;
  secagg::MaskSet masks = member.Masks();
  std::optional<secagg::PolyMac> tagger;
  if (params.verify) tagger.emplace(member.Tagger());
  crypto::MerkleTree tree;
  Upload upload;
  const std::uint64_t total = params.encoding.Words();
  for (std::uint64_t first = 0; first < total; first += params.chunk_words) {
    std::vector<std::uint64_t> words(std::min<std::uint64_t>(params.chunk_words, total - first));
    encoder.Encode(first, words);
    if (tagger) tagger->Add(first, words);
    masks.Apply(first, words);
    Bytes chunk(words.size() * 8);
    secagg::StoreWords(words, chunk);
    tree.Add(chunk);
    upload.chunks.push_back(std::move(chunk));
  }
  upload.end = {.nwords = total, .root = tree.Root(), .tag_value = {}};
  if (tagger) upload.end.tag_value = tagger->Value();
  return upload;
}

class FrozenNode {
 public:
  FrozenNode(const Transcript& transcript, const NodeId& id)
      : transcript_(transcript),
        id_(id),
        key_(crypto::Ed25519Key::FromSeed(BytesOf(transcript.Private(id)["sk_ed"]))) {}

  // What this node knows when `offer` comes; the README's policy.
  [[nodiscard]] secagg::MemberInputs Inputs(const secagg::Offer& offer) const {
    secagg::MemberInputs inputs;
    inputs.id = id_;
    inputs.key = &key_;
    inputs.registry = transcript_.registry;
    inputs.registry_hash = transcript_.registry->Hash();
    inputs.now = transcript_.all["now"];
    inputs.policy = {.malicious = true, .semi_honest = true, .min_cohort = 3, .min_honest = 2};
    inputs.model_hash = transcript_.offer.model_hash;
    inputs.train_cfg_hash = transcript_.offer.train_cfg_hash;
    inputs.memory = memory;
    inputs.secrets = std::make_unique<VectorSecrets>(BytesOf(transcript_.Private(id_)["rng_seed"]),
                                                     secagg::Context(offer), id_);
    return inputs;
  }
  [[nodiscard]] secagg::Checked<secagg::Member> Open(const secagg::Offer& offer) const {
    return secagg::Member::Open(offer, Inputs(offer));
  }

  [[nodiscard]] secagg::Encoder Input() const {
    const json& mine = transcript_.Private(id_);
    delta_ = List(mine["delta_f32"], Float);
    const secagg::Encoding& encoding = member->context().params.encoding;
    return *secagg::Encoder::Create(encoding, *secagg::CheckDelta(encoding, delta_), mine["header"],
                                    member->NoiseKey().view());
  }

  // Accepts everything before the step that the node then awaits ("offer" does nothing, "" all), and keeps
  // every answer in `sent`. False when a frozen message was refused.
  [[nodiscard]] bool RunUntil(const std::string& awaited) {
    if (awaited == "offer") return true;
    secagg::Checked<secagg::Member> opened = Open(transcript_.offer);
    if (!opened.ok()) return false;
    member = std::make_unique<secagg::Member>(*std::move(opened));
    memory.last = {transcript_.offer.round, transcript_.offer.attempt};
    sent["advertise"] = member->Advertise();
    if (awaited == "roster") return true;
    auto dealt = member->OnRoster(SignedListOf(transcript_.messages.at("roster")["adverts"]));
    if (!dealt.ok()) return false;
    shares = std::get<secagg::SharesMessage>(*dealt);
    if (awaited == "inbound") return true;
    if (member->OnInbound(InboundOf(transcript_.Of("inbound", id_)["heads"]))) return false;
    upload = MakeUpload(*member, Input());
    sent["masked"] = *member->SealUpload(upload.end);
    if (awaited == "survivors") return true;
    return RunAfterUpload(awaited);
  }

  secagg::MemberMemory memory;
  std::unique_ptr<secagg::Member> member;
  std::map<std::string, secagg::SignedBody> sent;
  secagg::SharesMessage shares;
  Upload upload;

 private:
  bool RunAfterUpload(const std::string& awaited) {
    const json& survivors = transcript_.messages.at("survivors");
    auto answer = member->OnSurvivors(DigestOf(survivors["u2_hash"]), SignedListOf(survivors["ends"]));
    if (!answer.ok() || !*answer) return false;
    sent[(*answer)->type == secagg::BodyType::kU3 ? "u3" : "unmask"] = (*answer)->answer;
    if (awaited == "survivors_cert") return true;
    if (transcript_.messages.contains("survivors_cert")) {
      const json& certificate = transcript_.messages.at("survivors_cert");
      auto unmask =
          member->OnCertificate(DigestOf(certificate["u3_hash"]), SignaturesOf(certificate["sigs"]));
      if (!unmask.ok()) return false;
      sent["unmask"] = *unmask;
    }
    if (awaited == "result") return true;
    const FrozenResult result(transcript_.messages.at("result"));
    auto z = member->OnResult(result.View());
    if (!z.ok()) return false;
    sent["z"] = *z;
    if (awaited == "result_cert") return true;
    const json& certificate = transcript_.messages.at("result_cert");
    return !member->OnResultCertificate(DigestOf(certificate["u3_hash"]), DigestOf(certificate["z_root"]),
                                        SignaturesOf(certificate["sigs"]));
  }

  const Transcript& transcript_;
  NodeId id_;
  crypto::Ed25519Key key_;
  mutable std::vector<float> delta_;
};

}  // namespace accord::fsa1
