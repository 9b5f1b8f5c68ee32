// What masked rounds add to the session: values unchanged, and each hostile field refused by its name.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/rpc/session_samples.h"

namespace accord::rpc {
namespace {

using ByNode = v1::NodeMessage;
using ByCoordinator = v1::CoordinatorMessage;

// The sample of a kind.
template <class Kind, class Message>
Message Sample(const std::vector<Message>& all) {
  return *std::ranges::find_if(all, [](const Message& m) { return std::holds_alternative<Kind>(m); });
}
template <class Kind>
FromNode OfNode() {
  return Sample<Kind>(AllFromNode());
}
template <class Kind>
ToNode OfCoordinator() {
  return Sample<Kind>(AllToNode());
}

TEST(ConvertSecaggTest, ValuesComeThroughUnchanged) {
  const auto offer = std::get<Offer>(*Travel<ByCoordinator>(OfCoordinator<Offer>()));
  EXPECT_EQ(offer.offer, SampleOffer());
  EXPECT_EQ(offer.job, kJob);
  EXPECT_EQ(offer.deadline, kTime);
  const auto train = std::get<Train>(*Travel<ByCoordinator>(OfCoordinator<Train>()));
  ASSERT_TRUE(train.proof);
  EXPECT_EQ(train.proof->offer, SampleOffer());
  EXPECT_EQ(train.proof->words, 77U);
  EXPECT_EQ(train.proof->z_root, Filled<Digest>(8));
  EXPECT_EQ(train.proof->result, SampleSignatures());
  EXPECT_EQ(train.proof->model, SampleSignatures());
  const auto collect = std::get<Collect>(*Travel<ByCoordinator>(OfCoordinator<Collect>()));
  EXPECT_EQ(collect.shares, std::get<Collect>(OfCoordinator<Collect>()).shares);
  const auto commit = std::get<Commit>(*Travel<ByCoordinator>(OfCoordinator<Commit>()));
  ASSERT_TRUE(commit.opened);
  EXPECT_EQ(commit.opened->tau, (std::vector<std::uint64_t>{7, ~0ULL}));
  const auto shared = std::get<Shared>(*Travel<ByNode>(OfNode<Shared>()));
  EXPECT_EQ(shared.shares, std::get<Shared>(OfNode<Shared>()).shares);
  const auto verified = std::get<Verified>(*Travel<ByNode>(OfNode<Verified>()));
  ASSERT_TRUE(verified.proof);
  EXPECT_EQ(verified.proof->result, SampleBody(1));
  EXPECT_EQ(verified.proof->model, Filled<crypto::Ed25519Signature>(6));
}

// Twins and order have names of their own in secagg.md 7.6: they end an attempt, and not the session.
TEST(ConvertSecaggTest, CohortsAndSignersComeThroughInAnyOrder) {
  Offer offer = std::get<Offer>(OfCoordinator<Offer>());
  offer.offer.cohort = {offer.offer.cohort[1], offer.offer.cohort[0], offer.offer.cohort[1]};
  EXPECT_EQ(std::get<Offer>(*Travel<ByCoordinator>(ToNode(offer))).offer, offer.offer);
  Certificate certificate = std::get<Certificate>(OfCoordinator<Certificate>());
  certificate.signatures = {certificate.signatures[1], certificate.signatures[0], certificate.signatures[0]};
  EXPECT_EQ(std::get<Certificate>(*Travel<ByCoordinator>(ToNode(certificate))).signatures,
            certificate.signatures);
}

TEST(ConvertSecaggTest, UnmaskedRoundsCarryNothingOfThis) {
  EXPECT_FALSE(std::get<Update>(*Travel<ByNode>(FromNode(
                                    Update{.job = kJob, .round = {1}, .words = Bytes(8, 1), .root = kHash})))
                   .end);
  EXPECT_TRUE(std::get<Prepared>(*Travel<ByNode>(FromNode(Prepared{.job = kJob}))).registry.IsZero());
  auto commit = FullCommit();
  commit.opened.reset();
  EXPECT_FALSE(std::get<Commit>(*Travel<ByCoordinator>(ToNode(commit))).opened);
}

TEST(ConvertSecaggTest, ModeTravelsAsItIs) {
  for (const SecureMode mode : {SecureMode::kSemiHonest, SecureMode::kMalicious}) {
    Offer offer = std::get<Offer>(OfCoordinator<Offer>());
    offer.offer.mode = mode;
    EXPECT_EQ(std::get<Offer>(*Travel<ByCoordinator>(ToNode(offer))).offer.mode, mode);
  }
}

// Every way in which one signed body can be ill-formed.
template <class Wire>
std::vector<Spoil<Wire>> SpoiledBody(const std::string& field, std::function<v1::Signed*(Wire&)> body) {
  return {{field, [=](Wire& m) { body(m)->set_signature(std::string(63, 's')); }},
          {field, [=](Wire& m) { body(m)->set_signature(std::string(65, 's')); }},
          {field, [=](Wire& m) { body(m)->clear_body(); }},
          {field, [=](Wire& m) { body(m)->set_body(std::string((4 << 20) + 1, 'b')); }},
          {field, [=](Wire& m) { body(m)->Clear(); }}};
}

TEST(ConvertSecaggTest, ABodyOfTheLargestSizeIsTaken) {
  Advertised advertised = std::get<Advertised>(OfNode<Advertised>());
  advertised.advert.body.resize(4U << 20);
  EXPECT_TRUE(Travel<ByNode>(FromNode(advertised)).ok());
}

TEST(ConvertSecaggTest, EverySignedBodyOfANodeIsStrict) {
  using M = ByNode;
  ExpectRefused<M>(OfNode<Advertised>(), SpoiledBody<M>("Advertised.advert", [](M& m) {
                     return m.mutable_advertised()->mutable_advert();
                   }));
  ExpectRefused<M>(OfNode<Shared>(),
                   SpoiledBody<M>("Shared.head", [](M& m) { return m.mutable_shared()->mutable_head(); }));
  ExpectRefused<M>(OfNode<Update>(),
                   SpoiledBody<M>("Update.end", [](M& m) { return m.mutable_update()->mutable_end(); }));
  ExpectRefused<M>(OfNode<Masked>(),
                   SpoiledBody<M>("Masked.end", [](M& m) { return m.mutable_masked()->mutable_end(); }));
  ExpectRefused<M>(OfNode<SurvivorsSigned>(), SpoiledBody<M>("SurvivorsSigned.u3", [](M& m) {
                     return m.mutable_survivors_signed()->mutable_u3();
                   }));
  ExpectRefused<M>(OfNode<Unmasked>(), SpoiledBody<M>("Unmasked.unmask", [](M& m) {
                     return m.mutable_unmasked()->mutable_unmask();
                   }));
  ExpectRefused<M>(OfNode<GraphNonce>(), SpoiledBody<M>("GraphNonce.nonce", [](M& m) {
                     return m.mutable_graph_nonce()->mutable_nonce();
                   }));
  ExpectRefused<M>(OfNode<Verified>(), SpoiledBody<M>("Verified.proof.result", [](M& m) {
                     return m.mutable_verified()->mutable_proof()->mutable_result();
                   }));
  ExpectRefused<M>(OfNode<Refused>(), SpoiledBody<M>("Refused.abort", [](M& m) {
                     return m.mutable_refused()->mutable_abort();
                   }));
}

TEST(ConvertSecaggTest, EverySignedBodyToANodeIsStrict) {
  using M = ByCoordinator;
  ExpectRefused<M>(OfCoordinator<Roster>(), SpoiledBody<M>("Roster.adverts", [](M& m) {
                     return m.mutable_roster()->mutable_adverts(2);
                   }));
  ExpectRefused<M>(OfCoordinator<GraphSet>(), SpoiledBody<M>("GraphSet.nonces", [](M& m) {
                     return m.mutable_graph_set()->mutable_nonces(1);
                   }));
  ExpectRefused<M>(OfCoordinator<Survivors>(), SpoiledBody<M>("Survivors.ends", [](M& m) {
                     return m.mutable_survivors()->mutable_ends(1);
                   }));
  ExpectRefused<M>(OfCoordinator<Collect>(), SpoiledBody<M>("Collect.shares.head", [](M& m) {
                     return m.mutable_collect()->mutable_shares(0)->mutable_head();
                   }));
}

TEST(ConvertSecaggTest, NamesTheBadFieldOfANodesMessage) {
  using M = ByNode;
  const auto entry = [](M& m, int i) { return m.mutable_shared()->mutable_entries(i); };
  ExpectRefused<M>(
      OfNode<Shared>(),
      {{"Shared.job", [](M& m) { m.mutable_shared()->clear_job(); }},
       {"Shared.round", [](M& m) { m.mutable_shared()->clear_round(); }},
       {"Shared.entries.receiver", [=](M& m) { entry(m, 0)->set_receiver(std::string(15, 1)); }},
       {"Shared.entries.entry", [=](M& m) { entry(m, 1)->clear_entry(); }},
       {"Shared.entries.entry", [=](M& m) { entry(m, 1)->set_entry(std::string(4'097, 'e')); }},
       {"Shared.entries", [=](M& m) { entry(m, 1)->set_receiver(std::string(16, 1)); }},
       {"Shared.entries", [](M& m) { m.mutable_shared()->mutable_entries()->SwapElements(0, 1); }},
       {"Shared.entries", [](M& m) {
          for (int i = 0; i < 65'536; ++i) m.mutable_shared()->add_entries();
        }}});
  ExpectRefused<M>(OfNode<Verified>(), {{"Verified.proof.model_signature", [](M& m) {
                                           m.mutable_verified()->mutable_proof()->clear_model_signature();
                                         }}});
  ExpectRefused<M>(OfNode<Unmasked>(),
                   {{"Unmasked.round", [](M& m) { m.mutable_unmasked()->set_round(0); }},
                    {"Unmasked.job", [](M& m) { m.mutable_unmasked()->set_job("job"); }}});
}

TEST(ConvertSecaggTest, NamesTheBadFieldOfAnOffer) {
  using M = ByCoordinator;
  const auto spoils = [](const std::string& name, std::function<v1::Offer*(M&)> offer) {
    return std::vector<Spoil<M>>{
        {name + ".mode", [=](M& m) { offer(m)->set_mode(v1::SECURE_MODE_OFF); }},
        {name + ".mode", [=](M& m) { offer(m)->clear_mode(); }},
        {name + ".mode", [=](M& m) { offer(m)->set_mode(v1::SecureMode(4)); }},
        {name + ".job", [=](M& m) { offer(m)->set_job(std::string(33, 'j')); }},
        {name + ".round", [=](M& m) { offer(m)->clear_round(); }},
        {name + ".federation", [=](M& m) { offer(m)->set_federation(std::string(257, 'f')); }},
        {name + ".registry_hash", [=](M& m) { offer(m)->clear_registry_hash(); }},
        {name + ".model_hash", [=](M& m) { offer(m)->clear_model_hash(); }},
        {name + ".train_cfg_hash", [=](M& m) { offer(m)->set_train_cfg_hash("h"); }},
        {name + ".params", [=](M& m) { offer(m)->set_params(std::string(65'537, 'p')); }},
        {name + ".cohort", [=](M& m) { offer(m)->clear_cohort(); }},
        {name + ".cohort", [=](M& m) { offer(m)->set_cohort(1, std::string(15, 1)); }}};
  };
  ExpectRefused<M>(OfCoordinator<Offer>(), spoils("Offer", [](M& m) { return m.mutable_offer(); }));
  ExpectRefused<M>(OfCoordinator<Train>(), spoils("Train.proof.offer", [](M& m) {
                     return m.mutable_train()->mutable_proof()->mutable_offer();
                   }));
  ExpectRefused<M>(OfCoordinator<Offer>(),
                   {{"Offer.deadline_ms", [](M& m) { m.mutable_offer()->set_deadline_ms(~0ULL); }}});
}

TEST(ConvertSecaggTest, NamesTheBadFieldOfACoordinatorsMessage) {
  using M = ByCoordinator;
  ExpectRefused<M>(OfCoordinator<Roster>(),
                   {{"Roster.adverts", [](M& m) { m.mutable_roster()->clear_adverts(); }},
                    {"Roster.adverts",
                     [](M& m) {
                       for (int i = 0; i < 65'536; ++i) m.mutable_roster()->add_adverts();
                     }},
                    {"Roster.deadline_ms", [](M& m) { m.mutable_roster()->set_deadline_ms(~0ULL); }}});
  ExpectRefused<M>(OfCoordinator<Survivors>(),
                   {{"Survivors.ends", [](M& m) { m.mutable_survivors()->clear_ends(); }},
                    {"Survivors.u2_hash", [](M& m) { m.mutable_survivors()->clear_u2_hash(); }}});
  ExpectRefused<M>(
      OfCoordinator<Collect>(),
      {{"Collect.shares.entry",
        [](M& m) { m.mutable_collect()->mutable_shares(1)->set_entry(std::string(4'097, 'e')); }},
       {"Collect.shares", [](M& m) {
          for (int i = 0; i < 65'536; ++i) m.mutable_collect()->add_shares();
        }}});
  const auto opened = [](M& m) { return m.mutable_commit()->mutable_opened(); };
  ExpectRefused<M>(OfCoordinator<Commit>(),
                   {{"Commit.opened.tau", [=](M& m) { opened(m)->add_tau(1); }},
                    {"Commit.opened.tau", [=](M& m) { opened(m)->mutable_tau()->RemoveLast(); }},
                    {"Commit.opened.u3_hash", [=](M& m) { opened(m)->clear_u3_hash(); }},
                    {"Commit.opened.z_root", [=](M& m) { opened(m)->set_z_root("z"); }}});
  const auto proof = [](M& m) { return m.mutable_train()->mutable_proof(); };
  ExpectRefused<M>(OfCoordinator<Train>(), {{"Train.proof.words", [=](M& m) { proof(m)->clear_words(); }},
                                            {"Train.proof.u3_hash", [=](M& m) { proof(m)->clear_u3_hash(); }},
                                            {"Train.proof.z_root", [=](M& m) { proof(m)->clear_z_root(); }}});
}

TEST(ConvertSecaggTest, EveryListOfSignaturesIsStrict) {
  using M = ByCoordinator;
  using List = google::protobuf::RepeatedPtrField<v1::NodeSignature>;
  const auto spoils = [](const std::string& field, std::function<List*(M&)> list) {
    return std::vector<Spoil<M>>{
        {field, [=](M& m) { list(m)->Mutable(0)->set_signature(std::string(63, 's')); }},
        {field, [=](M& m) { list(m)->Mutable(0)->set_node(std::string(17, 'n')); }},
        {field, [=](M& m) {
           for (int i = 0; i < 65'536; ++i) list(m)->Add();
         }}};
  };
  ExpectRefused<M>(OfCoordinator<Certificate>(), spoils("Certificate.signatures", [](M& m) {
                     return m.mutable_certificate()->mutable_signatures();
                   }));
  ExpectRefused<M>(OfCoordinator<Train>(), spoils("Train.proof.result", [](M& m) {
                     return m.mutable_train()->mutable_proof()->mutable_result();
                   }));
  ExpectRefused<M>(OfCoordinator<Train>(), spoils("Train.proof.model", [](M& m) {
                     return m.mutable_train()->mutable_proof()->mutable_model();
                   }));
}

TEST(ConvertSecaggTest, RevealedSharesAreOverwritten) {
  FromNode message = OfNode<Unmasked>();
  v1::NodeMessage wire;
  ToProto(message, &wire);
  CleanseSecrets(&wire);
  EXPECT_EQ(wire.unmasked().unmask().body(), std::string(130, '\0'));
  CleanseSecrets(message);
  EXPECT_EQ(std::get<Unmasked>(message).unmask.body, Bytes(130, 0));
}

}  // namespace
}  // namespace accord::rpc
