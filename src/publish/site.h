// The public record of a federation as a static site, for citizens and auditors: HTML that needs no script.
// One log under one head gives the same bytes, whenever and wherever they are made. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"
#include "charter/record.h"
#include "dataset/catalogue.h"
#include "ledger/note.h"
#include "publish/log_view.h"
#include "publish/texts.h"

namespace accord::publish {

// A log that was verified, with a charter in it, its catalogue (CatalogueOf) with the descriptions that could
// be had, and the job files of its proposals that could, each of which has the hash that it is found by.
struct SiteSource {
  const charter::Record& record;
  std::span<const Bytes> entries;
  const ledger::Note& head;
  std::span<const dataset::CatalogueEntry> catalogue;
  const Plans& plans;
};

// The time that the pages are of: the median of what the charter's witnesses say in their cosignatures, so
// that no few of them can move it. The charter's beginning where none cosigned.
[[nodiscard]] charter::UnixSeconds TimeOf(const ledger::Note& head, const charter::Charter& charter);

inline constexpr const char* kSumsFile = "SHA256SUMS";  // as sha256sum writes and checks it

// The files by their names, none of which has a directory; kSumsFile lists all others.
[[nodiscard]] std::map<std::string, std::string> MakeSite(const SiteSource& source, const Texts& texts);

}  // namespace accord::publish
