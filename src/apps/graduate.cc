#include "apps/graduate.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/file.h"
#include "base/text.h"
#include "config/job_file.h"
#include "study/scratch.h"

namespace accord::apps {
namespace {

study::GraduateMethod MethodOf(const std::string& name) {
  if (name == "lora") return study::GraduateMethod::kLora;
  if (name == "none") return study::GraduateMethod::kNone;
  return name == "full" ? study::GraduateMethod::kFull : study::GraduateMethod::kDitto;
}

nlohmann::ordered_json Json(const study::Worth& worth) {
  nlohmann::ordered_json json{
      {"loss", worth.loss}, {"accuracy", worth.accuracy}, {"examples", worth.examples}};
  if (worth.bits_per_byte > 0) json["bits_per_byte"] = worth.bits_per_byte;
  return json;
}

std::string Text(const study::Worth& worth) {
  char line[200];
  std::snprintf(line, sizeof line, "loss %.4f  accuracy %.2f %%", worth.loss, 100 * worth.accuracy);
  std::string text = line;
  if (worth.bits_per_byte > 0) {
    std::snprintf(line, sizeof line, "  %.4f bits per byte", worth.bits_per_byte);
    text += line;
  }
  return text + "  on " + std::to_string(worth.examples) + " of the hold-out";
}

void Print(const study::Graduate& graduate, const study::GraduateWish& wish, bool json) {
  if (json) {
    nlohmann::ordered_json line;
    if (graduate.common) line["common"] = Json(*graduate.common);
    line["graduate"] = Json(graduate.worth);
    line["examples"] = graduate.examples;
    line["steps"] = wish.steps;
    line["sha256"] = graduate.hash.Hex();
    line["end"] = true;
    std::printf("%s\n", line.dump().c_str());
    return;
  }
  if (graduate.common) std::printf("common model  %s\n", Text(*graduate.common).c_str());
  std::printf("graduate      %s\n", Text(graduate.worth).c_str());
  if (graduate.common) {
    const double change = 100 * (graduate.worth.loss / graduate.common->loss - 1);
    std::printf("The graduate's loss is %.2f %% %s the common model's.\n", std::abs(change),
                change < 0 ? "below" : "above");
  }
  std::printf("Written: %s, sha256:%s. It is here and nowhere else; nothing was sent.\n", wish.out.c_str(),
              graduate.hash.Hex().c_str());
}

// Where a node keeps what lives from round to round, of the one job whose id begins so.
Result<std::filesystem::path> KeptOf(const std::filesystem::path& jobs, const std::string& id) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(jobs, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with(id)) found.push_back(entry->path() / "kept");
  }
  const std::string job = "\"" + Printable(id, 80) + "\"";
  if (found.empty()) return Fail(errors::kModelPersonal, jobs.string() + " holds nothing of a job " + job);
  if (found.size() > 1) return Fail(errors::kJobAmbiguous, "several jobs of this node begin with " + job);
  return found.front();
}

}  // namespace

