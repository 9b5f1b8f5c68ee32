// accord model generate, export, and job samples: a language model at work on this machine. What reads
// weights is a program of its own, accord-sim, so that this one stays small; models of a federation are
// fetched once and kept.
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>

#include "base/errors.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/download.h"
#include "cli/find_model.h"
#include "cli/follow.h"
#include "cli/json.h"
#include "cli/model_cache.h"
#include "cli/patience.h"
#include "cli/words.h"
#include "config/job_file.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;

// What a person names.
struct Named {
  const std::string &model, &plan, &base;
  bool adapter = false;  // alone is wanted: its frozen model is not needed
};
struct LocalModel {
  fs::path weights, plan, base;  // base: of a job with an adapter, where it is found
  Digest hash = {};              // of a model of the federation, and the round that it came from
  RoundId round = {};
};

// Of the frozen model that the plan's adapter is beside. None, too, of a plan that cannot be read: what runs
// the model says why.
std::optional<Digest> BaseOf(const fs::path& plan) {
  constexpr std::size_t kPrefix = std::string_view("sha256:").size();
  const auto bytes = ReadFile(plan, config::kMaxJobBytes);
  if (!bytes.ok()) return {};
  const auto job = config::ParseJob(AsText(*bytes), plan.string());
  if (!job.ok() || job->adapter.base.size() < kPrefix) return {};
  return Digest::FromHex(std::string_view(job->adapter.base).substr(kPrefix));
}

// The model of this hash in the cache, from the federation where it is not there.
Result<fs::path> Obtain(Session& session, Backend& backend, const ModelCache& cache, const Digest& hash) {
  const fs::path file = cache.Model(hash);
  if (cache.Has(hash)) return file;
  const DownloadOptions options{.hash = hash, .out = file, .force = false, .progress = {}};
  ACCORD_RETURN_IF_ERROR(DownloadWithBar(session, backend, options).status());
  return file;
}

// A frozen model is what a former job left, as a rule, so the coordinator may have it.
Result<fs::path> ObtainBase(Session& session, Backend& backend, const ModelCache& cache, const Digest& hash) {
  Result<fs::path> file = Obtain(session, backend, cache, hash);
  if (file.ok() || file.status().code() != Code::kNotFound) return file;
  return Fail(errors::kModelBase,
              "The job's adapter is beside the frozen model with the SHA-256 " + hash.Hex() +
                  ", which is neither here nor at the coordinator.",
              "Name its file: --base FILE");
}

Result<LocalModel> FetchNewest(Session& session, const Named& named) {
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const auto models, backend->ListModels());
  ACCORD_ASSIGN_OR_RETURN(const FoundModel found, FindModel(models, named.model));
  ACCORD_ASSIGN_OR_RETURN(const ModelCache cache, ModelCache::Open(session.environment().variables));
  LocalModel local{
      .weights = {}, .plan = named.plan, .base = named.base, .hash = found.hash, .round = found.round};
  if (named.plan.empty()) {
    if (!found.job)
      return Fail(errors::kCliUsage, "No job is known that this model is of.",
                  "Name its job file: --job FILE");
    local.plan = cache.Plan(found.hash);
    ACCORD_ASSIGN_OR_RETURN(const rpc::PlanView view, backend->GetPlan(found.job->Hex()));
    ACCORD_RETURN_IF_ERROR(WriteFileAtomic(local.plan, view.plan, FileMode::kShared));
  }
  ACCORD_ASSIGN_OR_RETURN(local.weights, Obtain(session, *backend, cache, found.hash));
  std::set<Digest> used{found.hash};
  if (const auto base = BaseOf(local.plan); base && named.base.empty() && !named.adapter) {
    ACCORD_ASSIGN_OR_RETURN(local.base, ObtainBase(session, *backend, cache, *base));
    used.insert(*base);
  }
  cache.Trim(used);
  return local;
}

// A running job's newest model may be replaced, and gone, before it has come.
Result<LocalModel> Fetch(Session& session, const Named& named) {
  constexpr int kTries = 5;
  Result<LocalModel> fetched = FetchNewest(session, named);
  for (int i = 1; i < kTries && !fetched.ok() && fetched.status().error() == errors::kBlobNotFound.id; ++i)
    fetched = FetchNewest(session, named);
  return fetched;
}

