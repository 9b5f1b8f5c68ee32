#include "dataset/catalogue.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/errors.h"
#include "crypto/sha256.h"

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
bool HasLanguage(const CroissantFacts& facts, const std::string& range) {
  return Any(facts.languages,
             [&](const std::string& tag) { return tag == range || tag.starts_with(range + "-"); });
}

bool HasLicense(const CroissantFacts& facts, const std::string& wanted) {
  return Any(facts.licenses, [&](std::string license) {
    while (license.ends_with('/')) license.pop_back();
    return license == wanted || license.ends_with("/" + wanted);
  });
}

bool HasText(const CroissantFacts& facts, const std::string& wanted) {
  const auto holds = [&](const std::string& text) { return text.find(wanted) != text.npos; };
  return holds(Lower(facts.name)) || holds(Lower(facts.description)) || Any(facts.keywords, holds);
}

bool DescriptionMatches(const CroissantFacts& facts, const Query& query) {
  std::string license = Lower(query.license);
  while (license.ends_with('/')) license.pop_back();
  return (query.language.empty() || HasLanguage(facts, Lower(query.language))) &&
         (license.empty() || HasLicense(facts, license)) &&
         (query.text.empty() || HasText(facts, Lower(query.text)));
}

bool Matches(const CatalogueEntry& entry, const Query& query) {
  const Certificate& certificate = entry.certificate;
  const auto has = [](const std::vector<std::string>& list, const std::string& word) {
    return std::ranges::find(list, word) != list.end();
  };
  return (query.modality.empty() || has(certificate.modalities, Lower(query.modality))) &&
         (query.purpose.empty() || has(certificate.purposes, query.purpose)) &&
         (query.member.empty() || certificate.member == query.member) &&
         (!query.AsksDescription() || (entry.facts && DescriptionMatches(*entry.facts, query)));
}

using Successors = std::map<const CatalogueEntry*, const CatalogueEntry*>;

// What its own member has replaced, and by what: nobody ends another's certificate.
Successors Superseded(std::span<const CatalogueEntry> entries, std::uint64_t now) {
  std::map<std::tuple<Digest, std::string, std::string>, const CatalogueEntry*> known;
  for (const CatalogueEntry& entry : entries)
    known.try_emplace({entry.id, entry.certificate.member, entry.certificate.dataset}, &entry);
  Successors over;
  for (const CatalogueEntry& entry : entries) {
    const Certificate& by = entry.certificate;
    if (!by.supersedes || *by.supersedes == entry.id || now < by.not_before) continue;
    const auto found = known.find({*by.supersedes, by.member, by.dataset});
    if (found != known.end()) over.insert_or_assign(found->second, &entry);
  }
  return over;
}

Found Judge(const CatalogueEntry& entry, const Successors& superseded, std::uint64_t now) {
  const auto successor = superseded.find(&entry);
  if (entry.revoked) return {&entry, Holds::kRevoked};
  if (successor != superseded.end()) return {&entry, Holds::kSuperseded, successor->second};
  if (now >= entry.certificate.not_after) return {&entry, Holds::kOver};
  if (now < entry.certificate.not_before) return {&entry, Holds::kNotYet};
  return {&entry, Holds::kInForce};
}

}  // namespace

std::string_view Name(Holds holds) {
  switch (holds) {
    case Holds::kRevoked:
      return "revoked";
    case Holds::kSuperseded:
      return "superseded";
    case Holds::kOver:
      return "out of date";
    case Holds::kNotYet:
      return "not yet in force";
    case Holds::kInForce:
      break;
  }
  return "in force";
}

Result<CroissantFacts> ReadDescription(const Certificate& certificate, ByteView text) {
  if (crypto::Sha256::Of(text) == certificate.croissant) return ReadCroissant(text);
  return Fail(errors::kDatasetCroissant,
              text.empty() ? "there is no description of " + certificate.member + "/" + certificate.dataset
                           : "it is not the description that was certified");
}

std::vector<Found> Search(std::span<const CatalogueEntry> entries, const Query& query, std::uint64_t now) {
  const Successors superseded = Superseded(entries, now);
  std::vector<Found> found;
  for (const CatalogueEntry& entry : entries) {
    if (Matches(entry, query)) found.push_back(Judge(entry, superseded, now));
  }
  std::ranges::sort(found, {}, [](const Found& one) {
    const Certificate& certificate = one.entry->certificate;
    return std::tie(certificate.member, certificate.dataset, certificate.version, one.entry->id);
  });
  return found;
}

}  // namespace accord::dataset
