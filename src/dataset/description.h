// What a member says of a data set when it certifies one: a TOML file, or the answers to questions that make
// the same file. Part of it becomes the public description (croissant.h), part the certificate. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "config/document.h"
#include "config/schema.h"

namespace accord::dataset {

inline constexpr std::size_t kMaxDescriptionBytes = 1 << 20;

struct Description {
  // For everybody.
  std::string name, description, license, url;
  std::vector<std::string> creators;
  std::string publisher;
  std::optional<config::Date> published;
  std::string version;
  std::vector<std::string> languages;  // BCP 47
  std::vector<std::string> formats;    // media types of the files
  std::vector<std::string> keywords;
  bool live = false;  // whether the set goes on growing; the certificate is of what there is now
  // [rai]: of the vocabulary for responsible AI.
  std::string collection, collection_timeframe, personal_information, biases, limitations, use_cases;
  // [certificate]
  std::uint64_t records = 0;
  std::vector<std::string> modalities;
  std::string jurisdiction, legal_basis;
  std::vector<std::string> purposes;
  bool personal_data = true;
  std::uint64_t epsilon_budget_milli = 0;
  std::optional<config::Date> not_before, not_after;
};

// `dataset.about` with every error and its line. `name` is what the file is called.
[[nodiscard]] Result<Description> ParseDescription(std::string_view text, std::string_view name);
// The keys of the file, for its reference in the documentation.
[[nodiscard]] config::Schema DescriptionSchema(Description& description);

// A key of the file as a question to a person.
struct Question {
  enum class Kind : std::uint8_t { kText, kList, kYesNo, kNumber, kDay };
  std::string_view section, key;
  Kind kind;
  std::string_view text;
  std::string_view otherwise;  // the answer of who says nothing; empty: something has to be said
};
[[nodiscard]] std::span<const Question> Questions();
// The line of an answer; nullopt when it is none of its kind, or none that a description may have.
[[nodiscard]] std::optional<std::string> LineOf(const Question& question, std::string_view answer);

}  // namespace accord::dataset
