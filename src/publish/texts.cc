#include "publish/texts.h"

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/text.h"
#include "config/document.h"

namespace accord::publish {
namespace {

// lang and dir are attributes of the pages: a BCP 47 tag; ltr or rtl.
constexpr auto kEnglish = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"lang", "en"},
    {"dir", "ltr"},
    {"skip", "Skip to the content"},
    {"pages", "Pages"},
    {"site", "{federation}: the public record"},
    {"footer",
     "Made from the federation's public log alone, of its first {size} entries. All that depends on time is "
     "as of "
     "{time}, when its witnesses signed that head."},
    {"none", "There is nothing yet."},
    {"unknown", "unknown"},
    {"yes", "yes"},
    {"no", "no"},
    {"from_to", "{from} to {to}"},
    {"entry", "Entry of the log"},
    {"signed_by", "Signed by"},

    {"nav.index", "Overview"},
    {"nav.charter", "Charter"},
    {"nav.members", "Members"},
    {"nav.proposals", "Proposals"},
    {"nav.datasets", "Data sets"},
    {"nav.rounds", "Rounds"},
    {"nav.models", "Models"},
    {"nav.log", "Log"},

    {"index.title", "What this federation decided"},
    {"index.intro",
     "The members of {federation} train models together without moving their data. What is trained, on whose "
     "data and "
     "by whose decision is entered in a log that nobody can change unnoticed. These pages show what is in "
     "it."},
    {"index.numbers", "In numbers"},
    {"index.charter", "Charter in force"},
    {"index.no_charter", "none: {why}"},
    {"index.version", "version {version}, until {to}"},
    {"index.members", "Members"},
    {"index.proposals", "Proposals"},
    {"index.passed", "{count}, of these passed: {part}"},
    {"index.datasets", "Certificates of data"},
    {"index.in_force", "{count}, of these in force: {part}"},
    {"index.rounds", "Rounds of training"},
    {"index.models", "Released models"},
    {"index.entries", "Entries of the log"},
    {"index.limit", "What these pages do not prove"},
    {"index.limit_text",
     "They show what members signed, when it was entered, and how it stands by the charter's rules. They do "
     "not prove "
     "that what a member says of its data is true, that anybody consented, or that a training read these "
     "data. Whoever "
     "wants to rely on them checks the log itself: {log}."},

    {"charter.title", "The charter, version {version}"},
    {"charter.current", "This version is in force."},
    {"charter.not_current", "This version is not in force; see {charter}."},
    {"charter.newest", "the newest version"},
    {"charter.rules", "Rules"},
    {"charter.hash", "SHA-256"},
    {"charter.valid", "In force"},
    {"charter.follows", "Follows"},
    {"charter.first", "nothing: it is the first, signed by all members"},
    {"charter.job", "A training needs"},
    {"charter.job_text", "{count} of {total} voting members, and every member whose data it names"},
    {"charter.job_text_no_consent", "{count} of {total} voting members"},
    {"charter.reject", "One rejection ends a proposal"},
    {"charter.amend", "An amendment needs"},
    {"charter.add", "A new member needs"},
    {"charter.remove", "Removing a member needs"},
    {"charter.suspend", "An emergency suspension needs"},
    {"charter.of", "{count} of {total}"},
    {"charter.witness", "A head of the log needs"},
    {"charter.witness_text", "{count} of {total} witnesses"},
    {"charter.cohort", "Fewest nodes in a round"},
    {"charter.group", "Fewest nodes in a group"},
    {"charter.log", "The log's key"},
    {"charter.revoked", "Revoked"},
    {"charter.revoked_text", "{kind} {id}, from entry {index} of the log on"},
    {"charter.emergency", "An emergency suspension, which ends by itself unless it is ratified."},
    {"charter.versions", "All versions"},
    {"charter.versions_caption", "Versions of the charter, the newest first"},
    {"charter.version", "Version"},
    {"charter.members", "Members"},
    {"charter.file", "Signed document"},

    {"members.title", "Members and their rights"},
    {"members.caption", "Members of the newest charter"},
    {"members.member", "Member"},
    {"members.rights", "May"},
    {"members.suspended", "suspended"},
    {"members.domain", "Trust domain"},
    {"members.keys", "Governance keys"},
    {"members.witness", "Witness key"},
    {"members.explain", "What the rights mean"},
    {"right.propose", "propose"},
    {"right.vote", "vote"},
    {"right.data", "give data"},
    {"right.witness", "witness"},
    {"right.evaluate", "evaluate"},
    {"right.propose.means", "ask the members to agree to a training"},
    {"right.vote.means", "say yes or no to it"},
    {"right.data.means", "let models be trained on its data, at its own nodes"},
    {"right.witness.means", "sign heads of the log, so that it cannot be changed unnoticed"},
    {"right.evaluate.means", "measure models for all"},

