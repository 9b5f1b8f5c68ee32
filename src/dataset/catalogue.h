// The catalogue of a federation's certified data sets, and how it is searched. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "dataset/certificate.h"
#include "dataset/croissant.h"

namespace accord::dataset {

struct CatalogueEntry {
  Digest id;  // SHA-256 of the certificate's payload
  Certificate certificate;
  CroissantFacts facts;
};

// What is looked for; what is empty matches all. Letters of ASCII match in either case.
struct Query {
  std::string language;  // a tag, which also finds its narrower ones: "pt" finds pt-BR
  std::string modality;
  std::string license;  // the whole of it, or the end of its URL: "by/4.0"
  std::string purpose;
  std::string member;
  std::string text;  // within name, description or keywords
};

// The entries that match and hold at `now`, without those that another certificate of the same member and
// data set, in force already, supersedes; sorted by member, data set and version. Pointers into `entries`.
[[nodiscard]] std::vector<const CatalogueEntry*> Search(std::span<const CatalogueEntry> entries,
                                                        const Query& query, std::uint64_t now);

}  // namespace accord::dataset
