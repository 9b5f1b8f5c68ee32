#include "dataset/catalogue.h"

#include <gtest/gtest.h>

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
    entries[1].facts.description = "Births in districts";
  }
  void Add(const std::string& member, const std::string& dataset, std::vector<std::string> modalities,
           std::vector<std::string> languages, const std::string& license) {
    CatalogueEntry entry{.certificate = ExampleCertificate()};
    entry.certificate.member = member;
    entry.certificate.dataset = dataset;
    entry.certificate.modalities = std::move(modalities);
    entry.id.bytes[0] = static_cast<std::uint8_t>(entries.size() + 1);
    entry.facts = {.name = dataset,
                   .description = "A set",
                   .licenses = {license},
                   .languages = std::move(languages),
                   .keywords = {"Public"}};
    entries.push_back(std::move(entry));
  }
  std::string Found(const Query& query, std::uint64_t now = kNow) const {
    std::string names;
    for (const CatalogueEntry* entry : Search(entries, query, now))
      names += (names.empty() ? "" : " ") + entry->certificate.dataset;
    return names;
  }
};

TEST_F(CatalogueTest, FindsByWhatIsAsked) {
  EXPECT_EQ(Found({}), "radio news clinic") << "by member";
  EXPECT_EQ(Found({.language = "SW"}), "news");
  EXPECT_EQ(Found({.language = "pt"}), "radio");
  EXPECT_EQ(Found({.language = "en"}), "news");
  EXPECT_EQ(Found({.language = "e"}), "");
  EXPECT_EQ(Found({.modality = "text"}), "radio news");
  EXPECT_EQ(Found({.modality = "text", .purpose = "public-health"}), "");
  EXPECT_EQ(Found({.purpose = "public-health"}), "clinic");
  EXPECT_EQ(Found({.license = "by/4.0"}), "news");
  EXPECT_EQ(Found({.license = "cc-by-sa-4.0"}), "radio");
  EXPECT_EQ(Found({.license = "4.0"}), "news") << "a whole part of the URL";
  EXPECT_EQ(Found({.member = "ke"}), "news");
  EXPECT_EQ(Found({.text = "births"}), "clinic");
  EXPECT_EQ(Found({.text = "public"}), "radio news clinic");
}

TEST_F(CatalogueTest, LeavesOutWhatDoesNotHold) {
  entries[0].certificate.not_after = kNow;
  entries[1].certificate.not_before = kNow + 1;
  EXPECT_EQ(Found({}), "radio");
}

TEST_F(CatalogueTest, LeavesOutWhatItsMemberHasReplaced) {
  Add("ke", "news", {"text"}, {"sw"}, "x");
  entries[3].certificate.version = "2.0.0";
  entries[3].certificate.supersedes = entries[0].id;
  EXPECT_EQ(Search(entries, {.member = "ke"}, kNow), (std::vector<const CatalogueEntry*>{&entries[3]}));
  entries[3].certificate.not_before = kNow + 1;
  EXPECT_EQ(Search(entries, {.member = "ke"}, kNow), (std::vector<const CatalogueEntry*>{&entries[0]}))
      << "not before it holds";
  entries[3].certificate.not_before = kNow;
  entries[3].certificate.member = "br";
  EXPECT_EQ(Found({.member = "ke"}), "news") << "nobody ends another's";
}

}  // namespace
}  // namespace accord::dataset
