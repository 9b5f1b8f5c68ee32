#include "dataset/catalogue.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace accord::dataset {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

template <class Match>
bool Any(const std::vector<std::string>& texts, const Match& match) {
  return std::ranges::any_of(texts, [&](const std::string& text) { return match(Lower(text)); });
}

// RFC 4647, basic filtering: the range itself, or what goes on with a hyphen.
bool HasLanguage(const CatalogueEntry& entry, const std::string& range) {
  return Any(entry.facts.languages,
             [&](const std::string& tag) { return tag == range || tag.starts_with(range + "-"); });
}

bool HasLicense(const CatalogueEntry& entry, const std::string& wanted) {
  return Any(entry.facts.licenses, [&](std::string license) {
    while (license.ends_with('/')) license.pop_back();
    return license == wanted || license.ends_with("/" + wanted);
  });
}

bool HasText(const CatalogueEntry& entry, const std::string& wanted) {
  const auto holds = [&](const std::string& text) { return text.find(wanted) != text.npos; };
  return holds(Lower(entry.facts.name)) || holds(Lower(entry.facts.description)) ||
         Any(entry.facts.keywords, holds);
}

bool Matches(const CatalogueEntry& entry, const Query& query) {
  const Certificate& certificate = entry.certificate;
  const auto has = [](const std::vector<std::string>& list, const std::string& word) {
    return std::ranges::find(list, word) != list.end();
  };
  std::string license = Lower(query.license);
  while (license.ends_with('/')) license.pop_back();
  return (query.language.empty() || HasLanguage(entry, Lower(query.language))) &&
         (query.modality.empty() || has(certificate.modalities, Lower(query.modality))) &&
         (license.empty() || HasLicense(entry, license)) &&
         (query.purpose.empty() || has(certificate.purposes, query.purpose)) &&
         (query.member.empty() || certificate.member == query.member) &&
         (query.text.empty() || HasText(entry, Lower(query.text)));
}

// What its own member has replaced: nobody ends another's certificate.
std::set<const CatalogueEntry*> Superseded(std::span<const CatalogueEntry> entries, std::uint64_t now) {
  std::map<std::tuple<Digest, std::string, std::string>, const CatalogueEntry*> known;
  for (const CatalogueEntry& entry : entries)
    known.try_emplace({entry.id, entry.certificate.member, entry.certificate.dataset}, &entry);
  std::set<const CatalogueEntry*> over;
  for (const CatalogueEntry& entry : entries) {
    const Certificate& by = entry.certificate;
    if (!by.supersedes || *by.supersedes == entry.id || now < by.not_before) continue;
    const auto found = known.find({*by.supersedes, by.member, by.dataset});
    if (found != known.end()) over.insert(found->second);
  }
  return over;
}

}  // namespace

std::vector<const CatalogueEntry*> Search(std::span<const CatalogueEntry> entries, const Query& query,
                                          std::uint64_t now) {
  const std::set<const CatalogueEntry*> superseded = Superseded(entries, now);
  std::vector<const CatalogueEntry*> found;
  for (const CatalogueEntry& entry : entries) {
    const bool holds = entry.certificate.not_before <= now && now < entry.certificate.not_after;
    if (holds && !superseded.contains(&entry) && Matches(entry, query)) found.push_back(&entry);
  }
  std::ranges::sort(found, {}, [](const CatalogueEntry* entry) {
    return std::tie(entry->certificate.member, entry->certificate.dataset, entry->certificate.version);
  });
  return found;
}

}  // namespace accord::dataset
