// A certificate and a description as the tests of this module change them.
#pragma once

#include "base/check.h"
#include "dataset/certificate.h"
#include "dataset/description.h"

namespace accord::dataset {

inline constexpr std::uint64_t kNow = 1'800'000'000;

inline Certificate ExampleCertificate() {
  return {.member = "ke",
          .dataset = "swahili-news",
          .version = "1.2.0",
          .croissant = Digest::FromHex(std::string(64, 'a')).value(),
          .root = Digest::FromHex(std::string(64, 'b')).value(),
          .files = 3,
          .bytes = 1'005,
          .records = 120,
          .modalities = {"text"},
          .jurisdiction = "Kenya",
          .legal_basis = "Data Protection Act 2019, section 30(1)(b)(iii)",
          .purposes = {"language-models"},
          .personal_data = true,
          .epsilon_budget_milli = 3'000,
          .not_before = kNow - 1'000,
          .not_after = kNow + 1'000};
}

inline constexpr std::string_view kExampleAbout = R"(name = "News in Swahili"
description = "Articles of a public broadcaster."
license = "https://creativecommons.org/licenses/by/4.0/"
url = "https://example.org/news"
creators = ["A broadcaster", "Its readers"]
publisher = "A ministry"
published = 2026-01-31
version = "1.2.0"
languages = ["sw", "en-KE"]
formats = ["text/plain"]
keywords = ["news", "radio"]

[rai]
collection = "Written by journalists."
collection_timeframe = "2010 to 2025"
personal_sensitive_information = "Names of public persons."
biases = "Mostly towns."
limitations = "No dialects."
use_cases = "Language models."

[certificate]
records = 120
modalities = ["text"]
jurisdiction = "Kenya"
legal_basis = "Data Protection Act 2019"
purposes = ["language-models"]
personal_data = true
epsilon_budget_milli = 3000
not_after = 2027-12-31
)";

inline Description ExampleDescription() {
  auto parsed = ParseDescription(kExampleAbout, "about.toml");
  ACCORD_CHECK(parsed.ok());
  return *std::move(parsed);
}

}  // namespace accord::dataset
