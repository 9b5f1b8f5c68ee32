// The catalogue of certified data sets as people and scripts read it. Pure (golden tests in
// tests/golden/cli).
#pragma once

#include <span>
#include <string>

#include "cli/style.h"
#include "dataset/catalogue.h"

namespace accord::cli {

// A row a certificate; those that may not be relied on say why. `unsearched`: how many the search could not
// look into, since their descriptions are not there.
[[nodiscard]] std::string CatalogueTable(std::span<const dataset::Found> found, std::size_t unsearched,
                                         const Style& style);
[[nodiscard]] std::string CatalogueJson(std::span<const dataset::Found> found);

}  // namespace accord::cli
