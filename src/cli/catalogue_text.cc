#include "cli/catalogue_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/table.h"
#include "cli/words.h"
#include "dataset/certificate.h"

namespace accord::cli {
namespace {

using dataset::Certificate;
using dataset::Found;
using dataset::Holds;

constexpr std::size_t kMostShown = 60;  // bytes of what others wrote
constexpr std::uint64_t kLastDay = 253'402'300'799;

std::string DayOf(std::uint64_t seconds) {
  return FormatTime(TimePoint(std::chrono::seconds(std::min(seconds, kLastDay)))).substr(0, 10);
}

std::string Listing(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + Printable(word, kMostShown);
  return text;
}

// Licences of Creative Commons by their SPDX ids, which say the same as their long addresses.
std::string Licence(const std::string& said) {
  constexpr std::string_view kBy = "https://creativecommons.org/licenses/",
                             kZero = "https://creativecommons.org/publicdomain/zero/";
  const bool zero = said.starts_with(kZero);
  if (!zero && !said.starts_with(kBy)) return said;
  std::string rest = said.substr(zero ? kZero.size() : kBy.size());
  if (rest.ends_with('/')) rest.pop_back();
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  const std::size_t slash = rest.find('/');
  if (zero != (slash == rest.npos)) return said;  // zero/1.0, by-sa/4.0
  if (slash != rest.npos) rest[slash] = '-';
  if (rest.empty() || !std::ranges::all_of(rest, plain)) return said;  // by/3.0/igo is another licence
  std::ranges::transform(rest, rest.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return (zero ? "CC0-" : "CC-") + rest;
}

std::string Licences(const std::vector<std::string>& said) {
  std::vector<std::string> names;
  for (const std::string& one : said) names.push_back(Licence(one));
  return Listing(names);
}

Cell Stands(const Found& found) {
  const Certificate& certificate = found.entry->certificate;
  switch (found.holds) {
    case Holds::kRevoked:
      return {"revoked", Tone::kBad};
    case Holds::kSuperseded:
      return {"superseded by " + ShortId(found.successor->id), Tone::kWarn};
    case Holds::kOver:
      return {"out of date since " + DayOf(certificate.not_after), Tone::kWarn};
    case Holds::kNotYet:
      return {"not before " + DayOf(certificate.not_before), Tone::kWarn};
    case Holds::kInForce:
      break;
  }
  return {"in force to " + DayOf(certificate.not_after), Tone::kGood};
}

std::string Unsearched(std::size_t count) {
  if (count == 0) return "";
  return "\n" + std::to_string(count) + (count == 1 ? " certificate has" : " certificates have") +
         " no description here, and can be found neither by language nor by licence nor by text.\n";
}

nlohmann::ordered_json FactsJson(const dataset::CroissantFacts& facts) {
  return {{"name", facts.name},           {"description", facts.description}, {"url", facts.url},
          {"publisher", facts.publisher}, {"version", facts.version},         {"licenses", facts.licenses},
          {"languages", facts.languages}, {"keywords", facts.keywords}};
}

}  // namespace

std::string CatalogueTable(std::span<const Found> found, std::size_t unsearched, const Style& style) {
  if (found.empty()) return "No certified data set was found.\n" + Unsearched(unsearched);
  Table table({{"CERTIFICATE"},
               {"DATA SET"},
               {"LANGUAGES"},
               {"MODALITIES"},
               {"LICENCE"},
               {"PURPOSES"},
               {"RECORDS", Align::kRight},
               {"STANDS"}});
  for (const Found& one : found) {
    const Certificate& certificate = one.entry->certificate;
    const auto& facts = one.entry->facts;
    table.Row({{ShortId(one.entry->id), Tone::kStrong},
               certificate.member + "/" + certificate.dataset + " " + certificate.version,
               facts ? Listing(facts->languages) : "?",
               Listing(certificate.modalities),
               facts ? Licences(facts->licenses) : "?",
               Listing(certificate.purposes),
               Count(certificate.records),
               Stands(one)});
  }
  return table.Render(style) + Unsearched(unsearched) + "\n" + std::string(dataset::kLimit) + "\n";
}

std::string CatalogueJson(std::span<const Found> found) {
  auto list = nlohmann::ordered_json::array();
  for (const Found& one : found) {
    const dataset::CatalogueEntry& entry = *one.entry;
    nlohmann::ordered_json json{{"certificate_sha256", entry.id.Hex()},
                                {"index", entry.index},
                                {"stands", Name(one.holds)},
                                {"superseded_by", nullptr},
                                {"description", nullptr},
                                {"certificate", nlohmann::ordered_json::parse(Encode(entry.certificate))}};
    if (one.successor != nullptr) json["superseded_by"] = one.successor->id.Hex();
    if (entry.facts) json["description"] = FactsJson(*entry.facts);
    list.push_back(std::move(json));
  }
  return list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace accord::cli
