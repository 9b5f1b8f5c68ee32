// The pages of the site, and what they share. For src/publish alone. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/checkpoint.h"
#include "publish/log_view.h"
#include "publish/site.h"

namespace accord::publish {

// What the pages show, read once.
struct View {
  const SiteSource& source;
  const Texts& say;
  charter::UnixSeconds now = 0;  // TimeOf
  ledger::Checkpoint head;
  const charter::Version* present = nullptr;  // none: `why_not`
  Status why_not;
  std::vector<dataset::Found> datasets;
  Jobs jobs;
  std::uint64_t rounds = 0;  // of all jobs
  std::vector<Release> releases;

  [[nodiscard]] const charter::Version& newest() const { return source.record.chain().back(); }
};
[[nodiscard]] View MakeView(const SiteSource& source, const Texts& texts);

struct Page {
  std::string file;
  std::string nav;  // the key of its entry in the navigation, "nav.log"
  Html title, body;
};
[[nodiscard]] Page IndexPage(const View& view);
[[nodiscard]] std::vector<Page> CharterPages(const View& view);  // the one in force first, then each version
[[nodiscard]] Page MembersPage(const View& view);
[[nodiscard]] std::vector<Page> ProposalPages(const View& view);  // the list first
[[nodiscard]] Page DatasetsPage(const View& view);
[[nodiscard]] Page RoundsPage(const View& view);
[[nodiscard]] Page ModelsPage(const View& view);
[[nodiscard]] Page LogPage(const View& view);

// The one style sheet.
[[nodiscard]] std::string_view StyleSheet();

// ---- parts of pages

using Rows = std::vector<std::vector<Html>>;
// The first cell of a row is its heading. Without rows: that there is nothing.
[[nodiscard]] Html Table(const View& view, const Html& caption, const std::vector<Html>& heads,
                         const Rows& rows);
// Terms and what is said of each.
[[nodiscard]] Html Facts(const std::vector<std::pair<Html, Html>>& facts);
[[nodiscard]] Html Section(const Html& heading, const Html& content);
[[nodiscard]] Html Time(charter::UnixSeconds time);
[[nodiscard]] Html Number(std::uint64_t number);
[[nodiscard]] Html Lines(std::string_view text);  // with its line ends, for <pre>
[[nodiscard]] Html Code(std::string_view text);
[[nodiscard]] Html Link(const std::string& file, const Html& text);
// Each of what members wrote, with commas between.
[[nodiscard]] Html List(const std::vector<std::string>& words);
[[nodiscard]] std::string CharterFile(const charter::Version& version,
                                      const char* ending);  // "charter-2.html"
// A proposal by its short id, with a link to its page if the log has it.
[[nodiscard]] Html ProposalLink(const View& view, const Digest& id);
// The certificates that it names, by member, with links to those that the log has.
[[nodiscard]] Html DataOf(const View& view, const charter::Proposal& proposal);
[[nodiscard]] std::string ProposalFile(const Digest& id);
[[nodiscard]] std::string RoundsAnchor(const Digest& job);
[[nodiscard]] std::string CertificateAnchor(const Digest& certificate);
// Whether this proposal of the record has passed: what was trained had, whatever was voted since.
[[nodiscard]] bool Passed(const View& view, const Digest& job);

}  // namespace accord::publish
