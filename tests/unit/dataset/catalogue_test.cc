#include "dataset/catalogue.h"

#include <gtest/gtest.h>

#include "crypto/sha256.h"
#include "dataset/manifest.h"
#include "tests/unit/dataset/examples.h"

namespace accord::dataset {
namespace {

struct CatalogueTest : ::testing::Test {
  std::vector<CatalogueEntry> entries;

  CatalogueTest() {
    Add("ke", "news", {"text"}, {"sw", "en-KE"}, "https://creativecommons.org/licenses/by/4.0/");
    Add("rw", "clinic", {"table"}, {}, "LicenseRef-restricted");
    Add("br", "radio", {"text", "audio"}, {"pt-BR"}, "CC-BY-SA-4.0");
    entries[1].certificate.purposes = {"public-health"};
    entries[1].facts->description = "Births in districts";
  }
  void Add(const std::string& member, const std::string& dataset, std::vector<std::string> modalities,
           std::vector<std::string> languages, const std::string& license) {
    CatalogueEntry entry{.certificate = ExampleCertificate()};
    entry.certificate.member = member;
    entry.certificate.dataset = dataset;
    entry.certificate.modalities = std::move(modalities);
    entry.id.bytes[0] = static_cast<std::uint8_t>(entries.size() + 1);
    entry.facts = CroissantFacts{.name = dataset,
                                 .description = "A set",
                                 .licenses = {license},
                                 .languages = std::move(languages),
                                 .keywords = {"Public"}};
    entries.push_back(std::move(entry));
  }
  std::string Names(const Query& query, std::uint64_t now = kNow) const {
    std::string names;
    for (const Found& one : Search(entries, query, now))
      names += (names.empty() ? "" : " ") + one.entry->certificate.dataset;
    return names;
  }
  // How the entry stands that was added at this place.
  Found Judged(std::size_t place, std::uint64_t now = kNow) const {
    for (const Found& one : Search(entries, {}, now)) {
      if (one.entry == &entries[place]) return one;
    }
    return {};
  }
};

TEST_F(CatalogueTest, FindsByWhatIsAsked) {
  EXPECT_EQ(Names({}), "radio news clinic") << "by member";
  EXPECT_EQ(Names({.language = "SW"}), "news");
  EXPECT_EQ(Names({.language = "pt"}), "radio");
  EXPECT_EQ(Names({.language = "en"}), "news");
  EXPECT_EQ(Names({.language = "e"}), "");
  EXPECT_EQ(Names({.modality = "text"}), "radio news");
  EXPECT_EQ(Names({.modality = "text", .purpose = "public-health"}), "");
  EXPECT_EQ(Names({.purpose = "public-health"}), "clinic");
  EXPECT_EQ(Names({.license = "by/4.0"}), "news");
  EXPECT_EQ(Names({.license = "cc-by-sa-4.0"}), "radio");
  EXPECT_EQ(Names({.license = "4.0"}), "news") << "a whole part of the URL";
  EXPECT_EQ(Names({.member = "ke"}), "news");
  EXPECT_EQ(Names({.text = "births"}), "clinic");
  EXPECT_EQ(Names({.text = "public"}), "radio news clinic");
}

TEST_F(CatalogueTest, MarksWhatDoesNotHold) {
  entries[0].certificate.not_after = kNow;
  entries[1].certificate.not_before = kNow + 1;
  entries[2].revoked = true;
  EXPECT_EQ(Names({}), "radio news clinic") << "nothing is hidden";
  EXPECT_EQ(Judged(0).holds, Holds::kOver);
  EXPECT_EQ(Judged(0, kNow - 1).holds, Holds::kInForce);
  EXPECT_EQ(Judged(1).holds, Holds::kNotYet);
  EXPECT_EQ(Judged(1, kNow + 1).holds, Holds::kInForce);
  EXPECT_EQ(Judged(2).holds, Holds::kRevoked);
  EXPECT_EQ(Judged(2, kNow + 10'000).holds, Holds::kRevoked) << "the first of several reasons";
}

TEST_F(CatalogueTest, MarksWhatItsMemberHasReplaced) {
  Add("ke", "news", {"text"}, {"sw"}, "x");
  entries[3].certificate.version = "2.0.0";
  entries[3].certificate.supersedes = entries[0].id;
  EXPECT_EQ(Judged(0).holds, Holds::kSuperseded);
  EXPECT_EQ(Judged(0).successor, &entries[3]);
  EXPECT_EQ(Judged(3).holds, Holds::kInForce);
  entries[3].certificate.not_before = kNow + 1;
  EXPECT_EQ(Judged(0).holds, Holds::kInForce) << "not before the next one holds";
  entries[3].certificate.not_before = kNow;
  entries[3].certificate.member = "br";
  EXPECT_EQ(Judged(0).holds, Holds::kInForce) << "nobody ends another's";
}

TEST_F(CatalogueTest, FindsNothingByADescriptionThatIsNotThere) {
  entries[0].facts.reset();
  EXPECT_EQ(Names({.language = "sw"}), "");
  EXPECT_EQ(Names({.text = "news"}), "");
  EXPECT_EQ(Names({.member = "ke"}), "news");
  EXPECT_FALSE((Query{.modality = "text", .purpose = "x", .member = "ke"}.AsksDescription()));
}

TEST(ReadDescriptionTest, TakesTheOneThatWasCertified) {
  const std::string text = FormatCroissant(ExampleDescription(), Commitment{{}, 3, 1'005});
  Certificate certificate = ExampleCertificate();
  EXPECT_EQ(ReadDescription(certificate, AsBytes(text)).status().error(), "dataset.croissant");
  EXPECT_EQ(ReadDescription(certificate, {}).status().error(), "dataset.croissant");
  certificate.croissant = crypto::Sha256::Of(text);
  EXPECT_EQ(ReadDescription(certificate, AsBytes(text))->languages,
            (std::vector<std::string>{"sw", "en-KE"}));
  certificate.croissant = crypto::Sha256::Of("{}");
  EXPECT_EQ(ReadDescription(certificate, AsBytes("{}")).status().error(), "dataset.croissant");
}

}  // namespace
}  // namespace accord::dataset
