#include "cli/attribution_text.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"
#include "cli/scores.h"
#include "cli/table.h"

namespace accord::cli {
namespace {

using charter::Contribution;

constexpr std::size_t kBarWidth = 20;

// Of all data sets that the member's receipts name; nothing unless the log has each certificate.
std::optional<std::uint64_t> ExamplesOf(const JobLedger& ledger, const Contribution& member) {
  std::uint64_t examples = 0;
  for (const Digest& certificate : member.datasets) {
    const auto found = ledger.records.find(certificate);
    if (found == ledger.records.end()) return std::nullopt;
    examples += found->second;
  }
  return member.datasets.empty() ? std::nullopt : std::optional(examples);
}

// Of the node, as its receipts say; "" when it gave none.
std::string MemberOf(const JobLedger& ledger, const std::string& node) {
  const auto found = std::ranges::find_if(
      ledger.members, [&](const auto& member) { return member.second.nodes.contains(node); });
  return found == ledger.members.end() ? "" : found->first;
}

std::string ScoreText(const JobLedger& ledger, const charter::ScoreReport& scores, const Style& style) {
  Table table({{"NODE"}, {"MEMBER"}, {"SCORE", Align::kRight}, {""}});
  for (const charter::NodeScore& one : scores.scores) {
    const std::string tenths = (one.harmed ? "-" : "") + std::to_string(one.tenths);
    table.Row({{Printable(one.node, 200), Tone::kStrong},
               MemberOf(ledger, one.node),
               tenths,
               one.harmed ? "harmed" : Bar(one.tenths, charter::kMaxTenths, kBarWidth, style).Render(style)});
  }
  return "\nWhat updates were worth on the data of " + scores.judge + ", over " +
         std::to_string(scores.rounds) + " rounds, in tenths of the largest\n\n" + table.Render(style);
}

// As bills have it.
std::string WattHours(std::uint64_t joules) {
  const double hours = static_cast<double>(joules) / 3600.0;
  char text[32];
  std::snprintf(text, sizeof text, hours < 1000.0 ? "%.2f Wh" : "%.1f kWh",
                hours < 1000.0 ? hours : hours / 1000.0);
  return text;
}

std::string EnergyOf(const Contribution& member) {
  if (member.energy_known == 0) return "not told";
  return (member.energy_known < member.updates ? "over " : "") + WattHours(member.energy_j);
}

std::string TableOf(const JobLedger& ledger, const Style& style) {
  Table table({{"MEMBER"},
               {"NODES", Align::kRight},
               {"ROUNDS", Align::kRight},
               {"EXAMPLES", Align::kRight},
               {"STEPS", Align::kRight},
               {"SENT", Align::kRight},
               {"EPSILON", Align::kRight},
               {"ENERGY", Align::kRight}});
  for (const auto& [id, member] : ledger.members) {
    const auto examples = ExamplesOf(ledger, member);
    table.Row({{id, Tone::kStrong},
               std::to_string(member.nodes.size()),
               std::to_string(member.rounds),
               examples ? std::to_string(*examples) : "not certified",
               std::to_string(member.steps),
               FormatBytes(member.bytes),
               member.epsilon_spent_milli == 0 ? "none" : std::to_string(member.epsilon_spent_milli) + "e-3",
               EnergyOf(member)});
  }
  return table.Render(style);
}

std::string PlotOf(const JobLedger& ledger, const Style& style) {
  std::uint64_t most = 0;
  for (const auto& [id, member] : ledger.members) most = std::max(most, member.wall_s);
  Table table({{"TRAINED"}, {"", Align::kRight}, {""}});
  for (const auto& [id, member] : ledger.members)
    table.Row({{id, Tone::kStrong},
               std::to_string(member.wall_s) + "s",
               Bar(member.wall_s, most, kBarWidth, style).Render(style)});
  return table.Render(style);
}

// What a reader has to know of single receipts.
std::string Notes(const JobLedger& ledger) {
  std::uint64_t unverified = 0, revoked = 0;
  for (const auto& [id, member] : ledger.members) {
    unverified += member.unverified;
    revoked += member.revoked;
  }
  std::string text;
  if (unverified > 0)
    text += std::to_string(unverified) +
            " receipts are of nodes for whose key no CA of a member vouches (any more), and not counted.\n";
  if (revoked > 0)
    text +=
        std::to_string(revoked) + " receipts are of nodes that the charter had revoked, and not counted.\n";
  return text;
}

nlohmann::ordered_json JsonOf(const JobLedger& ledger, const std::string& id, const Contribution& member) {
  nlohmann::ordered_json json{{"member", id},
                              {"nodes", member.nodes},
                              {"rounds", member.rounds},
                              {"updates", member.updates},
                              {"examples", nullptr},
                              {"local_steps", member.steps},
                              {"wall_s", member.wall_s},
                              {"bytes", member.bytes},
                              {"energy_j", nullptr},
                              {"energy_updates", member.energy_known},
                              {"epsilon_spent_milli", member.epsilon_spent_milli},
                              {"unverified", member.unverified},
                              {"revoked", member.revoked}};
  if (const auto examples = ExamplesOf(ledger, member)) json["examples"] = *examples;
  if (member.energy_known > 0) json["energy_j"] = member.energy_j;
  return json;
}

}  // namespace

std::string LedgerText(const JobLedger& ledger, const Style& style) {
  std::string text = "job        " + ledger.job.Hex() + "\nrounds     " + std::to_string(ledger.rounds) +
                     ", each with the receipts that the log has the root of\n\n" + TableOf(ledger, style) +
                     "\n" + PlotOf(ledger, style) +
                     "\nWhat each gave, as its nodes signed it; no measure of what it was worth.\n";
  for (const auto& [judge, scores] : ledger.scores) text += ScoreText(ledger, scores, style);
  if (!ledger.scores.empty()) text += "\n" + PriceOfScores() + "\n";
  return text + Notes(ledger);
}

std::string LedgerJson(const JobLedger& ledger) {
  nlohmann::ordered_json json{
      {"job", ledger.job.Hex()}, {"rounds", ledger.rounds}, {"members", nlohmann::ordered_json::array()}};
  for (const auto& [id, member] : ledger.members) json["members"].push_back(JsonOf(ledger, id, member));
  for (const auto& [judge, scores] : ledger.scores) {
    nlohmann::ordered_json one{
        {"judge", judge}, {"rounds", scores.rounds}, {"nodes", nlohmann::ordered_json::array()}};
    for (const charter::NodeScore& score : scores.scores)
      one["nodes"].push_back({{"node", score.node},
                              {"member", MemberOf(ledger, score.node)},
                              {"harmed", score.harmed},
                              {"tenths", score.tenths}});
    json["scores"].push_back(std::move(one));
  }
  if (!ledger.scores.empty()) json["price"] = PriceOfScores();
  return json.dump();
}

}  // namespace accord::cli
