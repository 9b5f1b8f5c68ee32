// accord model card: what a reader should know of a model before it is used, as Markdown. Figures of single
// nations are in it only where their labs published them.
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "base/errors.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/words.h"
#include "config/job_file.h"
#include "crypto/sha256.h"
#include "model/unigram.h"

namespace accord::cli {
namespace {

constexpr std::uint64_t kMaxWorth = 1 << 20;

// Bits per byte, loss, accuracy, examples: by lab, as they are shown.
using Worth = std::map<std::string, std::map<std::string, std::string>>;

// Of this model alone: figures of another one would be believed as well.
Result<Worth> ReadWorth(const std::string& file, const Digest& model) {
  Worth worth;
  if (file.empty()) return worth;
  ACCORD_ASSIGN_OR_RETURN(const Bytes content, ReadFile(file, kMaxWorth));
  const auto fail = [&](const std::string& what) {
    return Fail(errors::kCliFile, file + what,
                "Make it of the job's model as it is downloaded: accord-sim eval MODEL --job FILE --node "
                "NAME=FILE --json > worth.json; a line of each lab.");
  };
  const auto wrong = [&] { return fail(" is not what accord-sim eval --json prints."); };
  std::istringstream lines{std::string(AsText(content))};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("worth") || !json["worth"].is_object()) return wrong();
    const auto hash = json.find("model_hash");
    if (hash == json.end() || !hash->is_string())
      return fail(" does not say of which model its figures are (model_hash).");
    if (Digest::FromHex(hash->get<std::string>()) != model)
      return fail(" is of another model than the card, " + Printable(hash->get<std::string>(), 64) + ".");
    for (const auto& [lab, figures] : json["worth"].items()) {
      if (!figures.is_object()) return wrong();
      const auto [row, first] = worth.try_emplace(Printable(lab, 64));
      if (!first) return fail(" has the lab " + row->first + " twice.");
      for (const auto& [name, value] : figures.items()) {
        if (!value.is_number()) return wrong();
        row->second[Printable(name, 64)] =
            value.is_number_unsigned() ? Count(value.get<std::uint64_t>()) : Figure(value.get<double>());
      }
    }
  }
  return worth;
}

std::string Row(const std::string& what, const std::string& value) {
  return "| " + what + " | " + value + " |\n";
}

// Whether labs keep parts of their own, with which they measured.
bool IsPartOf(const JobSpec& spec) {
  return spec.personal.kind != PersonalKind::kNone || spec.adapter.kind == AdapterKind::kFedSaLora;
}

std::string ModelRows(const JobSpec& spec, const rpc::JobView& job) {
  std::string kind = spec.model.kind;
  if (model::ReadsText(spec.model)) kind += ", tokens: " + spec.text.tokenizer;
  std::string rows = Row("kind", kind) + Row("parameters", Count(job.parameters)) +
                     Row("model, SHA-256", job.model_hash.Hex());
  if (!spec.model.start.empty()) rows += Row("began from the weights", spec.model.start);
  if (spec.adapter.kind != AdapterKind::kNone) {
    rows += Row("is", "an adapter of rank " + std::to_string(spec.adapter.rank) + " beside the model below") +
            Row("base", spec.adapter.base);
  }
  if (IsPartOf(spec)) rows += Row("without", "the parts that each lab trained for itself and kept");
  return rows;
}

