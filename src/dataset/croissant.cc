#include "dataset/croissant.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/errors.h"

namespace accord::dataset {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kCroissant = "http://mlcommons.org/croissant/";
constexpr std::string_view kConformsTo = "http://mlcommons.org/croissant/1.1";
constexpr std::string_view kConformsToRai = "http://mlcommons.org/croissant/RAI/1.0";
constexpr int kMaxDepth = 32;

// The terms of Croissant's recommended context (appendix 1 of the specification).
ordered_json Context() {
  ordered_json context{{"@language", "en"},
                       {"@vocab", "http://schema.org/"},
                       {"sc", "http://schema.org/"},
                       {"cr", kCroissant},
                       {"rai", "http://mlcommons.org/croissant/RAI/"},
                       {"dct", "http://purl.org/dc/terms/"}};
  const auto term = [&](const char* name) { context[name] = std::string("cr:") + name; };
  for (const char* name : {"annotation", "arrayShape", "citeAs", "column"}) term(name);
  context["conformsTo"] = "dct:conformsTo";
  term("containedIn");
  context["data"] = {{"@id", "cr:data"}, {"@type", "@json"}};
  context["dataType"] = {{"@id", "cr:dataType"}, {"@type", "@vocab"}};
  term("equivalentProperty");
  context["examples"] = {{"@id", "cr:examples"}, {"@type", "@json"}};
  for (const char* name :
       {"excludes",  "extract",    "field",         "fileProperty", "fileObject", "fileSet",   "format",
        "includes",  "isArray",    "isLiveDataset", "jsonPath",     "key",        "md5",       "parentField",
        "recordSet", "references", "regex",         "readLines",    "sdVersion",  "separator", "source",
        "subField",  "transform",  "unArchive",     "value"})
    term(name);
  return context;
}

std::string DayText(const std::optional<config::Date>& day) {
  char text[16] = "";
  if (day) std::snprintf(text, sizeof text, "%04u-%02u-%02u", day->year % 10'000U, day->month, day->day);
  return text;
}

ordered_json Organizations(const std::vector<std::string>& names) {
  ordered_json list = ordered_json::array();
  for (const std::string& name : names) list.push_back({{"@type", "sc:Organization"}, {"name", name}});
  return list;
}

// The files, without their names: which they are is in the manifest, which the certificate commits to.
ordered_json Distribution(const Description& description, const Commitment& commitment) {
  const std::string what = std::to_string(commitment.files) + " files, " + std::to_string(commitment.bytes) +
                           " bytes; they stay with their holder, and models are brought to them";
  ordered_json files{{"@type", "cr:FileSet"},
                     {"@id", "files"},
                     {"name", "files"},
                     {"description", what},
                     {"encodingFormat", description.formats},
                     {"includes", "**"}};
  return ordered_json::array({std::move(files)});
}

// A text, or a list of them; nothing when it is neither.
std::optional<std::vector<std::string>> TextsOf(const json& value) {
  if (value.is_string()) return std::vector{value.get<std::string>()};
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const json& item : value) {
    if (!item.is_string()) return std::nullopt;
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

Status NoCroissant(const std::string& why) {
  return Fail(errors::kDatasetCroissant, "the description is refused: " + why);
}

std::vector<std::string> OptionalTexts(const json& root, const char* key) {
  const auto found = root.find(key);
  return found == root.end() ? std::vector<std::string>()
                             : TextsOf(*found).value_or(std::vector<std::string>());
}

std::string OptionalText(const json& value) { return value.is_string() ? value.get<std::string>() : ""; }

std::string PublisherOf(const json& root) {
  const auto found = root.find("publisher");
  if (found == root.end()) return "";
  const json& first = found->is_array() && !found->empty() ? found->front() : *found;
  return first.is_object() && first.contains("name") ? OptionalText(first["name"]) : OptionalText(first);
}

bool ConformsToCroissant(const json& root) {
  for (const char* key : {"conformsTo", "dct:conformsTo"}) {
    for (const std::string& one : OptionalTexts(root, key)) {
      if (one.starts_with(std::string(kCroissant) + "1.")) return true;
    }
  }
  return false;
}

}  // namespace

std::string FormatCroissant(const Description& d, const Commitment& commitment) {
  const ordered_json document{{"@context", Context()},
                              {"@type", "sc:Dataset"},
                              {"conformsTo", {kConformsTo, kConformsToRai}},
                              {"name", d.name},
                              {"description", d.description},
                              {"license", d.license},
                              {"url", d.url},
                              {"creator", Organizations(d.creators)},
                              {"publisher", Organizations({d.publisher})},
                              {"datePublished", DayText(d.published)},
                              {"version", d.version},
                              {"inLanguage", d.languages},
                              {"keywords", d.keywords},
                              {"isLiveDataset", d.live},
                              {"distribution", Distribution(d, commitment)},
                              {"rai:dataCollection", d.collection},
                              {"rai:dataCollectionTimeframe", d.collection_timeframe},
                              {"rai:personalSensitiveInformation", d.personal_information},
                              {"rai:dataBiases", d.biases},
                              {"rai:dataLimitations", d.limitations},
                              {"rai:dataUseCases", d.use_cases}};
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<CroissantFacts> ReadCroissant(ByteView text) {
  if (text.size() > kMaxCroissantBytes) return NoCroissant("it has " + FormatBytes(text.size()));
  bool deep = false;
  const auto visit = [&deep](int depth, json::parse_event_t, json&) {
    deep = deep || depth > kMaxDepth;
    return !deep;
  };
  const json root = json::parse(text.begin(), text.end(), visit, /*allow_exceptions=*/false);
  if (deep) return NoCroissant("it is nested too deep");
  if (!root.is_object()) return NoCroissant("it is no JSON object");
  for (const char* key :
       {"@context", "@type", "name", "description", "license", "url", "creator", "datePublished"}) {
    if (!root.contains(key)) return NoCroissant(std::string("it has no ") + key);
  }
  if (!ConformsToCroissant(root)) return NoCroissant("it does not say that it conforms to Croissant 1");
  for (const char* key : {"name", "description", "url"}) {
    if (!root[key].is_string()) return NoCroissant(std::string(key) + " is no text");
  }
  return CroissantFacts{.name = root["name"].get<std::string>(),
                        .description = root["description"].get<std::string>(),
                        .url = root["url"].get<std::string>(),
                        .publisher = PublisherOf(root),
                        .version = root.contains("version") ? OptionalText(root["version"]) : "",
                        .licenses = OptionalTexts(root, "license"),
                        .languages = OptionalTexts(root, "inLanguage"),
                        .keywords = OptionalTexts(root, "keywords")};
}

}  // namespace accord::dataset
