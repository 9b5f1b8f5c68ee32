#include "dataset/description.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "base/text.h"

namespace accord::dataset {
namespace {

using config::Need;

constexpr std::size_t kMaxSaidBytes = 10'000, kMaxSaidLineBytes = 1'000;

std::string CheckText(const std::string& text) {
  const bool shown =
      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
  if (text.empty()) return "must not be empty";
  return text.size() <= kMaxSaidBytes && shown ? ""
                                               : "must have at most 10,000 bytes and no control characters";
}
std::string CheckLine(const std::string& text) {
  if (text.empty()) return "must not be empty";
  return Printable(text, kMaxSaidLineBytes) == text ? "" : "must be one line of at most 1,000 bytes";
}
std::string CheckUrl(const std::string& text) {
  const std::string line = CheckLine(text);
  const bool url = text.find(':') != text.npos && text.find(' ') == text.npos;
  return !line.empty() ? line : url ? "" : "must be a URL";
}
std::string CheckWord(const std::string& text) {
  return IsName(text) ? "" : "must be 1 to 64 of a-z, 0-9, '-', '_', '.'";
}
// The letters, digits and hyphens of BCP 47; which languages there are is not ours to say.
std::string CheckLanguage(const std::string& text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  const bool tag = text.size() >= 2 && text.size() <= 35 && std::ranges::all_of(text, fits);
  return tag ? "" : "must be a language tag such as sw, am or pt-BR";
}

void Top(config::Schema& s, Description& d) {
  s.Section({}, "What everybody may read of the data set.");
  s.Key("name", config::Text(d.name, "text", CheckLine), "what it is called", Need::kRequired);
  s.Key("description", config::Text(d.description, "text", CheckText), "what it holds", Need::kRequired);
  s.Key("license", config::Text(d.license, "text", CheckLine), "URL of the licence, or its SPDX name",
        Need::kRequired);
  s.Key("url", config::Text(d.url, "URL", CheckUrl), "where to read about it", Need::kRequired);
  s.Key("creators", config::TextList(d.creators, CheckLine), "who made it", Need::kRequired);
  s.Key("publisher", config::Text(d.publisher, "text", CheckLine), "who gives it", Need::kRequired);
  s.Key("published", config::Day(d.published), "since when", Need::kRequired);
  s.Key("version", config::Text(d.version, "text", CheckLine), "of the data, such as 1.0.0", Need::kRequired);
  s.Key("languages", config::TextList(d.languages, CheckLanguage),
        "of the content (BCP 47); [] where there is none", Need::kRequired);
  s.Key("formats", config::TextList(d.formats, CheckLine), "media types of the files", Need::kRequired);
  s.Key("keywords", config::TextList(d.keywords, CheckLine), "for who searches");
  s.Key("live", config::Bool(d.live), "whether the set goes on growing");
}

void Rai(config::Schema& s, Description& d) {
  s.Section({"rai"}, "What users have to know (Croissant's vocabulary for responsible AI).");
  const auto say = [&](const char* key, std::string& value, const char* doc) {
    s.Key(key, config::Text(value, "text", CheckText), doc, Need::kRequired);
  };
  say("collection", d.collection, "how the data came to be");
  say("collection_timeframe", d.collection_timeframe, "when");
  say("personal_sensitive_information", d.personal_information, "what is said of people, and of which kind");
  say("biases", d.biases, "who and what is over- or underrepresented");
  say("limitations", d.limitations, "what the data are not good for");
  say("use_cases", d.use_cases, "what they are meant for");
}

void SignedKeys(config::Schema& s, Description& d) {
  s.Section({"certificate"}, "What the member signs.");
  s.Key("records", config::Whole(d.records, 1),
        "examples in the data: the ledger of contributions counts them", Need::kRequired);
  s.Key("modalities", config::TextList(d.modalities, CheckWord), "such as text, table, image, audio",
        Need::kRequired);
  s.Key("jurisdiction", config::Text(d.jurisdiction, "text", CheckLine), "whose law holds", Need::kRequired);
  s.Key("legal_basis", config::Text(d.legal_basis, "text", CheckLine), "what in it allows the use",
        Need::kRequired);
  s.Key("purposes", config::TextList(d.purposes, CheckWord), "what jobs may use it for, as they name it",
        Need::kRequired);
  s.Key("personal_data", config::Bool(d.personal_data), "whether it says something of people",
        Need::kRequired);
  s.Key("epsilon_budget_milli", config::Whole(d.epsilon_budget_milli, 0),
        "privacy budget over all jobs, in thousandths of epsilon; 0: none is set");
  s.Key("not_before", config::Day(d.not_before), "first day of the certificate, by default today");
  s.Key("not_after", config::Day(d.not_after), "the day that it ends", Need::kRequired);
}

using Kind = Question::Kind;
constexpr std::array<Question, 26> kQuestions{{
    {"", "name", Kind::kText, "What is the data set called?", ""},
    {"", "description", Kind::kText, "What does it hold, in a few sentences?", ""},
    {"", "license", Kind::kText, "Under which licence is it (URL or SPDX name)?", ""},
    {"", "url", Kind::kText, "Where can one read about it (URL)?", ""},
    {"", "creators", Kind::kList, "Who made it (comma between)?", ""},
    {"", "publisher", Kind::kText, "Who gives it?", ""},
    {"", "published", Kind::kDay, "Since which day (2026-01-31)?", ""},
    {"", "version", Kind::kText, "Which version of the data is it?", "1.0.0"},
    {"", "languages", Kind::kList, "In which languages (tags such as sw, am; - for none)?", ""},
    {"", "formats", Kind::kList, "Of which media types are the files?", "text/plain"},
    {"", "keywords", Kind::kList, "Which words should find it (- for none)?", "-"},
    {"", "live", Kind::kYesNo, "Does the set go on growing (yes, no)?", "no"},
    {"rai", "collection", Kind::kText, "How did the data come to be?", ""},
    {"rai", "collection_timeframe", Kind::kText, "When?", ""},
    {"rai", "personal_sensitive_information", Kind::kText, "What do they say of people?", ""},
    {"rai", "biases", Kind::kText, "Who or what is over- or underrepresented?", ""},
    {"rai", "limitations", Kind::kText, "What are they not good for?", ""},
    {"rai", "use_cases", Kind::kText, "What are they meant for?", ""},
    {"certificate", "records", Kind::kNumber, "How many examples are there?", ""},
    {"certificate", "modalities", Kind::kList, "Which kinds of data (text, table, image, audio)?", ""},
    {"certificate", "jurisdiction", Kind::kText, "Whose law holds?", ""},
    {"certificate", "legal_basis", Kind::kText, "What in it allows the use?", ""},
    {"certificate", "purposes", Kind::kList, "What may jobs use it for (purposes, as jobs name them)?", ""},
    {"certificate", "personal_data", Kind::kYesNo, "Is anything in it of people (yes, no)?", "yes"},
    {"certificate", "epsilon_budget_milli", Kind::kNumber,
     "Which privacy budget over all jobs, in thousandths of epsilon (0: none set)?", "0"},
    {"certificate", "not_after", Kind::kDay, "On which day does the certificate end (2027-01-31)?", ""},
}};

std::string Trimmed(std::string_view text) {
  const std::size_t from = std::min(text.find_first_not_of(" \t\r"), text.size());
  const std::size_t to = text.find_last_not_of(" \t\r");
  return std::string(text.substr(from, to == text.npos ? 0 : to + 1 - from));
}

// A TOML basic string is what JSON writes, but for DEL, which Printable has replaced.
std::string QuotedText(std::string_view text) {
  return nlohmann::json(Printable(text, kMaxSaidBytes)).dump();
}

std::string ListOf(std::string_view answer) {
  std::string list;
  while (!answer.empty() && answer != "-") {
    const std::size_t comma = std::min(answer.find(','), answer.size());
    const std::string item = Trimmed(answer.substr(0, comma));
    if (!item.empty()) list += (list.empty() ? "" : ", ") + QuotedText(item);
    answer.remove_prefix(std::min(answer.size(), comma + 1));
  }
  return "[" + list + "]";
}

constexpr std::array<std::string_view, 4> kNeverEmpty{"creators", "formats", "certificate.modalities",
                                                      "certificate.purposes"};

std::string PathOf(const Question& question) {
  return (question.section.empty() ? "" : std::string(question.section) + ".") + std::string(question.key);
}

bool IsNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && (text == "0" || text.front() != '0');
}

bool IsDay(std::string_view text) {
  const std::string line = "d = " + std::string(text);
  const config::Document document = config::ReadToml(line, "");
  return text.size() == 10 && document.entries.size() == 1 &&
         std::holds_alternative<config::Date>(document.entries[0].value.held);
}

}  // namespace

