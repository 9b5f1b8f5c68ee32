#include "cli/data_text.h"

#include <algorithm>
#include <vector>

namespace accord::cli {
namespace {

std::string TimeText(std::uint64_t seconds) {
  return FormatTime(TimePoint(std::chrono::seconds(std::min<std::uint64_t>(seconds, 253'402'300'799U))));
}

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::string CertificateText(const Digest& id, const dataset::Certificate& one) {
  const auto line = [](const char* name, const std::string& value) {
    std::string text = name;
    text.resize(16, ' ');
    return text + value + "\n";
  };
  return line("certificate", id.Hex()) +
         line("data set", one.member + "/" + one.dataset + " " + one.version) +
         line("files", std::to_string(one.files) + ", " + FormatBytes(one.bytes)) +
         line("records", std::to_string(one.records)) + line("root", one.root.Hex()) +
         line("modalities", Listed(one.modalities)) + line("purposes", Listed(one.purposes)) +
         line("jurisdiction", one.jurisdiction) + line("legal basis", one.legal_basis) +
         line("personal data", one.personal_data ? "yes" : "no") +
         line("privacy budget", one.epsilon_budget_milli == 0
                                    ? "none set"
                                    : "epsilon " + std::to_string(one.epsilon_budget_milli / 1000) + "." +
                                          std::to_string(1000 + one.epsilon_budget_milli % 1000).substr(1) +
                                          " over all jobs") +
         line("in force", TimeText(one.not_before) + " to " + TimeText(one.not_after)) +
         (one.supersedes ? line("supersedes", one.supersedes->Hex()) : "");
}

}  // namespace accord::cli