std::string TrainingRows(const JobSpec& spec, const rpc::JobView& job, ByteView plan) {
  std::uint32_t fewest = 0, most = 0;
  for (const rpc::RoundResultView& round : job.history) {
    if (!round.committed) continue;
    fewest = fewest == 0 ? round.survivors : std::min(fewest, round.survivors);
    most = std::max(most, round.survivors);
  }
  const std::string nodes =
      fewest == most ? std::to_string(most) : std::to_string(fewest) + " to " + std::to_string(most);
  return Row("purpose", Printable(spec.purpose, 200)) + Row("data set", Printable(spec.dataset, 64)) +
         Row("job", job.id.Hex()) + Row("plan, SHA-256", crypto::Sha256::Of(plan).Hex()) +
         Row("rounds", std::to_string(job.rounds_done) + " of " + std::to_string(job.rounds_total)) +
         Row("nodes in a round", nodes) + Row("outer rule", spec.outer.rule) +
         Row("masks hold against", spec.secure == SecureMode::kMalicious ? "a coordinator that lies"
                                   : spec.secure == SecureMode::kSemiHonest
                                       ? "a coordinator that only looks"
                                       : "nobody: updates were not masked") +
         Row("differential privacy", "none");
}

// What was measured on hold-outs; what else a round sums up is none of a model.
std::string FigureRows(const rpc::JobView& job) {
  std::string rows;
  for (const rpc::MetricView& metric : job.final_metrics) {
    if (metric.name == "loss" || metric.name == "accuracy" || metric.name == "bits_per_byte")
      rows += Row(metric.name, Figure(metric.value));
  }
  return rows;
}

std::string WorthTable(const Worth& worth) {
  std::string text = "| lab | figures |\n|---|---|\n";
  for (const auto& [lab, figures] : worth) {
    std::string all;
    for (const auto& [name, value] : figures) all += (all.empty() ? "" : ", ") + name + " " + value;
    text += Row(lab, all);
  }
  return text;
}

std::string Card(const JobSpec& spec, const rpc::JobView& job, ByteView plan, const Worth& worth) {
  const std::string head = "| | |\n|---|---|\n";
  std::string text = "# " + Printable(job.name, 64) +
                     "\n\nTrained by several labs on data that none of them gave away.\n\n" +
                     "## The model\n\n" + head + ModelRows(spec, job) +
                     "\n## How it was trained\n\nAs the coordinator tells it.\n\n" + head +
                     TrainingRows(spec, job, plan);
  if (!job.final_metrics.empty())
    text += std::string("\n## Figures\n\nOver the hold-outs of all labs together, of ") +
            (IsPartOf(spec) ? "the last model with each lab's own part; of this model alone there are none"
                            : "the last model") +
            ".\n\n" + head + FigureRows(job);
  if (!worth.empty()) text += "\n## By lab\n\nPublished by the labs themselves.\n\n" + WorthTable(worth);
  return text +
         "\n## Before it is used\n\nThe figures say how it does on data like the labs' own, and nothing of "
         "other uses. "
         "Whoever has the model can try to find out about its data: without differential privacy there is no "
         "bound on what "
         "it remembers.\n";
}

}  // namespace

ExitCode Run(const ModelCard& command, Session& session) {
  Printer& printer = session.printer();
  auto backend = session.Connect();
  if (!backend.ok()) return printer.Failure(backend.status());
  const auto job = (*backend)->GetJob(command.job);
  if (!job.ok()) return printer.Failure(job.status());
  const Result<Worth> worth = ReadWorth(command.worth, job->model_hash);
  if (!worth.ok()) return printer.Failure(worth.status());
  const auto plan = (*backend)->GetPlan(command.job);
  if (!plan.ok()) return printer.Failure(plan.status());
  const auto spec = config::ParseJob(AsText(plan->plan), "the job's plan");
  if (!spec.ok()) return printer.Failure(spec.status());
  const std::string card = Card(*spec, *job, plan->plan, *worth);
  if (command.out.empty()) return printer.Answer(card, JsonObject({{"card", card}}));
  std::error_code unknown;
  if (std::filesystem::exists(command.out, unknown))
    return printer.Failure(Fail(errors::kCliExists, command.out + " exists."));
  const Status written = WriteFileAtomic(command.out, AsBytes(card), FileMode::kShared);
  if (!written.ok()) return printer.Failure(written);
  return printer.Answer(command.out + "\n", JsonObject({{"path", command.out}}));
}

}  // namespace accord::cli
