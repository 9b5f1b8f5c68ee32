// An honest coordinator in memory over the labs of lab.h, phase by phase, by the functions of
// secagg/collector.h. Tests stop it between phases and make it lie.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "node/registry.h"
#include "secagg/chunk_root.h"
#include "secagg/collector.h"
#include "secagg/params.h"
#include "secagg/recover.h"
#include "secagg/sum.h"
#include "secagg/unmask.h"
#include "tests/unit/node/lab.h"
#include "update/headers.h"
#include "update/next_model.h"
#include "update/statement.h"

namespace accord::node {

class Conductor {
 public:
  explicit Conductor(const std::string& secure = "malicious") {
    const char* names[] = {"ankara", "bogota", "cairo"};
    for (int i = 0; i < 3; ++i) {
      labs.push_back(std::make_unique<Lab>(names[i], 0.1F * static_cast<float>(i + 1), secure));
    }
    std::ranges::sort(labs, {}, [](const auto& lab) { return lab->id; });
    auto made = std::make_shared<secagg::Registry>();
    made->version = 1;
    for (const auto& lab : labs) {
      made->entries.push_back({lab->id, lab->identity.name, lab->key->PublicKey(), 4'000'000'000});
    }
    registry = made;
    spec = *config::ParseJob(AsText(labs[0]->plan), "job");
    layout = *model::BuildLayout(spec.model);
    weights.resize(layout.size);
    model::InitialWeights(layout, spec.seed, weights);
    model_hash = model::ModelHash(layout, weights);
    for (const auto& lab : labs) ACCORD_CHECK(Pin(lab->config.node.state, *registry).ok());
  }

  [[nodiscard]] JobId job() const { return labs[0]->job(); }
  void Prepare() {
    for (auto& lab : labs) {
      lab->Prepare();
      EXPECT_EQ(lab->Await<rpc::Prepared>().registry, registry->Hash());
    }
  }
  [[nodiscard]] rpc::Train TrainMessage() const {
    return {job(), round, round::Purpose::kTrain, model_hash, {}, proof, {}, {}};
  }
  void Train() {
    for (auto& lab : labs) lab->task->OnTrain(TrainMessage());
    for (auto& lab : labs) lab->Await<rpc::Trained>();
  }

  [[nodiscard]] secagg::Offer MakeOffer() const {
    const auto n = static_cast<std::uint32_t>(labs.size());
    const JobId id = job();
    secagg::Offer made{
        .federation_id = kFederation,
        .job_id = Bytes(id.bytes.begin(), id.bytes.end()),
        .round = round,
        .attempt = attempt,
        .registry_hash = registry->Hash(),
        .cohort = {},
        .model_hash = model_hash,
        .train_cfg_hash = update::TrainConfigHash(id, round::Purpose::kTrain),
        .params = secagg::Params::For(spec.update, {.mode = spec.secure,
                                                    .n = n,
                                                    .corrupt = secagg::DefaultCorrupt(n),
                                                    .coordinates = layout.size,
                                                    .extras = update::ExtraHeaders(
                                                        spec, round::Purpose::kTrain, layout.size)})
                      ->Encode(),
        .mode = spec.secure};
    for (const auto& lab : labs) made.cohort.push_back(lab->id);
    return made;
  }
  void Begin() {
    offer = MakeOffer();
    context = *secagg::OpenAttempt(offer, registry);
    adverts.clear();
    shares.clear();
    uploads.clear();
    ends.clear();
  }
  [[nodiscard]] rpc::Offer OfferMessage() const { return {job(), offer, {}}; }
  void Offer() {
    Begin();
    for (auto& lab : labs) lab->task->OnOffer(OfferMessage());
    for (auto& lab : labs) {
      const auto advert = lab->Await<rpc::Advertised>().advert;
      EXPECT_TRUE(secagg::CheckAdvertise(context, lab->id, advert).ok());
      adverts[lab->id] = advert;
    }
  }
  [[nodiscard]] rpc::Roster RosterMessage() {
    roster = secagg::MakeRoster(context, adverts);
    return {job(), round, attempt, roster->adverts, {}};
  }
  void Share() {
    const rpc::Roster message = RosterMessage();
    secagg::BodiesByNode heads;
    for (auto& lab : labs) lab->task->OnRoster(message);
    for (auto& lab : labs) {
      shares[lab->id] = lab->Await<rpc::Shared>().shares;
      EXPECT_TRUE(secagg::CheckShares(context, *roster, lab->id, shares[lab->id]).ok());
      heads[lab->id] = shares[lab->id].head;
    }
    u2 = secagg::FixU2(*roster, heads);
  }
  [[nodiscard]] rpc::Collect CollectMessage(const NodeId& to) const {
    return {job(), round, attempt, offer.cohort, {}, secagg::InboundFor(*u2, to, Entries())};
  }
  void Collect() {
    for (auto& lab : labs) lab->task->OnCollect(CollectMessage(lab->id));
    for (auto& lab : labs) {
      const auto update = lab->Await<rpc::Update>();
      ASSERT_TRUE(update.end);
      EXPECT_TRUE(
          secagg::CheckMaskedEnd(context, *u2, {update.words.size(), update.root}, lab->id, *update.end)
              .ok());
      uploads[lab->id] = update.words;
      ends[lab->id] = *update.end;
    }
    u3 = secagg::FixU3(*u2, ends);
  }
  [[nodiscard]] rpc::Survivors SurvivorsMessage() const {
    return {job(), round, attempt, u2->hash, u3->ends};
  }
  void Sign() {
    secagg::BodiesByNode signatures;
    for (auto& lab : labs) lab->task->OnSurvivors(SurvivorsMessage());
    if (spec.secure == SecureMode::kSemiHonest) return;
    for (auto& lab : labs) signatures[lab->id] = lab->Await<rpc::SurvivorsSigned>().u3;
    certificate = {job(), round, attempt, u3->hash, *secagg::CertifyU3(context, signatures)};
  }
  void Unmask() {
    if (spec.secure == SecureMode::kMalicious) {
      for (auto& lab : labs) lab->task->OnCertificate(certificate);
    }
    std::vector<secagg::CheckedUnmask> opened;
    const secagg::AttemptSets sets{*roster, *u2, *u3};
    for (auto& lab : labs) {
      const auto unmask = lab->Await<rpc::Unmasked>().unmask;
      opened.push_back(*secagg::CheckUnmask(context, sets, Entries(), lab->id, unmask));
    }
    const secagg::OpenedMasks masks = *secagg::Recover(context, sets, opened);
    sum.assign(context.params.encoding.Words(), 0);
    for (const auto& [id, words] : uploads) secagg::AddBytes(sum, 0, words);
    ASSERT_TRUE(secagg::UnmaskSum({.uploads = 0, .add = {}, .masks = masks.DataKeys()}, sum).ok());
    tau = secagg::UnmaskTags(*u3, masks.TagKeys());
    MakeStep();
  }
  [[nodiscard]] rpc::Commit CommitMessage() const {
    Bytes bytes(sum.size() * 8);
    secagg::StoreWords(sum, bytes);
    const Digest root = secagg::RootOf(sum, context.params.chunk_words);
    return {.job = job(),
            .round = round,
            .attempt = attempt,
            .cohort = offer.cohort,
            .survivors = u3->Ids(),
            .words = sum.size(),
            .sum_hash = crypto::Sha256::Of(bytes),
            .sum = bytes,
            .model_hash = next_hash,
            .opened = rpc::Commit::Opened{u3->hash, root, tau}};
  }
  void Commit() {
    for (auto& lab : labs) lab->task->OnCommit(CommitMessage());
    proof = rpc::ModelProof{offer, u3->hash, sum.size(), CommitMessage().opened->z_root, {}, {}};
    for (auto& lab : labs) {
      const auto verified = lab->Await<rpc::Verified>();
      EXPECT_EQ(verified.model_hash, next_hash);
      ASSERT_TRUE(verified.proof);
      EXPECT_FALSE(
          secagg::CheckResultSignature(context, *u3, proof->z_root, lab->id, verified.proof->result));
      proof->result.push_back({lab->id, verified.proof->result.signature});
      proof->model.push_back({lab->id, verified.proof->model});
    }
  }
  // A round from training on.
  void Round() {
    Train();
    Attempt();
  }
  void Attempt() {
    Offer();
    Share();
    Collect();
    Sign();
    Unmask();
    Commit();
  }
  // The committed model is that of the next round.
  void Next() {
    weights = next;
    model_hash = next_hash;
    ++round.value;
    attempt = {};
  }

  std::vector<std::unique_ptr<Lab>> labs;
  std::shared_ptr<const secagg::Registry> registry;
  JobSpec spec;
  ModelLayout layout;
  std::vector<float> weights, next;
  Digest model_hash, next_hash;
  RoundId round{1};
  AttemptId attempt{0};
  secagg::Offer offer;
  secagg::AttemptContext context;
  secagg::BodiesByNode adverts, ends;
  std::map<NodeId, secagg::SharesMessage> shares;
  std::map<NodeId, Bytes> uploads;
  std::optional<secagg::Roster> roster;
  std::optional<secagg::U2> u2;
  std::optional<secagg::U3> u3;
  rpc::Certificate certificate;
  std::vector<std::uint64_t> sum, tau;
  std::optional<rpc::ModelProof> proof;

 private:
  [[nodiscard]] secagg::EntryLookup Entries() const {
    return [this](const NodeId& dealer, const NodeId& receiver) -> ByteView {
      for (const auto& entry : shares.at(dealer).entries) {
        if (entry.receiver == receiver) return entry.bytes;
      }
      return {};
    };
  }
  void MakeStep() {
    next = weights;
    const auto metrics = update::NextModel(spec,
                                           {.purpose = round::Purpose::kTrain,
                                            .round = round,
                                            .cohort = static_cast<std::uint32_t>(labs.size()),
                                            .survivors = static_cast<std::uint32_t>(u3->nodes.size()),
                                            .words = sum},
                                           next);
    ASSERT_TRUE(metrics.ok()) << Describe(metrics.status());
    next_hash = model::ModelHash(layout, next);
  }
};

}  // namespace accord::node
