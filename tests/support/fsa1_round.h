// Frozen transcripts as the product's types, and the vectors' randomness (secagg.md 7.3 end, tests only).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/codec.h"
#include "crypto/hkdf.h"
#include "secagg/context.h"
#include "secagg/messages.h"
#include "secagg/registry.h"
#include "secagg/secrets.h"
#include "tests/support/fsa1.h"

namespace accord::fsa1 {

using nlohmann::json;

inline NodeId IdOf(const json& hex) { return NodeId::FromHex(hex.get<std::string>()).value(); }
inline Digest DigestOf(const json& hex) { return Digest::FromHex(hex.get<std::string>()).value(); }
inline Bytes BytesOf(const json& hex) { return Hex(hex.get<std::string>()); }

// R(label) = Expand(rng_seed, "FSA-1/test/" || label || 0x00 || ctx || id).
class VectorSecrets final : public secagg::Secrets {
 public:
  VectorSecrets(Bytes rng_seed, const Digest& ctx, const NodeId& id)
      : seed_(std::move(rng_seed)), ctx_(ctx), id_(id) {}

  crypto::ZeroizingBytes Draw(secagg::SecretName name) override {
    static constexpr std::string_view kLabels[] = {"sk_c",  "m",     "b",      "kd",
                                                   "noise", "graph", "coef_b", "coef_m"};
    return R(Writer().Raw(kLabels[static_cast<std::size_t>(name)]).bytes(), 32);
  }
  crypto::ZeroizingBytes DrawBlind(secagg::ShareKind kind, const NodeId& receiver) override {
    const std::string_view label = kind == secagg::ShareKind::kSelf ? "blind_b" : "blind_m";
    return R(Writer().Raw(label).Fixed(receiver).bytes(), 16);
  }

 private:
  crypto::ZeroizingBytes R(ByteView label, std::size_t size) const {
    return crypto::HkdfExpand(
        seed_, Writer().Raw("FSA-1/test/").Raw(label).U8(0).Fixed(ctx_).Fixed(id_).bytes(), size);
  }
  Bytes seed_;
  Digest ctx_;
  NodeId id_;
};

// Texts are texts in transcripts and hex in encoding.json; this reads transcripts.
inline secagg::Offer OfferOf(const json& offer) {
  secagg::Offer out;
  out.federation_id = offer["federation_id"].get<std::string>();
  const auto job = offer["job_id"].get<std::string>();
  out.job_id = Bytes(job.begin(), job.end());
  out.round.value = offer["round"];
  out.attempt.value = offer["attempt"];
  out.registry_hash = DigestOf(offer["registry_hash"]);
  for (const json& id : offer["cohort"]) out.cohort.push_back(IdOf(id));
  out.model_hash = DigestOf(offer["model_hash"]);
  out.train_cfg_hash = DigestOf(offer["train_cfg_hash"]);
  out.params = BytesOf(offer["params"]);
  out.mode = static_cast<SecureMode>(offer["mode"].get<int>());
  return out;
}

inline secagg::SignedBody SignedOf(const json& message) {
  return {.body = BytesOf(message["body"]),
          .signature = crypto::Ed25519Signature::FromHex(message["sig"].get<std::string>()).value()};
}

// "adverts" of a roster, "ends" of survivors.
inline std::vector<secagg::SignedBody> SignedListOf(const json& list) {
  std::vector<secagg::SignedBody> out;
  for (const json& item : list) out.push_back(SignedOf(item));
  return out;
}

// "heads" of inbound.
inline std::vector<secagg::InboundShares> InboundOf(const json& heads) {
  std::vector<secagg::InboundShares> out;
  for (const json& item : heads) {
    out.push_back({.head = SignedOf(item), .entry = {}});
    if (!item["entry"].is_null()) out.back().entry = BytesOf(item["entry"]);
  }
  return out;
}

// "sigs" of certificates.
inline std::vector<secagg::NodeSignature> SignaturesOf(const json& list) {
  std::vector<secagg::NodeSignature> out;
  for (const json& item : list) {
    out.push_back({.id = IdOf(item[0]),
                   .signature = crypto::Ed25519Signature::FromHex(item[1].get<std::string>()).value()});
  }
  return out;
}

// A result owns its words here; View() is the message.
struct FrozenResult {
  secagg::ResultMessage message;
  std::vector<std::uint64_t> words;

  explicit FrozenResult(const json& content) {
    message.u3_hash = DigestOf(content["u3_hash"]);
    message.nwords = content["nwords"];
    message.z_root = DigestOf(content["z_root"]);
    message.tau = List(content["tau"], Word);
    for (const json& chunk : content["chunks"]) {
      const Bytes bytes = BytesOf(chunk);
      for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        for (std::size_t b = 8; b-- > 0;) word = word << 8 | bytes[i + b];
        words.push_back(word);
      }
    }
  }
  [[nodiscard]] secagg::ResultMessage View() const {
    secagg::ResultMessage view = message;
    view.words = words;
    return view;
  }
};

// One transcript: messages by step, inputs by node.
struct Transcript {
  explicit Transcript(const std::string& name) : all(Load(name)) {
    registry =
        std::make_shared<secagg::Registry>(*secagg::Registry::Parse(BytesOf(all["registry"]["bytes"])));
    offer = OfferOf(all["offer"]);
    ctx = DigestOf(all["ctx"]);
    for (const json& message : all["messages"]) messages[message["step"]] = message["content"];
    for (const auto& [id, unused] : all["private"].items()) nodes.push_back(*NodeId::FromHex(id));
  }
  [[nodiscard]] const json& Private(const NodeId& id) const { return all["private"][id.Hex()]; }
  // A node's message of a step.
  [[nodiscard]] const json& Of(const std::string& step, const NodeId& id) const {
    return messages.at(step)[id.Hex()];
  }

  json all;
  std::map<std::string, json> messages;
  std::shared_ptr<const secagg::Registry> registry;
  secagg::Offer offer;
  Digest ctx;
  std::vector<NodeId> nodes;
};

}  // namespace accord::fsa1
