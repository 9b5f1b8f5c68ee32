#include "bundle/training_summary.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace accord::bundle {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kUnknown = "unknown";
// The lowest bands of the template: tokens, images.
constexpr std::uint64_t kFewTokens = 1'000'000'000, kFewImages = 1'000'000;

bool AllCertified(const Lineage& lineage) {
  return !lineage.sources.empty() &&
         std::ranges::all_of(lineage.sources, [](const Source& one) { return one.certificate.has_value(); });
}

std::set<std::string> ModalitiesOf(const Lineage& lineage) {
  std::set<std::string> all;
  for (const Source& one : lineage.sources) {
    if (one.certificate) all.insert(one.certificate->modalities.begin(), one.certificate->modalities.end());
  }
  return all;
}

// Certificates count bytes and records. A token has at least one byte, and an image is at most one record
// where a set has nothing else: so the lowest band can be known, and the others cannot.
std::string BandOf(const Lineage& lineage, const std::string& modality) {
  if (!AllCertified(lineage)) return kUnknown;
  std::uint64_t bytes = 0, records = 0;
  bool alone = true;
  for (const Source& one : lineage.sources) {
    const auto& has = one.certificate->modalities;
    if (std::ranges::find(has, modality) == has.end()) continue;
    bytes += std::min(one.certificate->bytes, kFewTokens);
    records += std::min(one.certificate->records, kFewImages);
    alone = alone && has.size() == 1;
  }
  if (modality == "text" && bytes < kFewTokens) return "less than 1 billion tokens";
  if (modality == "image" && alone && records < kFewImages) return "less than 1 million images";
  return kUnknown;
}

ordered_json Modalities(const Lineage& lineage) {
  ordered_json all = ordered_json::array();
  for (const std::string& modality : ModalitiesOf(lineage))
    all.push_back({{"modality", modality},
                   {"training_data_size", BandOf(lineage, modality)},
                   {"types_of_content", kUnknown}});
  if (!AllCertified(lineage))
    all.push_back({{"modality", kUnknown}, {"training_data_size", kUnknown}, {"types_of_content", kUnknown}});
  return all;
}

ordered_json Languages(const Lineage& lineage) {
  std::set<std::string> all;
  bool described = !lineage.sources.empty();
  for (const Source& one : lineage.sources) {
    described = described && one.description.has_value();
    if (one.description) all.insert(one.description->languages.begin(), one.description->languages.end());
  }
  ordered_json list = all;
  if (!described) list.push_back(kUnknown);
  return list;
}

ordered_json OrUnknown(const std::vector<std::string>& texts) {
  return texts.empty() ? ordered_json(kUnknown) : ordered_json(texts);
}

ordered_json Dataset(const Source& source) {
  ordered_json set{{"held_by", source.ref.member}, {"certificate_sha256", source.ref.certificate.Hex()}};
  if (const auto& one = source.certificate; one) {
    set["name"] = one->dataset;
    set["version"] = one->version;
    set["modalities"] = one->modalities;
    set["size"] = {{"files", one->files}, {"bytes", one->bytes}, {"records", one->records}};
    set["jurisdiction"] = one->jurisdiction;
    set["legal_basis"] = one->legal_basis;
    set["allowed_purposes"] = one->purposes;
    set["personal_data"] = one->personal_data;
  } else {
    for (const char* field : {"name", "version", "modalities", "size", "jurisdiction", "legal_basis",
                              "allowed_purposes", "personal_data"})
      set[field] = kUnknown;
  }
  if (const auto& one = source.description; one) {
    set["title"] = one->name;
    set["description"] = one->description;
    set["publisher"] = one->publisher.empty() ? kUnknown : one->publisher;
    set["url"] = one->url;
    set["licenses"] = OrUnknown(one->licenses);
    set["languages"] = OrUnknown(one->languages);
  } else {
    for (const char* field : {"title", "description", "publisher", "url", "licenses", "languages"})
      set[field] = kUnknown;
  }
  return set;
}

ordered_json General(const Lineage& lineage, const Digest& model) {
  const charter::Proposal& proposal = lineage.admitted.proposal;
  const std::string base =
      lineage.spec.adapter.base.empty() ? lineage.spec.model.start : lineage.spec.adapter.base;
  return {{"provider_identification",
           {{"name", proposal.federation},
            {"contact", kUnknown},
            {"authorised_representative", kUnknown},
            {"authorised_representative_contact", kUnknown}}},
          {"model_identification",
           {{"versioned_name", lineage.spec.name + " " + model.Hex().substr(0, 12)},
            {"sha256", model.Hex()},
            {"model_dependencies",
             base.empty() ? "none: trained from initial weights that the plan fixes" : base},
            {"date_of_placement_on_the_union_market", kUnknown}}},
          {"modalities_and_size",
           {{"modalities", Modalities(lineage)},
            {"latest_date_of_data_acquisition", kUnknown},
            {"linguistic_characteristics", Languages(lineage)},
            {"other_characteristics", kUnknown}}}};
}

ordered_json Sources(const Lineage& lineage) {
  ordered_json datasets = ordered_json::array();
  for (const Source& one : lineage.sources) datasets.push_back(Dataset(one));
  ordered_json all;
  for (const char* section :
       {"publicly_available_datasets", "private_datasets_licensed_by_rightsholders",
        "private_datasets_of_other_third_parties", "data_crawled_and_scraped", "user_data", "synthetic_data"})
    all[section] = kUnknown;
  all["other_sources"] = {
      {"description",
       "Data sets that members of the federation hold. They were certified, stayed where they are, and the "
       "training came to them. Certificates do not say which of the sections above a set belongs to."},
      {"datasets", std::move(datasets)}};
  return all;
}

}  // namespace

std::string FormatSummary(const Lineage& lineage, const Digest& model) {
  const ordered_json summary{
      {"title", "Public summary of training content"},
      {"template", "Regulation (EU) 2024/1689, Article 53(1)(d); C(2025) 8311"},
      {"last_update", FormatTime(TimePoint(std::chrono::seconds(lineage.time)))},
      {"general_information", General(lineage, model)},
      {"list_of_data_sources", Sources(lineage)},
      {"data_processing",
       {{"respect_of_reservations_of_rights", kUnknown},
        {"removal_of_illegal_content", kUnknown},
        {"other_information",
         "\"unknown\" stands where the certificates and descriptions of the data sets say nothing."}}}};
  return summary.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Status CheckSummary(ByteView text, const Digest& model) {
  const json summary = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  const json::json_pointer hash("/general_information/model_identification/sha256");
  if (summary.is_object() && summary.contains(hash) && summary.at(hash) == model.Hex()) return {};
  return Refuse(kSummaryFile, "it is of another model");
}

}  // namespace accord::bundle
