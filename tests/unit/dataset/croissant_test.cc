// tests/interop/croissant_test.py asks a reader of JSON-LD what the documents mean.
#include "dataset/croissant.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/unit/dataset/examples.h"

namespace accord::dataset {
namespace {

const Commitment kCommitted{Digest{}, 3, 1'005};

TEST(CroissantTest, HasTheRequiredFieldsAndThoseForResponsibleUse) {
  const auto json = nlohmann::json::parse(FormatCroissant(ExampleDescription(), kCommitted));
  for (const char* key : {"@context",
                          "@type",
                          "conformsTo",
                          "description",
                          "license",
                          "name",
                          "url",
                          "creator",
                          "datePublished",
                          "version",
                          "publisher",
                          "inLanguage",
                          "isLiveDataset",
                          "distribution",
                          "rai:dataCollection",
                          "rai:personalSensitiveInformation",
                          "rai:dataBiases",
                          "rai:dataLimitations",
                          "rai:dataUseCases",
                          "rai:dataCollectionTimeframe"})
    EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_EQ(json["@type"], "sc:Dataset");
  EXPECT_EQ(json["datePublished"], "2026-01-31");
  EXPECT_EQ(json["creator"][1]["name"], "Its readers");
  EXPECT_EQ(json["isLiveDataset"], false);
  ASSERT_EQ(json["distribution"].size(), 1U);
  EXPECT_EQ(json["distribution"][0]["@type"], "cr:FileSet");
}

TEST(CroissantTest, IsReadBack) {
  const auto facts = ReadCroissant(AsBytes(FormatCroissant(ExampleDescription(), kCommitted)));
  ASSERT_TRUE(facts.ok()) << facts.status().message();
  EXPECT_EQ(facts->name, "News in Swahili");
  EXPECT_EQ(facts->publisher, "A ministry");
  EXPECT_EQ(facts->version, "1.2.0");
  EXPECT_EQ(facts->licenses, (std::vector<std::string>{"https://creativecommons.org/licenses/by/4.0/"}));
  EXPECT_EQ(facts->languages, (std::vector<std::string>{"sw", "en-KE"}));
}

TEST(CroissantTest, ReadsWhatOthersWrite) {
  const auto facts =
      ReadCroissant(AsBytes(R"({"@context": {}, "@type": "Dataset", "name": "n", "description": "d",
    "dct:conformsTo": "http://mlcommons.org/croissant/1.0", "license": ["a", "b"], "url": "u",
    "creator": {"@type": "Person", "name": "p"}, "publisher": "q", "datePublished": "2020", "version": 1,
    "recordSet": [{"field": [{"source": {}}]}], "keywords": [{"@type": "DefinedTerm"}]})"));
  ASSERT_TRUE(facts.ok()) << facts.status().message();
  EXPECT_EQ(facts->licenses.size(), 2U);
  EXPECT_EQ(facts->publisher, "q");
  EXPECT_EQ(facts->version, "");
  EXPECT_TRUE(facts->keywords.empty());
}

TEST(CroissantTest, RefusesWhatIsNone) {
  const std::string good = FormatCroissant(ExampleDescription(), kCommitted);
  const auto error = [&](const std::function<void(nlohmann::json&)>& change) {
    auto json = nlohmann::json::parse(good);
    change(json);
    return ReadCroissant(AsBytes(json.dump())).status().error();
  };
  for (const char* key : {"@context", "@type", "conformsTo", "description", "license", "name", "url",
                          "creator", "datePublished"})
    EXPECT_EQ(error([key](nlohmann::json& json) { json.erase(key); }), "dataset.croissant") << key;
  EXPECT_EQ(error([](nlohmann::json& json) { json["name"] = 7; }), "dataset.croissant");
  EXPECT_EQ(error([](nlohmann::json& json) { json["conformsTo"] = "http://example.org"; }),
            "dataset.croissant");
  EXPECT_EQ(ReadCroissant(AsBytes("[]")).status().error(), "dataset.croissant");
  EXPECT_EQ(ReadCroissant(AsBytes("{")).status().error(), "dataset.croissant");
  EXPECT_EQ(ReadCroissant(AsBytes(std::string(100'000, '['))).status().error(), "dataset.croissant");
  EXPECT_EQ(ReadCroissant(AsBytes(std::string(kMaxCroissantBytes + 1, ' '))).status().error(),
            "dataset.croissant");
}

}  // namespace
}  // namespace accord::dataset
