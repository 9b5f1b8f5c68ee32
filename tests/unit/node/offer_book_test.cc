// What a node keeps of the jobs that it was offered, and of what people said of them.
#include "node/offer_book.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "node/explanation.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/charter/scene.h"

namespace accord::node {
namespace {

JobId IdOf(const std::string& name) { return {crypto::Sha256::Of(name).bytes}; }

struct OfferBookTest : ::testing::Test {
  accord::testing::TempDir dir;
  charter::Scene scene;
  std::unique_ptr<OfferBook> book = *OfferBook::Open(dir.path());

  KeptOffer Offer(const std::string& job, const std::string& plan = "plan") {
    return {.message = {.job = IdOf(job),
                        .plan = Bytes(plan.begin(), plan.end()),
                        .token = {},
                        .standing = true,
                        .bundle = std::make_shared<const charter::JobBundle>(scene.Bundle())},
            .pin = {.pinned = scene.pinned, .checkpoint = "a note"}};
  }
  void Keep(const std::string& job, std::int64_t offered = 1'000) {
    const Status kept = book->Keep(Offer(job), {.job = IdOf(job),
                                                .name = job,
                                                .offered = TimePoint(Millis(offered)),
                                                .outcome = "policy.denied: no rule allows it"});
    EXPECT_TRUE(kept.ok()) << Describe(kept);
  }
  void Restart() {
    book = nullptr;
    book = *OfferBook::OpenKnown(dir.path());
  }
};

TEST_F(OfferBookTest, AnOfferComesBackAsItWas) {
  Keep("heart");
  Restart();
  const auto found = book->Find(IdOf("heart"));
  ASSERT_TRUE(found.ok()) << Describe(found.status());
  const KeptOffer offer = Offer("heart");
  EXPECT_EQ(found->message.job, offer.message.job);
  EXPECT_EQ(found->message.plan, offer.message.plan);
  EXPECT_TRUE(found->message.standing);
  EXPECT_EQ(found->pin.checkpoint, "a note");
  EXPECT_EQ(found->pin.pinned.genesis, scene.pinned.genesis);
  const auto admitted =
      charter::Admit(found->pin.pinned, *found->message.bundle, found->message.plan, charter::kNow);
  EXPECT_TRUE(admitted.ok()) << "proofs and all: " << Describe(admitted.status());
  const auto line = book->Named("heart");
  ASSERT_TRUE(line.ok()) << Describe(line.status());
  EXPECT_EQ(line->outcome, "policy.denied: no rule allows it");
  EXPECT_EQ(line->offered, TimePoint(Millis(1'000)));
}

TEST_F(OfferBookTest, ADamagedOfferIsNone) {
  const Bytes good = Encode(Offer("heart"));
  EXPECT_TRUE(DecodeKeptOffer(good).ok());
  for (std::size_t size = 0; size < good.size(); size += 7)
    ASSERT_EQ(DecodeKeptOffer(ByteView(good).first(size)).status().error(), "store.corrupt") << size;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(DecodeKeptOffer(longer).status().error(), "store.corrupt");
  longer = good;
  longer[0] = 2;
  EXPECT_EQ(DecodeKeptOffer(longer).status().error(), "store.corrupt");
}

TEST_F(OfferBookTest, AWordOutlivesARestartAndALaterOneReplacesIt) {
  const TimePoint now{Millis(5)};
  EXPECT_EQ(*book->Said(IdOf("a")), Approval::kNotAsked);
  EXPECT_EQ(*book->Ask(IdOf("a"), now), Approval::kWaiting);
  Restart();
  EXPECT_EQ(*book->Said(IdOf("a")), Approval::kWaiting);
  EXPECT_TRUE(book->Decide(IdOf("a"), true, now).ok());
  EXPECT_EQ(*book->Ask(IdOf("a"), now), Approval::kApproved) << "asking again takes nothing back";
  Restart();
  EXPECT_EQ(*book->Said(IdOf("a")), Approval::kApproved);
  EXPECT_TRUE(book->Decide(IdOf("a"), false, now).ok());
  EXPECT_EQ(*book->Ask(IdOf("a"), now), Approval::kDenied);
}

// The lab's command is another process than the node.
TEST_F(OfferBookTest, TwoThatHaveItOpenSeeWhatTheOtherWrote) {
  Keep("heart");
  EXPECT_EQ(*book->Ask(IdOf("heart"), {}), Approval::kWaiting);
  const auto command = *OfferBook::OpenKnown(dir.path());
  EXPECT_EQ(command->Named("heart")->approval, Approval::kWaiting);
  EXPECT_TRUE(command->Decide(IdOf("heart"), true, {}).ok());
  EXPECT_EQ(*book->Said(IdOf("heart")), Approval::kApproved);
}

TEST_F(OfferBookTest, AJobIsNamedByIdPrefixOrName) {
  Keep("heart", 1);
  Keep("lungs", 2);
  EXPECT_EQ(book->Named(IdOf("lungs").Hex())->name, "lungs");
  EXPECT_EQ(book->Named(IdOf("lungs").Hex().substr(0, 6))->name, "lungs");
  EXPECT_EQ(book->Named(IdOf("lungs").Hex().substr(0, 5)).status().error(), "job.not_found");
  EXPECT_EQ(book->Named("").status().error(), "job.not_found");
  EXPECT_EQ(book->List()->front().name, "lungs") << "the newest first";
  const Status twin = book->Keep(Offer("another"), {.job = IdOf("another"), .name = "heart"});
  EXPECT_TRUE(twin.ok());
  EXPECT_EQ(book->Named("heart").status().error(), "job.ambiguous");
  EXPECT_EQ(OfferBook::OpenKnown(dir / "elsewhere").status().error(), "job.not_found");
}

TEST_F(OfferBookTest, OldOffersGoButThoseThatWait) {
  Keep("waits", 1);
  Keep("old", 2);
  EXPECT_EQ(*book->Ask(IdOf("waits"), {}), Approval::kWaiting);
  const KeptOffer offer = Offer("new");
  for (std::size_t i = 0; i < OfferBook::kMostKept; ++i) {
    const JobId job = IdOf("new " + std::to_string(i));
    ASSERT_TRUE(book->Keep(offer, {.job = job, .name = "new", .offered = TimePoint(Millis(3))}).ok());
  }
  EXPECT_EQ(book->List()->size(), OfferBook::kMostKept + 1);
  EXPECT_TRUE(book->Find(IdOf("waits")).ok());
  EXPECT_EQ(book->Find(IdOf("old")).status().error(), "job.not_found");
}

TEST_F(OfferBookTest, WhatCannotBeKeptIsForgotten) {
  Keep("heart");
  KeptOffer bare = Offer("heart");
  bare.message.bundle = nullptr;
  EXPECT_TRUE(book->Keep(bare, {.job = IdOf("heart"), .name = "heart"}).ok());
  EXPECT_EQ(book->Find(IdOf("heart")).status().error(), "job.not_found");
  Keep("heart");
  const KeptOffer large = Offer("heart", std::string(OfferBook::kMaxOfferBytes, 'x'));
  EXPECT_TRUE(book->Keep(large, {.job = IdOf("heart"), .name = "heart"}).ok());
  EXPECT_EQ(book->Find(IdOf("heart")).status().error(), "job.not_found");
}

TEST(ApprovalTest, OnlyAYesIsOne) {
  const auto error = [](bool is_asked, Approval said) {
    return std::string(ApprovedOrNot({}, is_asked, said).error());
  };
  EXPECT_EQ(error(true, Approval::kNotAsked), "policy.awaits_approval");
  EXPECT_EQ(error(true, Approval::kWaiting), "policy.awaits_approval");
  EXPECT_EQ(error(true, Approval::kApproved), "");
  EXPECT_EQ(error(true, Approval::kDenied), "policy.denied");
  EXPECT_EQ(error(false, Approval::kNotAsked), "");
  EXPECT_EQ(error(false, Approval::kDenied), "policy.denied") << "a no counts also where nobody asked";
}

}  // namespace
}  // namespace accord::node