void GraduateCommand::AddTo(CLI::App& app, bool config) {
  CLI::App* c = command_ = app.add_subcommand(
      "graduate", "Tune a job's model on this node's own data; the graduate stays here, nothing is sent");
  if (config) c->add_option("--config", config_, "The node's configuration")->type_name("FILE")->required();
  CLI::Option* const job =
      c->add_option("--job", job_, "Job file of the common model")->type_name("FILE")->required(config);
  CLI::Option* const model =
      c->add_option("--model", model_, "The common model, as accord model download gives it")
          ->type_name("FILE")
          ->required(config);
  if (!config) {
    c->add_option("--running", running_,
                  "Instead of both: a job that the node of this state directory takes part in, and the model "
                  "that its present round began with. The tuning then gives way to the round")
        ->type_name("JOB")
        ->excludes(job)
        ->excludes(model);
  }
  c->add_option("--out", out_, "Where to leave the graduate")->type_name("FILE")->required();
  c->add_option("--method", method_,
                "lora: an adapter; full: all weights; ditto: all weights, held near the common model; none: "
                "nothing, the "
                "job's model is made whole: its adapter merged, this node's parts put in")
      ->check(CLI::IsMember({"lora", "full", "ditto", "none"}));
  c->add_option("--steps", wish_.steps, "Steps of the tuning")->check(NotWhole)->type_name("N");
  c->add_option("--lr", wish_.lr, "Greatest learning rate, instead of the job's")->type_name("X");
  c->add_option("--batch", wish_.batch, "Examples in a step, instead of the job's")
      ->check(NotWhole)
      ->type_name("N");
  c->add_option("--rank", wish_.adapter.rank, "lora: of the adapter")->check(NotWhole)->type_name("R");
  c->add_option("--alpha", wish_.adapter.alpha, "lora: its scale, times the rank")->type_name("A");
  c->add_option("--projections", wish_.adapter.projections,
                "lora: names of the matrices (default: all seven of a llama's layer)")
      ->type_name("NAME")
      ->delimiter(',');
  c->add_option("--adapter-out", adapter_out_,
                "lora: a directory for the adapter as PEFT reads it, or FILE.gguf as llama.cpp does")
      ->type_name("PATH");
  c->add_option("--lambda", wish_.lambda, "ditto: the pull towards the common model")->type_name("X");
  c->add_option(
       "--kept", kept_,
       "A job of this node, by its id or the first digits: begin with the parts that the node keeps of it")
      ->type_name("JOB");
  c->add_option("--seed", wish_.seed, "Another seed, another order of examples")
      ->check(NotWhole)
      ->type_name("N");
  c->add_option("--threads", wish_.threads, "Threads of a step")->check(NotWhole)->type_name("N");
  c->add_flag("--json", json_, "One line of JSON");
}

void GraduateCommand::Use(const std::filesystem::path& job, const std::filesystem::path& model) {
  job_ = job.string();
  model_ = model.string();
}

Result<study::GraduateWish> GraduateCommand::WishFor(const config::NodeConfig& node) const {
  if (job_.empty() || model_.empty())
    return Fail(errors::kCliUsage, "which model? Name --job and --model, or a running job with --running",
                "See: accord-node graduate --help");
  study::GraduateWish wish = wish_;
  ACCORD_ASSIGN_OR_RETURN(const Bytes plan, ReadFile(job_, config::kMaxJobBytes));
  ACCORD_ASSIGN_OR_RETURN(wish.job, config::ParseJob(AsText(plan), job_));
  const auto data = node.data.find(wish.job.dataset);
  if (data == node.data.end())
    return Fail(errors::kDataMissing, "the configuration has no section [data." + wish.job.dataset + "]");
  wish.data = data->second;
  wish.model = model_;
  wish.out = out_;
  wish.adapter_out = adapter_out_;
  wish.method = MethodOf(method_);
  if (!kept_.empty()) {
    ACCORD_ASSIGN_OR_RETURN(wish.kept, KeptOf(node.node.state / "jobs", kept_));
  }
  if (wish.threads == 0) wish.threads = node.node.threads;
  if (!json_ && ::isatty(STDERR_FILENO) == 1) {
    wish.progress = [](std::uint64_t done, std::uint64_t total) {
      std::fprintf(stderr, "\rstep %llu of %llu%s", static_cast<unsigned long long>(done),
                   static_cast<unsigned long long>(total), done == total ? "\n" : "");
    };
  }
  return wish;
}

Status GraduateCommand::Run(const config::NodeConfig& node, std::stop_token stop) const {
  ACCORD_ASSIGN_OR_RETURN(study::GraduateWish wish, WishFor(node));
  wish.stop = std::move(stop);
  ACCORD_ASSIGN_OR_RETURN(const auto scratch, study::Scratch::Make());
  // The tokens that the node has made of its text already, where it has.
  std::error_code ignored;
  const bool running = std::filesystem::is_directory(node.node.state, ignored);
  wish.cache = (running ? node.node.state : scratch->path()) / "texts";
  ACCORD_ASSIGN_OR_RETURN(const study::Graduate graduate, study::MakeGraduate(wish));
  Print(graduate, wish, json_);
  return {};
}

Status GraduateCommand::Run() const {
  config::Sources sources;
  sources.file = config_;
  ACCORD_ASSIGN_OR_RETURN(const config::NodeConfig node, config::LoadNodeConfig(sources));
  return Run(node, {});
}

}  // namespace accord::apps
