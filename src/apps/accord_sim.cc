// accord-sim: a researcher's workbench on one machine. run: the rounds of a job among nodes in one process,
// to the bit what their federation would come to; eval: what a model is worth on each node's hold-out;
// scores: what each node's updates were worth; graduate: a model tuned on one node's data; generate, samples,
// export: what a trained language model says, by itself and to the prompts of its job, and its file for other
// programs.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>

#include "accord/version.h"
#include "apps/answer.h"
#include "apps/graduate.h"
#include "apps/language.h"
#include "apps/leavings.h"
#include "apps/participants.h"
#include "apps/program.h"
#include "apps/scores.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/text.h"
#include "model/partition.h"
#include "model/safetensors.h"
#include "study/evaluate.h"
#include "study/lockstep.h"
#include "study/scratch.h"
#include "update/headers.h"
#include "update/new_job.h"

namespace accord::apps {
namespace {

struct Commands {
  std::string job, from, out, trust_domain = "federation.test";
  std::vector<std::string> nodes, step_times;
  std::uint32_t threads = 1;
  std::uint64_t every = 0;
  bool json = false;
  CLI::App *run = nullptr, *eval = nullptr;
  std::string model;
  LanguageCommands language;
  GraduateCommand graduate;
  ScoresCommand scores;

