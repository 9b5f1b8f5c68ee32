// Bundles are made of what can be shown, and by who may.
#include "bundle/make.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "bundle/provenance.h"
#include "tests/unit/bundle/fixture.h"

namespace accord::bundle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Refusal(const Release& release) {
  return Make(release, ReleaseSigner(), MemberSigner("ke")).status().message();
}
nlohmann::json Parsed(const Contents& contents, std::string_view file) {
  const Bytes& bytes = contents.files.at(std::string(file));
  return nlohmann::json::parse(bytes.begin(), bytes.end());
}

TEST(MakeTest, TheFirstEndorserMakesItAndOthersAdd) {
  Scene scene;
  const Release& release = scene.Gather();
  const auto made = Make(release, ReleaseSigner(), MemberSigner("ke"));
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_THAT(Verify(*made, release.genesis).status.message(),
              StartsWith("provenance.dsse.json: endorsed by 1 of 4 that it takes: ke"));
  const Verdict begun = Verify(*made, release.genesis, Endorsement::kBegun);
  ASSERT_TRUE(begun.status.ok()) << begun.status.message();
  const Bytes& file = made->files.at(std::string(kProvenanceFile));
  EXPECT_EQ(Endorse(file, *begun.lineage, release.model, MemberSigner("ke")).status().error(),
            "model.unreleased");
  EXPECT_EQ(Endorse(file, *begun.lineage, release.model, MemberSigner("stranger")).status().error(),
            "model.unreleased");
  EXPECT_EQ(Endorse(file, *begun.lineage, crypto::Sha256::Of("other"), MemberSigner("be")).status().error(),
            "model.bundle");
  EXPECT_TRUE(Verify(Whole(release), release.genesis).status.ok());
}

TEST(MakeTest, OnlyReleaseKeysOfTheCharterSign) {
  Scene scene;
  const Release& release = scene.Gather();
  const ledger::Signer other = SignerOf("x", crypto::SoftwareKey(crypto::P256Key::Generate()));
  EXPECT_EQ(Make(release, other, MemberSigner("ke")).status().error(), "model.unreleased");
  EXPECT_EQ(Make(release, MemberSigner("ke"), MemberSigner("ke")).status().error(), "model.unreleased");
}

TEST(MakeTest, WhatIsNotDecidedIsNotSigned) {
  Scene few;
  few.approve = {"be", "ke", "np"};
  EXPECT_THAT(Refusal(few.Gather()), StartsWith("job-bundle.json: 3 of 4 members"));
  Scene unasked;
  unasked.approve = {"be", "ke", "np", "pe"};
  EXPECT_THAT(Refusal(unasked.Gather()), StartsWith("job-bundle.json: rw, whose data it names"));
  Scene unseen;
  unseen.witnesses = {"be", "ke", "np"};
  EXPECT_THAT(Refusal(unseen.Gather()), StartsWith("job-bundle.json: too few witnesses"));
}

TEST(MakeTest, RoundsHaveToLeadToTheModel) {
  Scene scene;
  Release release = scene.Gather();
  release.model = crypto::Sha256::Of("another");
  EXPECT_THAT(Refusal(release), StartsWith("model.safetensors: "));
  release = scene.release;
  std::swap(release.record.rounds[0], release.record.rounds[1]);
  EXPECT_THAT(Refusal(release), HasSubstr("do not follow one another"));
  release = scene.release;
  release.record.rounds.clear();
  const auto made = Make(release, ReleaseSigner(), MemberSigner("ke"));
  ASSERT_TRUE(made.ok()) << made.status().message();
  std::string open;
  for (const Line& line : Verify(*made, release.genesis, Endorsement::kBegun).lines) {
    if (!line.holds && line.file == kJobFile) open = line.text;
  }
  EXPECT_THAT(open, HasSubstr("no round is in the log"));
}

// A head that was cosigned later than the votes hold shows no decision.
TEST(MakeTest, TheTimeIsThatOfTheHead) {
  Scene scene;
  Release release = scene.Gather();
  release.record.job.checkpoint =
      scene.log.Checkpoint(scene.witnesses, scene.charter, kNow + 2 * charter::kDay);
  EXPECT_THAT(Refusal(release), StartsWith("job-bundle.json: 0 of 4 members"));
}

TEST(MakeTest, TheProvenanceNamesWhatTheModelIsMadeOf) {
  Scene scene;
  const Contents made = Whole(scene.Gather());
  const ledger::Envelope envelope = *ledger::ParseEnvelope(made.files.at(std::string(kProvenanceFile)));
  const auto statement = nlohmann::json::parse(envelope.payload.begin(), envelope.payload.end());
  EXPECT_EQ(statement["predicateType"], "https://slsa.dev/provenance/v1");
  EXPECT_EQ(statement["subject"][0]["digest"]["sha256"], made.model.Hex());
  const auto& build = statement["predicate"]["buildDefinition"];
  EXPECT_EQ(build["externalParameters"]["charter_sha256"], scene.release.genesis.Hex());
  EXPECT_EQ(build["resolvedDependencies"][1]["digest"]["sha256"], scene.CertificateOf("np").Id().Hex());
  EXPECT_EQ(statement["predicate"]["runDetails"]["byproducts"].size(), 2U);
}

TEST(MakeTest, TheSummarySaysWhatCertificatesSayAndUnknownOtherwise) {
  Scene scene;
  const Contents made = Whole(scene.Gather());
  const auto summary = Parsed(made, kSummaryFile);
  const auto& sets = summary["list_of_data_sources"]["other_sources"]["datasets"];
  ASSERT_EQ(sets.size(), 3U);
  EXPECT_EQ(sets[0]["title"], "Births of ke");
  EXPECT_EQ(sets[0]["size"]["records"], 50);
  EXPECT_EQ(sets[1]["size"], "unknown") << "np's certificate is not there";
  EXPECT_EQ(sets[2]["title"], "unknown") << "rw's description is not there";
  const auto& sizes = summary["general_information"]["modalities_and_size"]["modalities"];
  EXPECT_EQ(sizes[0]["training_data_size"], "unknown") << "while a certificate is missing";
  EXPECT_EQ(summary["general_information"]["provider_identification"]["contact"], "unknown");
}

TEST(MakeTest, TheBillOfMaterialsNamesModelAndData) {
  Scene scene;
  const auto bom = Parsed(Whole(scene.Gather()), kBomFile);
  const auto& model = bom["metadata"]["component"];
  EXPECT_EQ(model["licenses"][0]["license"]["id"], "Apache-2.0");
  EXPECT_EQ(model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"][0]["value"], "0.875");
  EXPECT_EQ(bom["components"].size(), 3U);
  EXPECT_EQ(bom["dependencies"][0]["dependsOn"][2], bom["components"][2]["bom-ref"]);
}

}  // namespace
}  // namespace accord::bundle