    {"proposals.title", "Proposals and votes"},
    {"proposals.caption", "Proposals, the newest first"},
    {"proposals.proposal", "Proposal"},
    {"proposals.name", "Name"},
    {"proposals.by", "By"},
    {"proposals.stands", "Stands"},
    {"proposals.for", "For"},
    {"proposals.against", "Against"},
    {"proposals.until", "Until"},
    {"stands.open", "open"},
    {"stands.passed", "passed"},
    {"stands.rejected", "rejected"},
    {"stands.lapsed", "lapsed"},
    {"stands.unknown", "no charter in force"},
    {"stands.trained", "trained, {count} rounds"},
    {"stands.trained_one", "trained, 1 round"},

    {"proposal.title", "Proposal {id}"},
    {"proposal.asked", "What is asked"},
    {"proposal.name", "Name"},
    {"proposal.purpose", "What the model is for"},
    {"proposal.model", "Kind of model"},
    {"proposal.id", "Id"},
    {"proposal.why", "Why"},
    {"proposal.charter", "Made under"},
    {"proposal.charter_version", "version {version} of the charter"},
    {"proposal.may_run", "May run"},
    {"proposal.plan", "Job file (SHA-256)"},
    {"proposal.init", "Begins from the model"},
    {"proposal.data", "On data of"},
    {"proposal.bounds", "At each node at most"},
    {"proposal.bounds_text", "{seconds} seconds, {memory} MB of memory"},
    {"proposal.gpu", "May use GPUs"},
    {"proposal.recipients", "The model goes to"},
    {"proposal.license", "Licence of the model"},
    {"proposal.votes", "Every vote"},
    {"proposal.votes_caption", "Votes in the order of the log"},
    {"proposal.member", "Member"},
    {"proposal.says", "Says"},
    {"proposal.on", "On"},
    {"proposal.counts", "Counts"},
    {"proposal.approve", "approve"},
    {"proposal.reject", "reject"},
    {"proposal.unreadable", "unreadable"},
    {"proposal.ignored", "no: {why}"},
    {"proposal.both", "as a rejection: this member said two different things"},
    {"proposal.rounds", "Its rounds"},
    {"proposal.rounds_link", "the rounds that were trained"},
    {"proposal.file", "Its job file"},
    {"proposal.file_cut", "The file goes on: {shown} of its {size} bytes are shown."},

    {"datasets.title", "Certified data sets"},
    {"datasets.caption", "Certificates of data, by member and data set"},
    {"datasets.set", "Data set"},
    {"datasets.name", "Name"},
    {"datasets.about", "About"},
    {"datasets.publisher", "Publisher"},
    {"datasets.address", "Address"},
    {"datasets.languages", "Languages"},
    {"datasets.modalities", "Modalities"},
    {"datasets.license", "Licence"},
    {"datasets.purposes", "May be used for"},
    {"datasets.records", "Records"},
    {"datasets.jurisdiction", "Whose law"},
    {"datasets.law", "What in it allows the use"},
    {"datasets.personal", "Anything of people in it"},
    {"datasets.stands", "Stands"},
    {"datasets.certificate", "Certificate (SHA-256)"},
    {"datasets.root", "Merkle root of the files"},
    {"datasets.limit",
     "A certificate proves which bytes were committed, and who vouched for them; not that what it says is "
     "true, that "
     "anybody consented, or that a training read them. A description was compared with the SHA-256 in its "
     "certificate; "
     "where none is shown, none was served."},
    {"holds.in_force", "in force until {to}"},
    {"holds.not_yet", "not before {from}"},
    {"holds.over", "out of date since {to}"},
    {"holds.superseded", "superseded by {id}"},
    {"holds.revoked", "revoked"},

    {"rounds.title", "Rounds of training"},
    {"rounds.intro",
     "A round takes a model, lets the nodes train it, each on data that stay where they are, and adds up "
     "what they send "
     "behind masks. Models are named by their SHA-256."},
    {"rounds.of", "Proposal {id}"},
    {"rounds.caption", "Rounds of {id}"},
    {"rounds.round", "Round"},
    {"rounds.when", "When"},
    {"rounds.from", "From the model"},
    {"rounds.to", "To the model"},
    {"rounds.cohort", "Took part"},
    {"rounds.dropped", "Dropped out"},
    {"rounds.nobody", "nobody"},

    {"models.title", "Released models"},
    {"models.release", "Release {id}"},
    {"models.unreadable", "What these members signed is no release that this program can read."},
    {"models.model", "Model {id}"},
    {"models.named", "{name} ({id})"},
    {"models.proposal", "Proposal"},
    {"models.by", "Released by"},
    {"models.when", "Released on"},
    {"models.rounds", "Rounds of training"},
    {"models.no_round", "no round in the log ended with this model"},
    {"models.took_part", "Members whose nodes took part"},
    {"models.hash", "Model (SHA-256)"},
    {"models.signature", "Signature of its files (SHA-256)"},
    {"models.provenance", "Provenance (SHA-256)"},

