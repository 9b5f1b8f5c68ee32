// The catalogue of a federation's certified data sets, and how it is searched. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "dataset/certificate.h"
#include "dataset/croissant.h"

namespace accord::dataset {

struct CatalogueEntry {
  Digest id;                // SHA-256 of the certificate's payload
  std::uint64_t index = 0;  // of the certificate in the log
  Certificate certificate;
  bool revoked = false;                 // by the charter
  std::optional<CroissantFacts> facts;  // none where the description could not be had
};

// Languages, licences and words are not in a certificate but in the description that it names by its SHA-256.
// `dataset.croissant` for another text, and errors of ReadCroissant.
[[nodiscard]] Result<CroissantFacts> ReadDescription(const Certificate& certificate, ByteView text);

// What is looked for; what is empty matches all. Letters of ASCII match in either case.
struct Query {
  std::string language;  // a tag, which also finds its narrower ones: "pt" finds pt-BR
  std::string modality;
  std::string license;  // the whole of it, or the end of its URL: "by/4.0"
  std::string purpose;
  std::string member;
  std::string text;  // within name, description or keywords

  // Whether it takes a description to answer: entries without one are not found then.
  [[nodiscard]] bool AsksDescription() const {
    return !language.empty() || !license.empty() || !text.empty();
  }
};

// Whether a certificate may be relied on at a time; of several reasons why not, the first of these.
enum class Holds : std::uint8_t { kRevoked, kSuperseded, kOver, kNotYet, kInForce };
[[nodiscard]] std::string_view Name(Holds holds);  // "in force"

struct Found {
  const CatalogueEntry* entry = nullptr;
  Holds holds = Holds::kInForce;
  // With kSuperseded: the certificate of the same member and data set, in force already, that took its place.
  const CatalogueEntry* successor = nullptr;
};

// The entries that match, whether they hold at `now` or not; sorted by member, data set and version. Pointers
// into `entries`.
[[nodiscard]] std::vector<Found> Search(std::span<const CatalogueEntry> entries, const Query& query,
                                        std::uint64_t now);

}  // namespace accord::dataset
