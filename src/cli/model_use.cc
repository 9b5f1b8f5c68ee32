// accord model generate, export: a language model at work on this machine. What reads weights is a program of
// its own, accord-sim, so that this one stays small; models of a federation are fetched once and kept.
#include <filesystem>

#include "base/errors.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/download.h"
#include "cli/find_model.h"
#include "cli/model_cache.h"
#include "config/job_file.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;

struct LocalModel {
  fs::path weights, plan;
};

// The model of this hash in the cache, from the federation where it is not there.
Result<fs::path> Obtain(Session& session, Backend& backend, const ModelCache& cache, const Digest& hash) {
  const fs::path file = cache.Model(hash);
  if (cache.Has(hash)) return file;
  const DownloadOptions options{.hash = hash, .out = file, .force = false, .progress = {}};
  ACCORD_RETURN_IF_ERROR(DownloadWithBar(session, backend, options).status());
  return file;
}

Result<LocalModel> Fetch(Session& session, const std::string& ref, const std::string& plan) {
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const auto models, backend->ListModels());
  ACCORD_ASSIGN_OR_RETURN(const FoundModel found, FindModel(models, ref));
  ACCORD_ASSIGN_OR_RETURN(const ModelCache cache, ModelCache::Open(session.environment().variables));
  LocalModel local{.weights = {}, .plan = plan};
  if (plan.empty()) {
    if (!found.job)
      return Fail(errors::kCliUsage, "No job is known that this model is of.",
                  "Name its job file: --job FILE");
    local.plan = cache.Plan(found.hash);
    ACCORD_ASSIGN_OR_RETURN(const rpc::PlanView view, backend->GetPlan(found.job->Hex()));
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(local.plan, view.plan, FileMode::kShared));
  }
  ACCORD_ASSIGN_OR_RETURN(local.weights, Obtain(session, *backend, cache, found.hash));
  cache.Trim({found.hash});
  return local;
}

Result<LocalModel> Locate(Session& session, const std::string& model, const std::string& plan) {
  std::error_code error;
  if (!fs::is_regular_file(model, error)) return Fetch(session, model, plan);
  if (plan.empty())
    return Fail(errors::kCliUsage, "What is in " + model + " is said by a job file.", "Name it: --job FILE");
  return LocalModel{fs::absolute(model, error), plan};  // a path may begin with "-", too
}

// Runs the helper on the model; its words about a failure are the user's.
ExitCode Use(Session& session, const std::string& what, const std::string& model, const std::string& plan,
             const std::vector<std::pair<std::string, std::string>>& options) {
  const Result<LocalModel> local = Locate(session, model, plan);
  if (!local.ok()) return session.printer().Failure(local.status());
  std::vector<std::string> words{what, local->weights.string(), "--job=" + local->plan.string()};
  for (const auto& [name, value] : options) {
    if (!value.empty())
      words.push_back(std::string(name).append("=").append(value));  // it may begin with "-"
  }
  if (session.printer().json()) words.emplace_back("--json");
  const Result<int> code = session.environment().helper(words);
  return code.ok() ? static_cast<ExitCode>(*code) : session.printer().Failure(code.status());
}

}  // namespace

ExitCode Run(const ModelGenerate& command, Session& session) {
  return Use(session, "generate", command.model, command.plan,
             {{"--prompt", command.prompt},
              {"--tokens", command.tokens},
              {"--temperature", command.temperature},
              {"--top-k", command.top_k},
              {"--top-p", command.top_p},
              {"--seed", command.seed},
              {"--tokenizer", command.tokenizer}});
}

ExitCode Run(const ModelExport& command, Session& session) {
  return Use(session, "export", command.model, command.plan,
             {{"--format", command.format == "safetensors" ? "hf" : command.format},
              {"--type", command.type},
              {"--out", command.out},
              {"--tokenizer", command.tokenizer}});
}

}  // namespace accord::cli
