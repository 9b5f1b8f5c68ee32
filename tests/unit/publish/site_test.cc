// The public pages: the same bytes for the same log, and nothing in them that anybody could smuggle in.
#include "publish/site.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "config/job_file.h"
#include "publish/log_view.h"
#include "tests/unit/publish/example_log.h"

namespace accord::publish {
namespace {

using Files = std::map<std::string, std::string>;

struct SiteTest : ::testing::Test {
  ExampleLog log;
  Plans plans;

  // A proposal whose job file is there.
  Digest ProposePlan(std::string_view plan, std::uint8_t nonce = 7) {
    plans[crypto::Sha256::Of(plan)] = Bytes(plan.begin(), plan.end());
    return log.Propose(nonce, "ke", plan);
  }
  void Fill() {
    log.charter = charter::CharterOf({"be", "ke", "np", "pe", "rw", "tz"});
    log.Begin();
    dataset::Certificate certificate = dataset::ExampleCertificate();
    certificate.not_after = kNow + kDay;
    const Digest first = log.Certify(certificate, "ke");
    certificate.version = "2.0.0";
    certificate.supersedes = first;
    log.Certify(certificate, "ke");
    const Digest job = ProposePlan(kExamplePlan);
    for (const std::string voter : {"be", "ke", "np", "rw"}) log.Vote(job, voter);
    log.Vote(job, "pe", true, "be");
    log.Commit(job, 1);
    log.Commit(job, 2);
    const Digest second = log.Propose(8);
    log.Vote(second, "rw", false);
    log.Vote(second, "rw", true);
    log.Release(job, 2, {"be", "ke"});
    charter::Charter next = log.charter;
    next.members.back().suspended = true;
    next.min_cohort = 4;
    log.Amend(next);
  }
  [[nodiscard]] Files Make(const Texts& texts = {}, const ledger::Note* head = nullptr) const {
    auto catalogue = CatalogueOf(log.record, log.entries);
    if (!catalogue.empty()) catalogue.front().facts = facts;
    const ledger::Note note = head == nullptr ? log.Head() : *head;
    return MakeSite({log.record, log.entries, note, catalogue, plans}, texts);
  }