    {"log.title", "The log, and how to check it"},
    {"log.head", "Its head"},
    {"log.head_text",
     "The head stands for every entry up to it. It is signed by the log, and below that by the witnesses "
     "that saw it "
     "continue what they signed before."},
    {"log.size", "Entries"},
    {"log.root", "Root of the tree"},
    {"log.witnesses", "Cosigned by"},
    {"log.genesis", "First charter (SHA-256)"},
    {"log.kinds", "What is in it"},
    {"log.kinds_caption", "Entries by kind"},
    {"log.kind", "Kind"},
    {"log.count", "Entries"},
    {"log.counting", "of these signed by who may say it"},
    {"log.verify", "How to check it"},
    {"log.verify_text",
     "Ask a member, not these pages, for the SHA-256 of the first charter. Then, as somebody whom a member "
     "invited:"},
    {"log.verify_means",
     "The first command holds the log to that charter. The second reads every entry, makes the root of the "
     "tree from "
     "them, compares it with the head, and checks head and witnesses by the charter. Compare size and root "
     "with those "
     "above: they have to be equal, or to continue one another, which accord finds out as well when it has "
     "seen both."},
    {"log.files",
     "The log is a directory of files in the form of c2sp.org/tlog-tiles at the coordinator's address below "
     "/log/, "
     "which tools of others read, too. The files of these pages: {sums}; the head: {checkpoint}."},
});

// The {words} of a text.
std::set<std::string> WordsOf(std::string_view text) {
  std::set<std::string> words;
  for (std::size_t open = text.find('{'); open != text.npos; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    if (close == text.npos) break;
    words.emplace(text.substr(open + 1, close - open - 1));
  }
  return words;
}

// What is wrong with a translated text; "" when nothing is.
std::string Wrong(std::string_view key, const std::string& english, const std::string& text) {
  if (key == "dir" && text != "ltr" && text != "rtl") return "it is neither ltr nor rtl";
  if (text.empty()) return "it is empty";
  const std::set<std::string> known = WordsOf(english);
  for (const std::string& word : WordsOf(text)) {
    if (!known.contains(word)) return "nothing is put in for {" + word + "}";
  }
  return "";
}

}  // namespace

Texts::Texts() {
  for (const auto& [key, text] : kEnglish) texts_.emplace(key, text);
}

Result<Texts> Texts::Parse(std::string_view toml, std::string_view name) {
  const config::Document document = config::ReadToml(toml, name);
  Texts texts;
  std::string problems;
  const auto complain = [&](const config::Place& place, const std::string& what) {
    problems += "\n" + place.Text() + ": " + what;
  };
  for (const config::Problem& problem : document.problems) complain(problem.place, problem.text);
  for (const config::Entry& entry : document.entries) {
    if (std::holds_alternative<config::TableMark>(entry.value.held)) continue;
    std::string key;
    for (const std::string& part : entry.keys) key += (key.empty() ? "" : ".") + part;
    const auto found = texts.texts_.find(key);
    const auto* const text = std::get_if<std::string>(&entry.value.held);
    if (found == texts.texts_.end()) {
      complain(entry.place, "the pages have no text \"" + Printable(key, 100) + "\"");
    } else if (text == nullptr) {
      complain(entry.place, key + " is no text");
    } else if (const std::string wrong = Wrong(key, found->second, *text); !wrong.empty()) {
      complain(entry.place, key + ": " + wrong);
    } else {
      found->second = *text;
    }
  }
  if (problems.empty()) return texts;
  return Fail(errors::kCliFile, "the texts of the pages are wrong:" + problems);
}

std::string Texts::Format() const {
  std::string out =
      "# The words of the pages of accord publish. What stands in {} is put in; leave it as it is.\n";
  for (const auto& [key, english] : kEnglish) {
    // Strings of JSON are strings of TOML; quoted keys, so that each line stands alone.
    out += nlohmann::json(key).dump() + " = " + nlohmann::json(Plain(key)).dump() + "\n";
  }
  return out;
}

const std::string& Texts::Plain(std::string_view key) const {
  const auto found = texts_.find(key);
  ACCORD_CHECK(found != texts_.end());
  return found->second;
}

Html Texts::operator()(std::string_view key,
                       std::initializer_list<std::pair<std::string_view, Html>> words) const {
  const std::string whole = Escape(Plain(key)).text;
  Html out;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t open = whole.find('{', at), close = whole.find('}', open);
    if (close == whole.npos) return out += Html{whole.substr(at)};
    const std::string_view word = std::string_view(whole).substr(open + 1, close - open - 1);
    out += Html{whole.substr(at, open - at)};
    for (const auto& [name, value] : words) {
      if (name == word) out += value;
    }
    at = close + 1;
  }
  return out;
}

}  // namespace accord::publish
