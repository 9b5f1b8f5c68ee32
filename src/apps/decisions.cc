#include "apps/decisions.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "apps/program.h"
#include "base/errors.h"
#include "base/text.h"
#include "base/wall_clock.h"
#include "config/job_file.h"
#include "node/budget_ledger.h"
#include "node/control.h"
#include "node/explanation.h"
#include "node/offer_book.h"

namespace accord::apps {
namespace {

using node::Approval;
using node::OfferLine;

void Print(const OfferLine& line) {
  std::printf("%-24s  %.12s  %-20s  %-9s  %s\n", FormatTime(line.offered).c_str(), line.job.Hex().c_str(),
              Printable(line.name, 40).c_str(), std::string(Name(line.approval)).c_str(),
              line.outcome.empty() ? "takes part" : Printable(line.outcome, 300).c_str());
}

std::string JsonOf(const OfferLine& line) {
  const nlohmann::json json{{"job", line.job.Hex()},
                            {"name", line.name},
                            {"offered", FormatTime(line.offered)},
                            {"approval", Name(line.approval)},
                            {"outcome", line.outcome}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Other jobs whose reservations are open, which are those that are open at the node.
std::uint32_t OpenBut(const std::vector<charter::BudgetEntry>& ledger, const JobId& job) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      ledger, [&](const auto& entry) { return entry.open && entry.job != Digest{job.bytes}; }));
}

Result<node::Explanation> Explain(const config::NodeConfig& settings, const std::string& ref) {
  ACCORD_ASSIGN_OR_RETURN(const auto book, node::OfferBook::OpenKnown(settings.node.state));
  ACCORD_ASSIGN_OR_RETURN(const OfferLine line, book->Named(ref));
  ACCORD_ASSIGN_OR_RETURN(const node::KeptOffer offer, book->Find(line.job));
  ACCORD_ASSIGN_OR_RETURN(const JobSpec spec, config::ParseJob(AsText(offer.message.plan), "job"));
  ACCORD_ASSIGN_OR_RETURN(auto ledger, node::BudgetLedger::Read(settings.node.state));
  ACCORD_RETURN_IF_ERROR(node::CheckNoEvidence(settings.node.state));
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(WallClock().Now().time_since_epoch()).count();
  node::Explanation explanation{.job = line.job,
                                .name = Printable(line.name, 64),
                                .considered = node::Consider(offer.message, spec,
                                                             {.config = settings,
                                                              .pinned = offer.pin.pinned,
                                                              .ledger = ledger,
                                                              .running = OpenBut(ledger, line.job),
                                                              .now = static_cast<std::uint64_t>(now)}),
                                .approval = line.approval,
                                .ledger = {}};
  explanation.ledger = std::move(ledger);
  return explanation;
}

Status Say(const config::NodeConfig& settings, const std::string& ref, bool approve, OfferLine& line) {
  ACCORD_ASSIGN_OR_RETURN(const auto book, node::OfferBook::OpenKnown(settings.node.state));
  ACCORD_ASSIGN_OR_RETURN(line, book->Named(ref));
  if (approve && line.approval == Approval::kNotAsked)
    return Fail(errors::kJobState, "the lab's policy leaves nothing of this job to a person",
                "accord-node policy check " + line.job.Hex().substr(0, 12));
  return book->Decide(line.job, approve, WallClock().Now());
}

}  // namespace

void DecisionCommands::AddTo(CLI::App& app) {
  jobs_ =
      app.add_subcommand("jobs", "Show the jobs that members decided on, and what this node made of them");
  jobs_->add_flag("--waiting", waiting_, "Those that wait for a person's approval");
  approve_ = app.add_subcommand("approve", "Let a job begin that the lab's policy leaves to a person");
  deny_ = app.add_subcommand("deny", "Refuse a job, whatever the lab's policy says");
  CLI::App* policy = app.add_subcommand("policy", "The lab's own policy")->require_subcommand(1);
  check_ = policy->add_subcommand("check", "Explain, check by check, why a job runs here or does not");
  for (CLI::App* command : {approve_, deny_, check_})
    command->add_option("JOB", job_, "Id, prefix of it, or name")->required();
  for (CLI::App* command : {jobs_, check_}) command->add_flag("--json", json_, "JSON lines");
}

bool DecisionCommands::parsed() const {
  return jobs_->parsed() || approve_->parsed() || deny_->parsed() || check_->parsed();
}

int DecisionCommands::Run(const config::NodeConfig& node) const {
  if (jobs_->parsed()) return List(node);
  if (check_->parsed()) return Check(node);
  return Decide(node, approve_->parsed());
}

int DecisionCommands::List(const config::NodeConfig& settings) const {
  const auto book = node::OfferBook::OpenKnown(settings.node.state);
  if (!book.ok()) return Report(book.status());
  auto lines = (*book)->List();
  if (!lines.ok()) return Report(lines.status());
  if (waiting_)
    std::erase_if(*lines, [](const OfferLine& line) { return line.approval != Approval::kWaiting; });
  if (!json_ && lines->empty()) {
    std::printf("%s\n",
                waiting_ ? "No job waits for a person's approval." : "No job was offered to this node yet.");
    return kOk;
  }
  if (!json_) std::printf("%-24s  %-12s  %-20s  %-9s  %s\n", "OFFERED", "JOB", "NAME", "APPROVAL", "HERE");
  for (const OfferLine& line : *lines) json_ ? void(std::printf("%s\n", JsonOf(line).c_str())) : Print(line);
  if (json_) std::printf("%s\n", nlohmann::json{{"ok", true}, {"end", true}}.dump().c_str());
  return kOk;
}

int DecisionCommands::Decide(const config::NodeConfig& settings, bool approve) const {
  OfferLine line;
  if (const Status said = Say(settings, job_, approve, line); !said.ok()) return Report(said);
  std::printf("%s: %s  %s\n", approve ? "approved" : "denied", Printable(line.name, 64).c_str(),
              line.job.Hex().c_str());
  const auto told = node::AskNode(settings.node.state, "decided", line.job.Hex());
  if (!told.ok()) std::printf("The node does not run; it will know when it does.\n");
  if (!approve)
    std::printf("If it runs here already, end it: accord-node stop %.12s\n", line.job.Hex().c_str());
  return kOk;
}

int DecisionCommands::Check(const config::NodeConfig& settings) const {
  const auto explanation = Explain(settings, job_);
  if (!explanation.ok()) return Report(explanation.status());
  std::fputs((json_ ? ExplanationJson(*explanation) : ExplanationText(*explanation)).c_str(), stdout);
  return explanation->Decision().ok() ? kOk : kFailed;
}

}  // namespace accord::apps