  dataset::CroissantFacts facts{.name = "News in Swahili",
                                .description = "Articles of a public broadcaster.",
                                .url = "https://example.org/news",
                                .publisher = "A ministry",
                                .licenses = {"https://creativecommons.org/licenses/by/4.0/"},
                                .languages = {"sw", "en-KE"}};
};

bool Has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// ---------------------------------------------------------------- golden

TEST_F(SiteTest, OneHeadGivesTheSameFiles) {
  Fill();
  const Files files = Make();
  EXPECT_EQ(files, Make());
  const std::filesystem::path golden = std::string(ACCORD_SOURCE_DIR) + "/tests/golden/site";
  if (std::getenv("ACCORD_UPDATE_GOLDEN") != nullptr) {
    std::filesystem::remove_all(golden);
    std::filesystem::create_directories(golden);
    for (const auto& [name, content] : files) std::ofstream(golden / name, std::ios::binary) << content;
  }
  Files expected;
  for (const auto& one : std::filesystem::directory_iterator(golden)) {
    std::ostringstream content;
    content << std::ifstream(one.path(), std::ios::binary).rdbuf();
    expected[one.path().filename()] = content.str();
  }
  ASSERT_EQ(expected.size(), files.size());
  for (const auto& [name, content] : files) EXPECT_EQ(expected[name], content) << name;
}

TEST_F(SiteTest, IsOfTheTimeThatMostWitnessesSay) {
  log.Begin();
  EXPECT_EQ(TimeOf(log.Head(1, {"be", "ke", "np", "pe"}, kNow), log.charter), kNow + 1);
  ledger::Note note = log.Head(1, {"be", "ke", "np"}, kNow);
  note.signatures.push_back(ledger::SignAsWitness("fed.example/witness/pe", charter::KeyOf("witness pe"),
                                                  kNow + 1'000'000, note.text));
  EXPECT_EQ(TimeOf(note, log.charter), kNow + 1) << "one of them alone moves nothing";
  note.signatures.push_back(
      ledger::SignAsWitness("fed.example/witness/rw", charter::KeyOf("witness be"), kNow + 9, note.text));
  EXPECT_EQ(TimeOf(note, log.charter), kNow + 1) << "a forged one counts for nothing";
  EXPECT_EQ(TimeOf(log.Head(1, {}), log.charter), log.charter.not_before);
}

// ---------------------------------------------------------------- what is in it

TEST_F(SiteTest, SaysHowThingsStand) {
  Fill();
  const Files files = Make();
  const std::string& list = files.at("proposals.html");
  EXPECT_TRUE(Has(list, "<td><span class=\"good\">trained, 2 rounds</span></td>")) << list;
  EXPECT_TRUE(Has(list, ">rejected<"));
  EXPECT_TRUE(Has(list, "<td><bdi>digits</bdi></td>")) << list;
  EXPECT_TRUE(Has(list, "<td>unknown</td>")) << "a job file that is not there";
  std::string first, second;
  for (const auto& [name, content] : files) {
    if (name.starts_with("proposal-")) (Has(content, ">trained, 2 rounds<") ? first : second) = content;
  }
  EXPECT_TRUE(Has(first, "no: <bdi>it is not signed by pe</bdi>")) << first;
  EXPECT_TRUE(Has(first, "rounds.html#job-"));
  EXPECT_TRUE(Has(first, "<bdi>public-health</bdi>") && Has(first, "<bdi>mlp</bdi>"));
  EXPECT_TRUE(Has(first, "<pre tabindex=\"0\">version = 1\nname = &quot;digits&quot;\n"));
  EXPECT_FALSE(Has(second, "<pre"));
  EXPECT_TRUE(Has(second, "this member said two different things")) << second;
  EXPECT_TRUE(Has(files.at("members.html"), ">suspended<"));
  EXPECT_TRUE(Has(files.at("datasets.html"), "superseded by"));
  EXPECT_TRUE(Has(files.at("datasets.html"), "href=\"https://example.org/news\""));
  EXPECT_TRUE(Has(files.at("rounds.html"), "spiffe://rw.fed.example/node/kigali"));
  EXPECT_TRUE(Has(files.at("charter-1.html"), "This version is not in force"));
  EXPECT_TRUE(Has(files.at("charter.html"), "version 2"));
  EXPECT_EQ(files.at("checkpoint"), log.Head().Format());
  EXPECT_EQ(files.at("charter-1.json"), AsText(log.entries[0]));
}

// Members have to be able to tell what was never allowed from what was done.
TEST_F(SiteTest, WhatWasTrainedIsNotOpenAgain) {
  log.Begin();
  const Digest passed = log.Propose(7), job = log.Propose(8), ended = log.Propose(9);
  for (const std::string voter : {"be", "ke", "np", "rw"}) {
    for (const Digest& one : {passed, job, ended}) log.Vote(one, voter);
  }
  for (const Digest& one : {job, ended}) log.Commit(one, 1);
  log.Vote(ended, "be", false);  // with its approval a rejection for good
  const auto page = [](const Digest& one) { return "proposal-" + one.Hex() + ".html"; };
  EXPECT_TRUE(Has(Make().at(page(passed)), "<dt>Stands</dt><dd><span class=\"good\">passed</span></dd>"));
  const ledger::Note later = log.Head(log.entries.size(), {"be", "ke", "np", "pe"}, kNow + 10 * kDay);
  const Files files = Make({}, &later);
  EXPECT_FALSE(Has(files.at(page(passed)), ">passed<")) << "its votes have expired";
  EXPECT_TRUE(Has(files.at(page(passed)), "<dt>Why</dt>"));
  EXPECT_TRUE(
      Has(files.at(page(job)), "<dt>Stands</dt><dd><span class=\"good\">trained, 1 round</span></dd>"));
  EXPECT_FALSE(Has(files.at(page(job)), "<dt>Why</dt>"));
  EXPECT_TRUE(Has(files.at(page(ended)), "trained, 1 round</span> (<span class=\"bad\">rejected</span>)"));
  EXPECT_TRUE(Has(files.at(page(ended)), "<dt>Why</dt>"));
  EXPECT_TRUE(Has(files.at("index.html"), "3, of these passed: 2"));
}

TEST_F(SiteTest, AModelHasACard) {
  Fill();
  const std::string model = crypto::Sha256::Of("model 2").Hex(), page = Make().at("models.html");
  for (const std::string& part :
       {"<h2><bdi>digits</bdi> (<code>" + model.substr(0, 12) + "</code>)</h2>",
        std::string("</code></a> <bdi>digits</bdi></dd>"),
        std::string("<dt>Released by</dt><dd><bdi>be</bdi>, <bdi>ke</bdi></dd>"),
        std::string("<dt>Released on</dt><dd><time datetime=\"2027-01-15T07:58:00Z\">"),
        std::string("<dd><bdi>Apache-2.0</bdi></dd>"), std::string("<dd><bdi>public</bdi></dd>"),
        std::string("\">2</a></dd>"),  // rounds
        std::string("<dt>Members whose nodes took part</dt><dd><bdi>be</bdi>, <bdi>ke</bdi></dd>"),
        "<li><bdi>rw</bdi>: <code>" + crypto::Sha256::Of("data rw").Hex(),
        "<dt>Model (SHA-256)</dt><dd><code>" + model + "</code></dd>"})
    EXPECT_TRUE(Has(page, part)) << part << "\n" << page;
  EXPECT_FALSE(Has(page, "job_id")) << "nothing as the entry has it";
}

TEST_F(SiteTest, ACardSaysWhatTheLogHasNot) {
  log.Begin();
  const Digest job = log.Propose();
  log.Commit(job, 1);
  log.Release(job, 2, {"ke"});
  log.Release(crypto::Sha256::Of("elsewhere"), 1, {"ke"});
  const std::string page = Make().at("models.html"), elsewhere = Short(crypto::Sha256::Of("elsewhere"));
  EXPECT_TRUE(Has(page, "no round in the log ended with this model"));
  EXPECT_TRUE(Has(page, "<h2>Model <code>" + Short(crypto::Sha256::Of("model 2")) + "</code></h2>"));
  EXPECT_TRUE(Has(page, "<dt>Proposal</dt><dd><code>" + elsewhere + "</code></dd>"));
  EXPECT_FALSE(Has(page, "took part"));
}

TEST_F(SiteTest, ALongJobFileIsCut) {
  log.Begin();
  const Digest job = ProposePlan(std::string(config::kMaxJobBytes, '#') + "the end");
  const std::string page = Make().at("proposal-" + job.Hex() + ".html");
  EXPECT_TRUE(Has(page, "The file goes on: 65536 of its 65543 bytes are shown."));
  EXPECT_FALSE(Has(page, "the end"));
}

TEST_F(SiteTest, AnExpiredCharterIsSaid) {
  log.Begin();
  const ledger::Note late = log.Head(1, {"be", "ke", "np", "pe"}, log.charter.not_after + 1'000'000);
  const Files files = Make({}, &late);
  EXPECT_TRUE(Has(files.at("index.html"), "none: <bdi>version 1 of the charter is out of date</bdi>"));
  EXPECT_TRUE(Has(files.at("charter.html"), "This version is not in force"));
  EXPECT_TRUE(Has(files.at("rounds.html"), "There is nothing yet."));
}

TEST_F(SiteTest, EveryLinkLeadsSomewhere) {
  Fill();
  const Files files = Make();
  const std::regex href("href=\"([^\"]*)\"");
  int links = 0;
  for (const auto& [name, content] : files) {
    if (!name.ends_with(".html")) continue;
    for (std::sregex_iterator it(content.begin(), content.end(), href), end; it != end; ++it) {
      const std::string to = (*it)[1];
      if (to.starts_with("https://")) continue;
      const std::string file = to.starts_with("#") ? name : to.substr(0, to.find('#'));
      ASSERT_TRUE(files.contains(file)) << name << " links to " << to;
      const std::size_t anchor = to.find('#');
      const bool there = anchor == to.npos || Has(files.at(file), "id=\"" + to.substr(anchor + 1) + "\"");
      EXPECT_TRUE(there) << name << ": " << to;
      ++links;
    }
  }
  EXPECT_GT(links, 100);
}

TEST_F(SiteTest, EveryPageCanBeReadByAll) {
  Fill();
  const auto count = [](const std::string& text, const std::string& part) {
    int found = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
  };
  for (const auto& [name, page] : Make()) {
    if (!name.ends_with(".html")) continue;
    EXPECT_TRUE(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">")) << name;
    for (const std::string once : {"<h1>", "<main id=\"main\">", "<nav aria-label=", "<title>",
                                   "class=\"skip\"", "<header>", "<footer>", "aria-current=\"page\""})
      EXPECT_EQ(count(page, once), 1) << name << " " << once;
    EXPECT_EQ(count(page, "<table>"), count(page, "<caption>")) << name;
    EXPECT_EQ(count(page, "<th "), count(page, "<th scope=")) << name;
    EXPECT_EQ(count(page, "<th>"), 0) << name;
    EXPECT_EQ(count(page, "<script"), 0) << name;
    EXPECT_EQ(count(page, "style=\""), 0) << name;
  }
}

// ---------------------------------------------------------------- what others wrote

TEST_F(SiteTest, HostileWordsStayWords) {
  log.Begin();
  dataset::Certificate certificate = dataset::ExampleCertificate();
  certificate.version = "1<script>alert(1)</script>";
  certificate.jurisdiction = "\"><img src=x onerror=alert(1)>";
  certificate.legal_basis = "'&amp;</td></table><h1>";
  log.Certify(certificate, "ke");
  facts = {.name = "</bdi><script src=//evil.example>",
           .description = "\xe2\x80\xae turned \x1b[2J \xff\n<style>*{}</style>",
           .url = "javascript:alert(1)",
           .licenses = {"https://example.org/\" onclick=\"alert(1)", "https://example.org/'><svg/onload=1>"},
           .languages = {"<!--"}};
  ProposePlan("# </pre><script>alert(1)</script>\n# \x1b[2J \xff \xe2\x80\xae\n");
  charter::Proposal proposal = charter::ProposalOf(log.record.chain().back().hash);
  proposal.license = "</dd><svg onload=x>";
  const auto proposed = charter::Signed(charter::kProposalType, Encode(proposal), {"ke"});
  log.Add(proposed);
  log.Release(proposed.Id(), 1, {"ke"});
  const std::string release = R"({"<iframe>":"</dd><script>x</script>","n":{"<a>":["<b>"]}})";
  log.Add(charter::Signed(kReleaseType, {release.begin(), release.end()}, {"ke"}));
  log.Add(charter::Signed(kReleaseType, {'{', '"', 0xff}, {"ke"}));
  log.Add(charter::Signed("application/vnd.accord.<x onload=y>.v1+json", {'{', '}'}, {"ke"}));
  const Files files = Make();
  // Every tag in the pages is one of ours, with attributes of ours.
  const std::regex tag("<(/?[^ >]*)([^>]*)>");
  const std::set<std::string> ours{"!DOCTYPE", "html",   "head", "meta",  "title",   "link",   "body",
                                   "a",        "header", "p",    "nav",   "ul",      "li",     "main",
                                   "h1",       "h2",     "dl",   "div",   "dt",      "dd",     "bdi",
                                   "section",  "code",   "pre",  "table", "caption", "thead",  "tbody",
                                   "tr",       "th",     "td",   "span",  "time",    "footer", "br"};
  for (const auto& [name, page] : files) {
    if (!name.ends_with(".html")) continue;
    for (std::sregex_iterator it(page.begin(), page.end(), tag), end; it != end; ++it) {
      std::string element = (*it)[1];
      if (element.starts_with("/")) element.erase(0, 1);
      EXPECT_TRUE(ours.contains(element)) << name << ": " << it->str();
      EXPECT_FALSE(Has((*it)[2], "onclick") || Has((*it)[2], "onload")) << it->str();
    }
    EXPECT_FALSE(Has(page, "href=\"javascript:")) << name;
    for (const char* never : {"\x1b", "\xff", "\xe2\x80\xae"}) EXPECT_FALSE(Has(page, never)) << name;
  }
  EXPECT_TRUE(Has(files.at("datasets.html"), "&lt;script src=//evil.example&gt;"));
  EXPECT_TRUE(Has(files.at("datasets.html"), "<bdi>javascript:alert(1)</bdi>"));
  EXPECT_TRUE(Has(files.at("models.html"), "&lt;/dd&gt;&lt;svg onload=x&gt;"));
  EXPECT_TRUE(Has(files.at("models.html"), "no release that this program can read"));
  EXPECT_FALSE(Has(files.at("models.html"), "iframe"));
}

// ---------------------------------------------------------------- texts

TEST_F(SiteTest, SpeaksOtherLanguages) {
  log.Begin();
  const auto texts = Texts::Parse(
      "\"lang\" = \"ar\"\n\"dir\" = \"rtl\"\n\"nav.log\" = \"<Sajili>\"\n"
      "\"index.version\" = \"hadi {to}, toleo {version}\"\n",
      "ar.toml");
  ASSERT_TRUE(texts.ok()) << texts.status().message();
  const std::string page = Make(*texts).at("index.html");
  EXPECT_TRUE(Has(page, "<html lang=\"ar\" dir=\"rtl\">"));
  EXPECT_TRUE(Has(page, "&lt;Sajili&gt;")) << "also these are words";
  EXPECT_TRUE(Has(page, "UTC</time>, toleo 1<"));
  EXPECT_TRUE(Has(page, ">Members<")) << "what is left out stays English";
}

TEST(TextsTest, EveryErrorIsNamed) {
  const auto texts =
      Texts::Parse("lang = 3\nnav.lgo = \"x\"\n\"index.version\" = \"{versoin}\"\ndir = \"up\"\n", "sw.toml");
  EXPECT_EQ(texts.status().error(), "cli.file");
  const std::string said = texts.status().message();
  EXPECT_TRUE(Has(said, "sw.toml:1:") && Has(said, "lang is no text")) << said;
  EXPECT_TRUE(Has(said, "sw.toml:2:") && Has(said, "no text \"nav.lgo\"")) << said;
  EXPECT_TRUE(Has(said, "{versoin}") && Has(said, "neither ltr nor rtl")) << said;
  EXPECT_FALSE(Texts::Parse("= nothing", "x").ok());
}

TEST(TextsTest, WhatIsPrintedCanBeReadAgain) {
  const Texts english;
  const auto read = Texts::Parse(english.Format(), "en.toml");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->Format(), english.Format());
}

}  // namespace
}  // namespace accord::publish