  void AddTo(CLI::App& app) {
    run = app.add_subcommand("run", "The rounds of a job, without a federation");
    run->add_option(
           "--from", from,
           "Model or checkpoint to begin with, instead of the weights that the seed draws; of a job with "
           "model.start the weights that it names")
        ->type_name("MODEL");
    run->add_option("--out", out, "Where to leave the model of the last round")->type_name("FILE");
    run->add_option("--worth-every", every, "Look at each node's hold-out after every so many rounds")
        ->check(NotWhole)
        ->type_name("N");
    run->add_option("--step-time", step_times,
                    "What a local step takes at a node, where inner.round_time lets slow ones take fewer "
                    "(repeatable; otherwise: what it takes here)")
        ->type_name("NAME=MS");
    eval = app.add_subcommand("eval", "What a model is worth on each node's hold-out");
    eval->add_option("MODEL", model, "A model of this job, as accord model download gives it")->required();
    language.AddTo(app);
    graduate.AddTo(app, /*config=*/true);
    scores.AddTo(app);
    for (CLI::App* command : {run, eval}) {
      command->add_option("--job", job, "Job file")->type_name("FILE")->required();
      command->add_option("--node", nodes, "A node's name and its configuration (repeatable)")
          ->type_name("NAME=FILE")
          ->required();
      command->add_option("--threads", threads, "Threads of one training step")
          ->check(NotWhole)
          ->type_name("N");
      command->add_option("--trust-domain", trust_domain, "Of the federation that is played")
          ->type_name("DOMAIN");
      command->add_flag("--json", json, "JSON lines");
    }
  }
};

Status SetStepTime(const std::string& argument, std::vector<study::Participant>& participants) {
  const std::size_t at = argument.find('=');
  double ms = 0.0;
  const char* const end = argument.data() + argument.size();
  const bool good = at != std::string::npos &&
                    std::from_chars(argument.data() + at + 1, end, ms) == std::from_chars_result{end, {}} &&
                    ms > 0.0 && ms <= 1e9;
  const auto node = std::ranges::find(participants, argument.substr(0, at), &study::Participant::name);
  if (!good || node == participants.end())
    return Fail(errors::kConfigInvalid, "--step-time " + Printable(argument, 200) +
                                            " is not NAME=MS, with the name of a --node and milliseconds");
  node->step_time = std::chrono::nanoseconds(std::llround(ms * 1e6));
  return {};
}

Result<std::unique_ptr<study::Lockstep>> Open(const Commands& commands, const JobSpec& job,
                                              const std::filesystem::path& scratch, const std::string& from) {
  study::LockstepOptions options{.job = job,
                                 .trust_domain = commands.trust_domain,
                                 .participants = {},
                                 .threads = commands.threads,
                                 .directory = scratch,
                                 .from = from,
                                 .stop = {}};
  for (const std::string& node : commands.nodes) {
    ACCORD_ASSIGN_OR_RETURN(study::Participant participant, ParticipantOf(node, job));
    options.participants.push_back(std::move(participant));
  }
  for (const std::string& time : commands.step_times)
    ACCORD_RETURN_IF_ERROR(SetStepTime(time, options.participants));
  return study::Lockstep::Open(std::move(options));
}

void Print(const Commands& commands, const study::RoundReport& report) {
  nlohmann::ordered_json line{{"round", report.round.value}};
  std::string text = "round " + std::to_string(report.round.value);
  for (const round::MetricSum& metric : report.metrics) {
    const std::string name(update::FigureName(static_cast<update::Figure>(metric.metric)));
    line["metrics"][name] = metric.value;
    text += "  " + name + " " + std::to_string(metric.value);
  }
  line["upload_bytes"] = report.upload_bytes;
  line["seconds"] = report.seconds;
  std::printf("%s\n", commands.json ? line.dump().c_str() : text.c_str());
  std::fflush(stdout);
}

Status PrintWorth(const Commands& commands, const study::Lockstep& lockstep, std::uint64_t round) {
  nlohmann::ordered_json line{{"after_round", round}, {"model_hash", lockstep.model_hash().Hex()}};
  for (const study::Lab& lab : lockstep.labs()) {
    ACCORD_ASSIGN_OR_RETURN(const study::Worth worth, study::Evaluate(lab, lockstep.model()));
    line["worth"][lab.name] = {
        {"loss", worth.loss}, {"accuracy", worth.accuracy}, {"examples", worth.examples}};
    if (worth.bits_per_byte > 0) line["worth"][lab.name]["bits_per_byte"] = worth.bits_per_byte;
    if (commands.json) continue;
    std::printf("  %-20s loss %.4f  accuracy %.2f %%", lab.name.c_str(), worth.loss, 100 * worth.accuracy);
    if (worth.bits_per_byte > 0) std::printf("  %.4f bits per byte", worth.bits_per_byte);
    std::printf("  on %llu\n", static_cast<unsigned long long>(worth.examples));
  }
  if (commands.json) std::printf("%s\n", line.dump().c_str());
  return {};
}

Status Run(const Commands& commands) {
  std::error_code unknown;  // what cannot be looked at fails when it is written
  if (!commands.out.empty() && std::filesystem::exists(commands.out, unknown))
    return Fail(errors::kCliExists, "\"" + Printable(commands.out, 200) + "\" is there already",
                "Choose another name, or remove it first.");
  ACCORD_ASSIGN_OR_RETURN(const JobSpec job, ReadJob(commands.job));
  ACCORD_RETURN_IF_ERROR(update::CheckNewJob(job));
  ACCORD_ASSIGN_OR_RETURN(const auto scratch, study::Scratch::Make());
  ACCORD_ASSIGN_OR_RETURN(const auto lockstep, Open(commands, job, scratch->path(), commands.from));
  for (std::uint64_t round = 1; !lockstep->over(); ++round) {
    ACCORD_ASSIGN_OR_RETURN(const study::RoundReport report, lockstep->Step());
    Print(commands, report);
    if (commands.every > 0 && round % commands.every == 0)
      ACCORD_RETURN_IF_ERROR(PrintWorth(commands, *lockstep, round));
  }
  if (!commands.out.empty())
    ACCORD_RETURN_IF_ERROR(
        model::WriteSafetensors(commands.out, lockstep->layout(), *lockstep->weights()).status());
  const std::string hash = lockstep->model_hash().Hex();
  std::printf(commands.json ? "{\"model_hash\":\"%s\",\"end\":true}\n" : "model %s\n", hash.c_str());
  return {};
}

Status Eval(const Commands& commands) {
  ACCORD_ASSIGN_OR_RETURN(JobSpec job, ReadJob(commands.job));
  job.model.start.clear();  // what is looked at is not what the job began from
  // Of Ditto the common model is whole.
  if (model::HasPersonal(job) && job.personal.kind != PersonalKind::kDitto)
    return Fail(errors::kModelPersonal,
                "the model of this job is whole only with the part that each node keeps; with that part as "
                "it was drawn, before any training, the figures would be of no model that anybody has",
                "Each lab asks at its own node: accord-node graduate --method none --kept ID");
  ACCORD_ASSIGN_OR_RETURN(const auto scratch, study::Scratch::Make());
  ACCORD_ASSIGN_OR_RETURN(const auto lockstep, Open(commands, job, scratch->path(), commands.model));
  return PrintWorth(commands, *lockstep, 0);
}

// `last`: nothing follows it.
int Fails(const Status& status, bool json, bool last = true) {
  if (!json) return Report(status);
  std::fputs(Refusal(status, nullptr, last).c_str(), stdout);
  return ExitOf(status);
}

Status Do(const Commands& commands) {
  if (commands.run->parsed()) return Run(commands);
  if (commands.eval->parsed()) return Eval(commands);
  if (commands.graduate.parsed()) return commands.graduate.Run();
  if (commands.scores.parsed()) return commands.scores.Run();
  return commands.language.Run();
}

int Main(int argc, char** argv) {
  CLI::App app("accord-sim " + std::string(kVersion) +
               ": a federation's rounds on one machine, for research");
  app.set_version_flag("--version", std::string(kVersion));
  app.require_subcommand(1);
  Commands commands;
  commands.AddTo(app);
  const bool json = std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (json && error.get_exit_code() != 0) return Fails(UsageError("accord-sim", app, error), json);
    return NotParsed("accord-sim", app, error);
  }
  SetupLog(LogFormat::kText, LogLevel::kError);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit of files fails as one on a full disk
  LeaveNothingOnSignals();
  Unfinished(commands.out);
  Unfinished(commands.language.out());
  for (const std::filesystem::path& file : commands.graduate.files()) Unfinished(file);
  try {
    const Status done = Do(commands);
    return done.ok() ? kOk : Fails(done, json, !commands.language.more());
  } catch (const std::exception& error) {
    return Fails(Fail(errors::kInternal, error.what()), json);
  }
}

}  // namespace
}  // namespace accord::apps

int main(int argc, char** argv) { return accord::apps::Main(argc, argv); }