bool MayBeHash(std::string_view name) {
  return name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A file may be a graduate, which is whole and needs no frozen model; so one that is not here is no failure.
Result<LocalModel> Locate(Session& session, const Named& named) {
  std::error_code error;
  if (!fs::is_regular_file(named.model, error)) {
    if (named.plan.empty() || MayBeHash(named.model)) return Fetch(session, named);
    const std::string name = "\"" + Printable(named.model, 200) + "\"";
    return Fail(errors::kCliFile,
                fs::exists(named.model, error) ? name + " is no file." : "There is no file " + name + ".",
                "With --job a model is a file, or the hash of one that no job is known of.");
  }
  if (named.plan.empty())
    return Fail(errors::kCliUsage, "What is in " + named.model + " is said by a job file.",
                "Name it: --job FILE");
  LocalModel local{fs::absolute(named.model, error), named.plan, named.base};  // it may begin with "-", too
  if (const auto base = BaseOf(local.plan); base && named.base.empty() && !named.adapter) {
    const auto cache = ModelCache::Open(session.environment().variables);
    if (cache.ok() && cache->Has(*base)) local.base = cache->Model(*base);
  }
  return local;
}

using Options = std::vector<std::pair<std::string, std::string>>;

// What the helper is to do with the model. `flag`: empty for none.
std::vector<std::string> WordsFor(Session& session, const std::string& what, const LocalModel& local,
                                  const Options& options, const std::string& flag) {
  std::vector<std::string> words{what, local.weights.string(), "--job=" + local.plan.string()};
  if (!local.base.empty()) words.push_back("--base=" + local.base.string());
  for (const auto& [name, value] : options) {
    if (!value.empty())
      words.push_back(std::string(name).append("=").append(value));  // it may begin with "-"
  }
  if (!flag.empty()) words.push_back(flag);
  if (session.printer().json()) words.emplace_back("--json");
  return words;
}

// Its words about a failure were the user's, unless it was not there.
ExitCode Ended(Session& session, const Result<int>& code) {
  return code.ok() ? static_cast<ExitCode>(*code) : session.printer().Failure(code.status());
}

ExitCode Use(Session& session, const std::string& what, const Named& named, const Options& options) {
  const Result<LocalModel> local = Locate(session, named);
  if (!local.ok()) return session.printer().Failure(local.status());
  return Ended(session, session.environment().helper(
                            WordsFor(session, what, *local, options, named.adapter ? "--adapter" : "")));
}

}  // namespace

ExitCode Run(const ModelGenerate& command, Session& session) {
  return Use(session, "generate", {command.model, command.plan, command.base},
             {{"--prompt", command.prompt},
              {"--tokens", command.tokens},
              {"--temperature", command.temperature},
              {"--top-k", command.top_k},
              {"--top-p", command.top_p},
              {"--seed", command.seed},
              {"--tokenizer", command.tokenizer}});
}

namespace {

// What the newest model of the job says, unless it is the one of `shown`, which it becomes; gives the
// helper's exit code. `more`: further samples may follow.
Result<int> Sample(Session& session, const JobSamples& command, Digest& shown, bool more) {
  const std::string none;
  ACCORD_ASSIGN_OR_RETURN(const LocalModel local, Fetch(session, {command.job, none, command.base}));
  if (local.hash == shown) return 0;
  shown = local.hash;
  session.printer().Item("round " + std::to_string(local.round.value) + "  model " + ShortId(shown) + "\n",
                         JsonObject({{"round", std::to_string(local.round.value)}, {"model", shown.Hex()}}));
  const std::vector<std::string> words =
      WordsFor(session, "samples", local, {{"--tokenizer", command.tokenizer}}, more ? "--more" : "");
  const Environment& environment = session.environment();
  return more ? environment.helper_beside(words) : environment.helper(words);
}

// Of each model that comes while one is looked at, until the job is over; also after one that had not all
// samples.
ExitCode FollowSamples(Session& session, JobSamples command) {
  Printer& printer = session.printer();
  const auto backend = session.Connect();
  if (!backend.ok()) return printer.Failure(backend.status());
  ExitCode code = ExitCode::kOk;
  bool stopped = false;
  Digest shown;
  const auto each = [&](const rpc::JobView& job) {
    command.job = job.id.Hex();
    if (stopped || job.rounds_done == 0 || job.model_hash == shown) return;
    const Result<int> ended = Sample(session, command, shown, /*more=*/true);
    stopped = !ended.ok();
    if (stopped || *ended != 0) code = Ended(session, ended);
  };
  const auto lost = [&](const Status& status) { printer.Warn(LostWords(status)); };
  const Result<rpc::JobView> end =
      Follow(session, **backend, {.ref = command.job, .timeout = {}}, each, lost);
  if (!end.ok()) return printer.Failure(end.status());
  if (!stopped) printer.End();
  return code;
}

}  // namespace

ExitCode Run(const JobSamples& command, Session& session) {
  if (command.follow) return FollowSamples(session, command);
  Digest shown;
  return Ended(session, Sample(session, command, shown, /*more=*/false));
}

ExitCode Run(const ModelExport& command, Session& session) {
  return Use(session, "export", {command.model, command.plan, command.base, command.adapter},
             {{"--format", command.format == "safetensors" ? "hf" : command.format},
              {"--type", command.type},
              {"--pieces", command.pieces},
              {"--out", command.out},
              {"--tokenizer", command.tokenizer}});
}

}  // namespace accord::cli
