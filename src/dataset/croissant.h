// The public description of a data set: Croissant 1.1 with its vocabulary for responsible AI (mlcommons.org),
// as JSON-LD that other tools and search engines read. No name of a file is in it. Pure.
#pragma once

#include <string>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "dataset/description.h"
#include "dataset/manifest.h"

namespace accord::dataset {

inline constexpr std::size_t kMaxCroissantBytes = 1 << 20;

// The document, ended by a newline. The same values give the same bytes.
[[nodiscard]] std::string FormatCroissant(const Description& description, const Commitment& commitment);

// What a catalogue shows and searches.
struct CroissantFacts {
  std::string name, description, url, publisher, version;
  std::vector<std::string> licenses, languages, keywords;
};
// Of any Croissant document, also by other tools; what is not asked for is passed over. `dataset.croissant`
// where the fields that Croissant requires are missing or of another type.
[[nodiscard]] Result<CroissantFacts> ReadCroissant(ByteView text);

}  // namespace accord::dataset
