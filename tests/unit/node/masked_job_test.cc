// Masked rounds of three labs' job tasks with a coordinator in memory: what comes out, what is on the disk
// before anything leaves, restarts between any two phases, and a coordinator that lies.
#include <gmock/gmock.h>

#include "base/errors.h"
#include "tests/unit/node/conductor.h"

namespace accord::node {
namespace {

using ::testing::ElementsAre;

class MaskedJobTest : public ::testing::Test {
 protected:
  // Held back until Release: what would leave before it is on the disk is a fault.
  static void ExpectNothingLeavesBeforeTheDisk(Lab& lab, const std::function<void()>& tell) {
    lab.said.clear();
    lab.journal.held = true;
    tell();
    lab.Poll();
    EXPECT_TRUE(lab.said.empty()) << lab.activity();
    lab.journal.held = false;
    lab.journal.Release();
  }
  static void ExpectRefused(Lab& lab, const Conductor& c, const ErrorInfo& error) {
    const auto refused = lab.Await<rpc::Refused>();
    EXPECT_EQ(refused.error.error(), error.id);
    EXPECT_EQ(refused.error.message(), error.meaning) << "the lab's own log has the rest";
    EXPECT_EQ(refused.attempt, c.attempt);
    ASSERT_TRUE(refused.abort);
    const auto abort = secagg::CheckAbort(c.context, lab.id, *refused.abort);
    ASSERT_TRUE(abort.ok());
    EXPECT_EQ("secagg." + abort->reason, error.id);
  }
};

TEST_F(MaskedJobTest, ThreeLabsReachTheModelOfThePlainMean) {
  Conductor c;
  c.Prepare();
  c.Round();
  // Equal weights: the mean of the three trainers' steps 0.1, 0.2 and 0.3, to the accuracy of 16 bits.
  for (std::size_t i = 0; i < c.next.size(); ++i) {
    EXPECT_NEAR(c.next[i] - c.weights[i], 0.2 * static_cast<double>(i % 3), 1e-3) << i;
  }
  const Bytes plain_count{1, 0, 0, 0, 0, 0, 0, 0};
  for (const auto& [id, words] : c.uploads) {
    EXPECT_FALSE(std::ranges::equal(ByteView(words).first(8), plain_count)) << "not even the count is seen";
  }
  c.Next();
  c.Round();
  for (const auto& lab : c.labs) EXPECT_EQ(lab->task->state().proven, RoundId{1});
}

TEST_F(MaskedJobTest, SemiHonestRoundsSkipTheCertificateOnly) {
  Conductor c("semi-honest");
  for (auto& lab : c.labs) lab->config.policy.allow_semi_honest = true;
  c.Prepare();
  c.Round();
  c.Next();
  c.Round();
}

TEST_F(MaskedJobTest, NothingLeavesBeforeTheJournalHasIt) {
  Conductor c;
  Lab& lab = *c.labs[1];
  c.Prepare();
  c.Train();
  c.Begin();
  ExpectNothingLeavesBeforeTheDisk(lab, [&] { lab.task->OnOffer(c.OfferMessage()); });
  c.Offer();
  ExpectNothingLeavesBeforeTheDisk(lab, [&] { lab.task->OnRoster(c.RosterMessage()); });
  c.Share();
  ExpectNothingLeavesBeforeTheDisk(lab, [&] { lab.task->OnCollect(c.CollectMessage(lab.id)); });
  lab.Poll();
  c.Collect();
  ExpectNothingLeavesBeforeTheDisk(lab, [&] { lab.task->OnSurvivors(c.SurvivorsMessage()); });
  c.Sign();
  ExpectNothingLeavesBeforeTheDisk(lab, [&] { lab.task->OnCertificate(c.certificate); });
  c.Unmask();
  ExpectNothingLeavesBeforeTheDisk(lab, [&] { lab.task->OnCommit(c.CommitMessage()); });
  c.Commit();
}

TEST_F(MaskedJobTest, TheLedgerHasEveryMessageOfTheRound) {
  Conductor c;
  c.Prepare();
  c.Round();
  for (auto& lab : c.labs) {
    std::vector<std::string> kinds;
    for (const task::Egress& egress : lab->Ledger()) kinds.push_back(egress.kind);
    EXPECT_THAT(kinds, ElementsAre("aggregation", "aggregation", "masked update", "aggregation",
                                   "aggregation", "aggregation", "aggregation"));
    const auto ledger = lab->Ledger();
    EXPECT_EQ(ledger[0].bytes, c.adverts[lab->id].body.size() + 64);
    EXPECT_EQ(ledger[2].bytes, c.uploads[lab->id].size());
  }
}

TEST_F(MaskedJobTest, NoSecretOfTheAttemptIsOnTheDisk) {
  Conductor c;
  c.Prepare();
  c.Train();
  c.Offer();
  c.Share();
  c.Collect();
  c.Sign();
  for (auto& lab : c.labs) lab->task->OnCertificate(c.certificate);
  for (auto& lab : c.labs) {
    const auto unmask = secagg::Unmask::Parse(lab->Await<rpc::Unmasked>().unmask.body);
    ASSERT_TRUE(unmask.ok());
    std::vector<ByteView> secrets{unmask->self_seed.view()};
    for (const auto& share : unmask->shares) secrets.push_back(share.share.view());
    for (const driver::Append& append : lab->journal.records) {
      for (const ByteView secret : secrets) EXPECT_TRUE(std::ranges::search(append.record, secret).empty());
    }
  }
}

// The middle lab restarts after phase `after`; what then comes of the attempt it refuses.
class RestartTest : public MaskedJobTest, public ::testing::WithParamInterface<int> {};

TEST_P(RestartTest, IsOutOfTheAttemptAndTakesPartInTheNext) {
  Conductor c;
  Lab& lab = *c.labs[1];
  c.Prepare();
  c.Train();
  c.Offer();
  if (GetParam() >= 1) c.Share();
  if (GetParam() >= 2) c.Collect();
  if (GetParam() >= 3) c.Sign();
  if (GetParam() >= 4) c.Unmask();
  lab.Restart();
  EXPECT_EQ(lab.activity(), "trained") << "the delta is kept";
  switch (GetParam()) {
    case 0:
      lab.task->OnRoster(c.RosterMessage());
      break;
    case 1:
      lab.task->OnCollect(c.CollectMessage(lab.id));
      break;
    case 2:
      lab.task->OnSurvivors(c.SurvivorsMessage());
      break;
    case 3:
      lab.task->OnCertificate(c.certificate);
      break;
    default:
      lab.task->OnCommit(c.CommitMessage());
  }
  ExpectRefused(lab, c, errors::kSecaggMemoryLost);
  EXPECT_EQ(lab.task->state().signed_sets.empty(), GetParam() < 3) << "what was signed stays signed";
  ++c.attempt.value;
  c.Attempt();
  c.Next();
  c.Round();
}
INSTANTIATE_TEST_SUITE_P(AfterEveryPhase, RestartTest, ::testing::Range(0, 5));

// ---------------------------------------------------------------- the delta's file

TEST_F(MaskedJobTest, ADeltaWhoseFileIsGoneIsTrainedAgainBeforeTheOfferIsAnswered) {
  Conductor c;
  Lab& lab = *c.labs[1];
  c.Prepare();
  c.Train();
  std::filesystem::remove(lab.DeltaFile());
  c.Offer();
  c.Share();
  c.Collect();
  c.Sign();
  c.Unmask();
  c.Commit();
}

TEST_F(MaskedJobTest, ADeltaThatThisProcessTrainedIsNotReadBack) {
  Conductor c;
  c.Prepare();
  c.Train();
  std::filesystem::resize_file(c.labs[1]->DeltaFile(), 3);
  c.Attempt();
}

TEST_F(MaskedJobTest, ADeltaWhoseFileIsDamagedIsTrainedAgainForTheNextAttempt) {
  Conductor c;
  Lab& lab = *c.labs[1];
  c.Prepare();
  c.Train();
  lab.Restart();  // else it is in memory
  std::filesystem::resize_file(lab.DeltaFile(), 3);
  c.Offer();
  c.Share();
  lab.task->OnCollect(c.CollectMessage(lab.id));
  const auto refused = lab.Await<rpc::Refused>();
  EXPECT_EQ(refused.error.error(), errors::kTaskNoDelta.id);
  EXPECT_TRUE(refused.abort) << "signed, as every end of an attempt";
  lab.Await<rpc::Trained>();
  ++c.attempt.value;
  c.Attempt();
  c.Next();
  c.Round();
}

TEST_F(MaskedJobTest, AfterAnUploadOnlyTheSameUpdateIsTakenAgain) {
  for (const bool other : {false, true}) {
    Conductor c;
    Lab& lab = *c.labs[1];
    c.Prepare();
    c.Train();
    c.Offer();
    c.Share();
    c.Collect();
    std::filesystem::remove(lab.DeltaFile());
    if (other) lab.step += 0.5F;  // as if the lab's data had changed meanwhile
    lab.Restart();
    ++c.attempt.value;
    c.Begin();
    lab.task->OnOffer(c.OfferMessage());
    if (other) {
      EXPECT_EQ(lab.Await<rpc::Declined>().error.error(), errors::kTaskFrozen.id);
      EXPECT_EQ(lab.activity(), "idle");
    } else {
      lab.Await<rpc::Advertised>();
    }
  }
}

// ---------------------------------------------------------------- restarts

TEST_F(MaskedJobTest, ALabThatRestartedAfterItVerifiedSaysSoAgain) {
  Conductor c;
  Lab& lab = *c.labs[1];
  c.Prepare();
  c.Round();
  lab.Restart();
  lab.task->OnCommit(c.CommitMessage());
  const auto verified = lab.Await<rpc::Verified>();
  ASSERT_TRUE(verified.proof);
  EXPECT_EQ(verified.proof->model, c.proof->model[1].signature);
  lab.task->OnRoster(c.RosterMessage());
  ExpectRefused(lab, c, errors::kSecaggMemoryLost);
  c.Next();
  lab.task->OnTrain(c.TrainMessage());  // on the word of the others: its own result is forgotten
  EXPECT_EQ(lab.task->state().proven, RoundId{1});
}

TEST_F(MaskedJobTest, AMessageToldTwiceGetsTheSameAnswer) {
  Conductor c;
  Lab& lab = *c.labs[0];
  c.Prepare();
  c.Train();
  c.Offer();
  lab.task->OnOffer(c.OfferMessage());
  EXPECT_EQ(lab.Await<rpc::Advertised>().advert, c.adverts[lab.id]);
  c.Share();
  lab.task->OnRoster(c.RosterMessage());
  EXPECT_EQ(lab.Await<rpc::Shared>().shares, c.shares[lab.id]);
  c.Collect();
  lab.task->OnCollect(c.CollectMessage(lab.id));
  EXPECT_EQ(lab.Await<rpc::Update>().words, c.uploads[lab.id]);
  c.Sign();
  lab.task->OnCollect(c.CollectMessage(lab.id));
  EXPECT_EQ(lab.Await<rpc::Update>().end, c.ends[lab.id]) << "its uploads were lost with a coordinator";
  EXPECT_EQ(lab.activity(), "signed");
  c.Unmask();
  c.Commit();
}

// ---------------------------------------------------------------- refusals

TEST_F(MaskedJobTest, ASumThatWasChangedIsRefusedAndEndsTheAttempt) {
  Conductor c;
  Lab& lab = *c.labs[2];
  c.Prepare();
  c.Train();
  c.Offer();
  c.Share();
  c.Collect();
  c.Sign();
  c.Unmask();
  c.sum.back() += 1;
  lab.task->OnCommit(c.CommitMessage());
  ExpectRefused(lab, c, errors::kSecaggBadTag);
  EXPECT_EQ(lab.activity(), "trained");
  c.sum.back() -= 1;
  lab.task->OnCommit(c.CommitMessage());
  ExpectRefused(lab, c, errors::kSecaggBadTag);
}

TEST_F(MaskedJobTest, EachRefusalIsSignedForItself) {
  Conductor c;
  Lab& lab = *c.labs[1];
  c.Prepare();
  c.Train();
  c.Offer();
  c.Share();
  c.Collect();
  c.Sign();
  c.Unmask();
  rpc::Roster roster = c.RosterMessage();
  roster.adverts.pop_back();
  lab.task->OnRoster(roster);
  ExpectRefused(lab, c, errors::kSecaggOutOfPhase);
  rpc::Commit commit = c.CommitMessage();
  commit.words += 1;
  lab.task->OnCommit(commit);
  ExpectRefused(lab, c, errors::kSecaggWrongLength);
  EXPECT_EQ(lab.activity(), "unmasked") << "neither ended the attempt";
}

TEST_F(MaskedJobTest, OffersThatAreNotTheLabsOwnReadingAreRefused) {
  Conductor c;
  Lab& lab = *c.labs[0];
  c.Prepare();
  c.Train();
  c.Begin();
  const auto refuse = [&](const ErrorInfo& error, const std::function<void(secagg::Offer&)>& change) {
    rpc::Offer message = c.OfferMessage();
    change(message.offer);
    lab.task->OnOffer(message);
    ExpectRefused(lab, c, error);
    EXPECT_EQ(lab.activity(), "trained");
  };
  refuse(errors::kSecaggWrongConfig, [](auto& o) { o.federation_id = "other.example"; });
  refuse(errors::kSecaggWrongConfig, [](auto& o) { o.job_id[0] ^= 1; });
  refuse(errors::kSecaggWrongConfig, [](auto& o) { o.train_cfg_hash.bytes[0] ^= 1; });
  refuse(errors::kSecaggWrongModel, [](auto& o) { o.model_hash.bytes[0] ^= 1; });
  refuse(errors::kSecaggWrongRegistry, [](auto& o) { o.registry_hash.bytes[0] ^= 1; });
  refuse(errors::kSecaggModeRefused, [](auto& o) { o.mode = SecureMode::kSemiHonest; });
  refuse(errors::kSecaggBadParams, [](auto& o) {
    secagg::Params params = *secagg::Params::Parse(o.params, o.mode);
    params.encoding.clip = 2.0;
    o.params = params.Encode();
  });
  refuse(errors::kSecaggBadParams, [](auto& o) {
    secagg::Params params = *secagg::Params::Parse(o.params, o.mode);
    params.chunk_words = 2;
    o.params = params.Encode();
  });
  refuse(errors::kSecaggBadParams, [](auto& o) {
    secagg::Params params = *secagg::Params::Parse(o.params, o.mode);
    params.verify = false;
    o.params = params.Encode();
  });
  lab.config.policy.min_cohort = 4;
  refuse(errors::kSecaggCohortTooSmall, [](auto&) {});
  lab.config.policy.min_cohort = 3;
  c.Offer();
  EXPECT_EQ(lab.activity(), "advertised") << "nothing of it used up the attempt";
}

TEST_F(MaskedJobTest, WithoutAPinTheJobIsDeclinedAndTheLabIsToldWhatToDo) {
  Conductor c;
  Lab& lab = *c.labs[0];
  std::filesystem::remove(lab.config.node.state / "registry.pinned");
  lab.Prepare();
  const auto declined = lab.Await<rpc::Declined>();
  EXPECT_EQ(declined.round, RoundId{0});
  EXPECT_EQ(declined.error.error(), errors::kSecaggWrongRegistry.id);
  EXPECT_THAT(declined.error.hint(), ::testing::HasSubstr("accord-node registry"));
  ASSERT_TRUE(Pin(lab.config.node.state, *c.registry).ok());
  lab.Prepare();
  EXPECT_EQ(lab.Await<rpc::Prepared>().registry, c.registry->Hash());
}

TEST_F(MaskedJobTest, AJobThatTrustsTheCoordinatorNeedsTheLabsWord) {
  Conductor c("semi-honest");
  c.labs[0]->Prepare();
  EXPECT_EQ(c.labs[0]->Await<rpc::Declined>().error.error(), errors::kSecaggModeRefused.id);
}

TEST_F(MaskedJobTest, AnotherCohortOnASignedModelIsRefusedUntilTheLabFreesIt) {
  Conductor c;
  Lab& lab = *c.labs[0];
  c.Prepare();
  c.Train();
  c.Offer();
  c.Share();
  c.Collect();
  c.Sign();
  task::State state = lab.task->state();
  ASSERT_EQ(state.signed_sets.size(), 1U);
  lab.Restart();
  ++c.attempt.value;
  c.Begin();
  rpc::Offer other = c.OfferMessage();
  other.offer.cohort.back() = crypto::SpiffeId::Make(kFederation, crypto::Role::kNode, "delhi")->ToNodeId();
  std::ranges::sort(other.offer.cohort);
  lab.task->OnOffer(other);
  ExpectRefused(lab, c, errors::kSecaggSpentModel);
  lab.task->OnLab(task::Free{}, [](const Status& status) { EXPECT_TRUE(status.ok()); });
  lab.task->OnOffer(other);
  ExpectRefused(lab, c, errors::kSecaggUnknownNode);
}

// ---------------------------------------------------------------- the next model

TEST_F(MaskedJobTest, AModelWithoutProofIsRefused) {
  Conductor c;
  c.Prepare();
  c.Round();
  c.Next();
  Lab& lab = *c.labs[0];
  rpc::Train train = c.TrainMessage();
  train.proof.reset();
  lab.task->OnTrain(train);
  EXPECT_EQ(lab.Await<rpc::Declined>().error.error(), errors::kSecaggWrongModel.id);
  train = c.TrainMessage();
  train.model_hash.bytes[0] ^= 1;
  lab.task->OnTrain(train);
  EXPECT_EQ(lab.Await<rpc::Declined>().error.error(), errors::kSecaggWrongModel.id)
      << "the certified sum gives another model";
  lab.task->OnTrain(c.TrainMessage());
  lab.Await<rpc::Trained>();
}

TEST_F(MaskedJobTest, ACertificateOfAnotherSumStopsTheLab) {
  Conductor c;
  c.Prepare();
  c.Round();
  c.Next();
  Lab& lab = *c.labs[0];
  rpc::Train train = c.TrainMessage();
  train.proof->z_root.bytes[0] ^= 1;
  lab.task->OnTrain(train);
  ExpectRefused(lab, c, errors::kSecaggForkedResult);
  EXPECT_EQ(lab.Await<rpc::Declined>().error.error(), errors::kSecaggForkedResult.id);
  lab.task->OnTrain(c.TrainMessage());
  EXPECT_EQ(lab.Await<rpc::Declined>().error.error(), errors::kSecaggForkedResult.id) << "people must look";
}

}  // namespace
}  // namespace accord::node