config::Schema DescriptionSchema(Description& description) {
  config::Schema schema;
  Top(schema, description);
  Rai(schema, description);
  SignedKeys(schema, description);
  return schema;
}

Result<Description> ParseDescription(std::string_view text, std::string_view name) {
  if (text.size() > kMaxDescriptionBytes)
    return Fail(errors::kDatasetAbout, std::string(name) + " has " + FormatBytes(text.size()));
  Description description;
  config::Schema schema = DescriptionSchema(description);
  schema.Apply(config::ReadToml(text, name));
  const auto& from = description.not_before;
  const auto& to = description.not_after;
  if (from && to && *from >= *to) schema.Complain("certificate.not_after", "is not after not_before");
  const std::vector<std::string>* const lists[] = {&description.creators, &description.formats,
                                                   &description.modalities, &description.purposes};
  for (std::size_t i = 0; i < kNeverEmpty.size(); ++i) {
    const std::string path(kNeverEmpty.at(i));
    if (schema.Has(path) && schema.Good({path}) && lists[i]->empty())
      schema.Complain(path, "must not be empty");
  }
  ACCORD_RETURN_IF_ERROR(schema.Finish(errors::kDatasetAbout, name));
  return description;
}

std::span<const Question> Questions() { return kQuestions; }

namespace {

// Whether a description may say so: what is refused in the end would cost a person all other answers.
bool MaySay(const Question& question, const std::string& line) {
  Description description;
  config::Schema schema = DescriptionSchema(description);
  const std::string section = question.section.empty() ? "" : "[" + std::string(question.section) + "]\n";
  schema.Apply(config::ReadToml(section + line, "the answer"));
  return schema.Good({PathOf(question)});
}

}  // namespace

std::optional<std::string> LineOf(const Question& question, std::string_view text) {
  const std::string given = Trimmed(text);
  const std::string answer = given.empty() ? std::string(question.otherwise) : given;
  std::optional<std::string> value;
  if (answer.empty()) return std::nullopt;
  if (question.kind == Kind::kText) value = QuotedText(answer);
  if (question.kind == Kind::kList) value = ListOf(answer);
  if (question.kind == Kind::kYesNo && (answer == "yes" || answer == "no"))
    value = answer == "yes" ? "true" : "false";
  if (question.kind == Kind::kNumber && IsNumber(answer)) value = answer;
  if (question.kind == Kind::kDay && IsDay(answer)) value = answer;
  if (!value) return std::nullopt;
  if (*value == "[]" && std::ranges::find(kNeverEmpty, PathOf(question)) != kNeverEmpty.end())
    return std::nullopt;
  std::string line = std::string(question.key) + " = " + *value + "\n";
  return MaySay(question, line) ? std::optional(std::move(line)) : std::nullopt;
}

}  // namespace accord::dataset
