#include "cli/arguments.h"

#include <algorithm>
#include <span>

#include "accord/version.h"
#include "base/errors.h"
#include "cli/grammar.h"
#include "cli/suggest.h"

namespace accord::cli {
namespace {

constexpr Millis kMaxTtl{7 * 86'400'000LL};

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace

CLI::Option* Positional(CLI::App* command, const std::string& name, std::string& value,
                        const std::string& help) {
  return command->add_option(name, value, help)->required()->type_name("");
}

void Choice(CLI::Option* option, const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : "|") + word;
  option->type_name(list)->check(CLI::Validator(
      [words](const std::string& text) {
        const bool known = std::ranges::find(words, text) != words.end();
        return known ? "" : "\"" + Printable(text, 64) + "\" is not one of " + Joined(words);
      },
      ""));
}

Grammar::Grammar() {
  app_.fallthrough();
  app_.require_subcommand(0, 1);
  app_.set_help_flag("-h,--help", "What a command does and takes");
  app_.get_formatter()->column_width(26);
  app_.get_formatter()->label("OPTIONS", "options");
  app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app_.get_formatter()->label("Positionals", "Arguments");
  app_.get_formatter()->label("REQUIRED", "");
  AddGlobals();
  AddJobs();
  AddModels();
  AddNodes();
  AddMembers();
  AddContexts();
  AddKeys();
  AddData();
  AddCharters();
  AddProposals();
  AddLog();
  AddAttribution();
  AddPublish();
  AddPlan();
  AddOthers();
  app_.footer("JOB is an id, a prefix of one (6 hex digits or more), or the name of one job.");
}

void Grammar::AddGlobals() {
  app_.add_flag("--json", arguments_.options.json, "One JSON object (a line each for streams), for scripts");
  app_.add_option("--context", arguments_.options.context, "Which federation; see: accord context list")
      ->type_name("NAME");
}

void Grammar::AddJobs() {
  CLI::App* job = Noun("job", "Submit, follow and steer jobs");
  const auto submit = Add<JobSubmit>(job, "submit", "Check a job file and submit it");
  Positional(submit.app, "FILE", submit.values->file, "The job file (TOML)");
  submit.app->add_flag("--watch", submit.values->watch, "Follow the job until it ends");
  const auto validate = Add<JobValidate>(job, "validate", "Check a job file without submitting it");
  Positional(validate.app, "FILE", validate.values->file, "The job file (TOML)");
  validate.app->add_flag("--offline", validate.values->offline, "Do not ask the coordinator");
  Add<JobList>(job, "list", "All jobs");
  const auto show = Add<JobShow>(job, "show", "One job: its rounds and how it stands");
  Positional(show.app, "JOB", show.values->job, "The job");
  const auto explain =
      Add<JobExplain>(job, "explain", "Who is awaited and for what, until when, and what happens then");
  Positional(explain.app, "JOB", explain.values->job, "The job");
  const auto watch = Add<JobWatch>(job, "watch", "Follow a job until it ends");
  Positional(watch.app, "JOB", watch.values->job, "The job");
  const auto wait = Add<JobWait>(job, "wait", "Wait until a job ends; the exit code says how");
  Positional(wait.app, "JOB", wait.values->job, "The job");
  Duration(wait.app, "--timeout", wait.values->timeout, Millis::max(), "Give up after this long");
  const auto logs = Add<JobLogs>(job, "logs", "What happened to a job, oldest first");
  Positional(logs.app, "JOB", logs.values->job, "The job");
  logs.app->add_flag("-f,--follow", logs.values->follow, "Go on until the job ends");
  const auto samples =
      Add<JobSamples>(job, "samples", "What the job's newest model says to each prompt of its [samples]");
  Positional(samples.app, "JOB", samples.values->job, "The job");
  samples.app->add_flag("-f,--follow", samples.values->follow,
                        "Again with each newer model, until the job ends");
  samples.app
      ->add_option("--tokenizer", samples.values->tokenizer,
                   "The SentencePiece model, where the job names one")
      ->type_name("FILE");
  samples.app->add_option("--base", samples.values->base, "The frozen model, where the job has an adapter")
      ->type_name("FILE");
  AddJobChanges(job);
}

void Grammar::AddJobChanges(CLI::App* job) {
  const auto cancel = Add<JobCancel>(job, "cancel", "End a job for good; its last model stays");
  Positional(cancel.app, "JOB", cancel.values->job, "The job");
  cancel.app->add_option("--reason", cancel.values->reason, "Why, for the log and the others")
      ->type_name("TEXT");
  const auto pause = Add<JobPause>(job, "pause", "Let a job rest; nodes keep what they have");
  Positional(pause.app, "JOB", pause.values->job, "The job");
  const auto resume = Add<JobResume>(job, "resume", "Let a paused job go on");
  Positional(resume.app, "JOB", resume.values->job, "The job");
  resume.app->add_flag(
      "--free", resume.values->free,
      "Go on without nodes that signed a survivor set and are gone for good; every lab has run "
      "'accord-node free JOB' before");
  const auto retry = Add<JobRetry>(job, "retry", "Submit a job that failed or was cancelled once more");
  Positional(retry.app, "JOB", retry.values->job, "The job");
  retry.app->add_flag("--watch", retry.values->watch, "Follow the new job until it ends");
  const auto clone = Add<JobClone>(job, "clone", "Submit a job's plan as a new job, or write it to a file");
  Positional(clone.app, "JOB", clone.values->job, "The job");
  clone.app
      ->add_option("-o,--out", clone.values->out,
                   "Write the job file there, to change it, and submit nothing")
      ->type_name("FILE");
  clone.app->add_flag("--watch", clone.values->watch, "Follow the new job until it ends");
}

void Grammar::AddModels() {
  CLI::App* model = Noun("model", "List, download, hear, export, release and verify models");
  Add<ModelList>(model, "list", "The newest and the final model of each job");
  const auto download = Add<ModelDownload>(model, "download", "Write a model to a file and verify it");
  Positional(download.app, "JOB_OR_HASH", download.values->model,
             "A job, or the hash of a model (or a prefix)");
  download.app->add_option("-o,--out", download.values->out, "The file to write (safetensors)")
      ->required()
      ->type_name("FILE");
  download.app->add_flag("--force", download.values->force, "Replace the file if it exists");
  AddModelUses(model);
  AddModelBundles(model);
}

// Of a language model, on this machine.
void Grammar::AddModelUses(CLI::App* model) {
  const auto add_model = [](auto& command) {
    Positional(command.app, "MODEL", command.values->model,
               "A job, the hash of a model, or a file with --job");
    command.app->add_option("--job", command.values->plan, "The job file of a model in a file")
        ->type_name("FILE");
    command.app
        ->add_option("--tokenizer", command.values->tokenizer,
                     "The SentencePiece model, where the job names one")
        ->type_name("FILE");
    command.app
        ->add_option("--base", command.values->base,
                     "The frozen model of a job with an adapter, where it is not found")
        ->type_name("FILE");
  };
  auto generate = Add<ModelGenerate>(model, "generate", "Let a language model go on from a prompt");
  add_model(generate);
  ModelGenerate& wish = *generate.values;
  generate.app->add_option("-p,--prompt", wish.prompt, "How the text begins");
  generate.app->add_option("--tokens", wish.tokens, "At most so many")->check(NotWhole)->type_name("N");
  generate.app->add_option("--temperature", wish.temperature, "0: always the most probable")->type_name("T");
  generate.app->add_option("--top-k", wish.top_k, "Among so many of the most probable")
      ->check(NotWhole)
      ->type_name("K");
  generate.app->add_option("--top-p", wish.top_p, "Among the fewest that are so probable together")
      ->type_name("P");
  generate.app->add_option("--seed", wish.seed, "Another seed, another text")
      ->check(NotWhole)
      ->type_name("N");
  auto save =
      Add<ModelExport>(model, "export", "Write a language model, or a vocabulary, for other programs");
  add_model(save);
  save.app->add_flag("--adapter", save.values->adapter,
                     "The adapter alone of a job that has one, to be used beside the frozen model");
  Choice(save.app->add_option("--format", save.values->format, "What reads it"),
         {"gguf", "safetensors", "torchscript", "sentencepiece"});
  Choice(save.app->add_option("--type", save.values->type, "Its numbers"), {"f32", "f16", "q8_0"});
  save.app
      ->add_option("--pieces", save.values->pieces,
                   "Of a vocabulary (sentencepiece): keep so many, those that are worth most")
      ->check(NotWhole)
      ->type_name("N");
  save.app->add_option("-o,--out", save.values->out, "The file, or directory, to make")
      ->required()
      ->type_name("FILE");
  const auto card = Add<ModelCard>(model, "card", "What is known of a job's model, as Markdown");
  Positional(card.app, "JOB", card.values->job, "The job");
  card.app->add_option("--worth", card.values->worth, "Figures that labs published (accord-sim eval --json)")
      ->type_name("FILE");
  card.app->add_option("-o,--out", card.values->out, "The file to write, instead of printing")
      ->type_name("FILE");
}

void Grammar::AddNodes() {
  CLI::App* node = Noun("node", "See the nodes of the federation");
  Add<NodeList>(node, "list", "All nodes and whether they are connected");
  const auto show = Add<NodeShow>(node, "show", "One node");
  Positional(show.app, "NAME", show.values->node, "The node");
}

void Grammar::AddMembers() {
  CLI::App* member = Noun("member", "Invite, list, suspend and restore members");
  const auto invite = Add<MemberInvite>(member, "invite", "Make a one-time token to join with");
  Positional(invite.app, "NAME", invite.values->name, "The name of the new member");
  Choice(invite.app->add_option("--role", invite.values->role, "node, operator or researcher")->required(),
         {"node", "operator", "researcher"});
  Duration(invite.app, "--ttl", invite.values->ttl, kMaxTtl, "How long the token is valid (1h; at most 7d)");
  Add<MemberList>(member, "list", "All members and their certificates");
  const auto suspend = Add<MemberSuspend>(member, "suspend", "Shut a member out at once, until restored");
  Positional(suspend.app, "ID", suspend.values->member, "The member's name or SPIFFE id");
  const auto restore = Add<MemberRestore>(member, "restore", "Let a suspended member in again");
  Positional(restore.app, "ID", restore.values->member, "The member's name or SPIFFE id");
  Add<MemberRegistry>(member, "registry", "The nodes' protocol keys and the hash that labs pin");
}

void Grammar::AddContexts() {
  const auto join = Add<Join>(&app_, "join", "Join a federation with a one-time token");
  Positional(join.app, "TOKEN", join.values->token,
             "The token, or - to read it from standard input; --context names the new context");
  CLI::App* context = Noun("context", "Choose between the federations joined from this machine");
  Add<ContextList>(context, "list", "All contexts");
  const auto use = Add<ContextUse>(context, "use", "Make a context the current one");
  Positional(use.app, "NAME", use.values->name, "The context");
  const auto show = Add<ContextShow>(context, "show", "One context, by default the current one");
  Positional(show.app, "NAME", show.values->name, "The context")->required(false);
  const auto remove = Add<ContextRemove>(context, "remove", "Delete a context and its key");
  Positional(remove.app, "NAME", remove.values->name, "The context");
}

void Grammar::AddPlan() {
  const auto plan = Add<PlanTraining>(&app_, "plan", "What a training would take: days, bytes, memory, cost");
  const std::span<const PlanOption> options = PlanOptions();
  for (std::size_t i = 0; i < options.size(); ++i) {
    const PlanOption& option = options[i];
    CLI::Option* added =
        plan.app->add_option(std::string(option.name), plan.values->values[i], std::string(option.help));
    added->type_name(std::string(option.type))->required(option.required);
    if (option.type == kOnOff || option.type == kPrecisions)
      Choice(added, CLI::detail::split(std::string(option.type), '|'));
  }
  plan.app->add_flag("--explain", plan.values->explain, "Also the formulas, with their numbers put in");
}

void Grammar::AddOthers() {
  const auto completion = Add<Completion>(&app_, "completion", "A completion script for a shell");
  Choice(Positional(completion.app, "SHELL", completion.values->shell, "bash, zsh or fish"),
         {"bash", "zsh", "fish"});
  Add<Version>(&app_, "version", "The version of this program");
  app_.set_version_flag("--version", std::string(kVersion), "The same as the command version");
}

namespace {

// The deepest command that was typed, for its help.
const CLI::App& Deepest(const CLI::App& app) {
  const std::vector<CLI::App*> typed = app.get_subcommands();
  return typed.empty() ? app : Deepest(*typed.front());
}

std::string Path(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : Path(*app.get_parent()) + " " + app.get_name();
}

std::vector<std::string> Names(const CLI::App& app, bool options) {
  std::vector<std::string> names;
  if (options) {
    for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
      for (const CLI::Option* option : level->get_options()) {
        if (option->nonpositional()) names.push_back(option->get_name());
      }
    }
    return names;
  }
  for (const CLI::App* child : app.get_subcommands({})) names.push_back(child->get_name());
  return names;
}

// A word that fits nowhere: what is close to it?
Status Unknown(const CLI::App& command, const std::string& word) {
  const bool option = word.starts_with("-");
  const std::vector<std::string> known = Names(command, option);
  const std::string close = Closest(word, known);
  std::string message = "\"" + Path(command) + "\" has no " + (option ? "option " : "") +
                        (known.empty() ? "place for " : "") + "\"" + Printable(word, 64) + "\".";
  std::string hint = "See: " + Path(command) + " --help";
  if (!close.empty()) hint = "Did you mean: " + (option ? close : Path(command) + " " + close);
  return Fail(errors::kCliUsage, std::move(message), std::move(hint));
}

Status UsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = Deepest(app);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> words = app.remaining(/*recurse=*/true);
    return Unknown(command, words.empty() ? "" : words.front());
  }
  const std::vector<std::string> children = Names(command, false);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !children.empty()) {
    const std::vector<std::string> words = app.remaining(/*recurse=*/true);
    if (!words.empty()) return Unknown(command, words.front());
    return Fail(errors::kCliUsage, "\"" + Path(command) + "\" needs one of: " + Joined(children) + ".",
                "See: " + Path(command) + " --help");
  }
  std::string what = Printable(error.what());
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    what = what.substr(0, what.find(':')) + " needs a value";
  return Fail(errors::kCliUsage, Path(command) + ": " + what + ".", "See: " + Path(command) + " --help");
}

CommandNode NodeOf(const CLI::App& app) {
  CommandNode node{.name = app.get_name(), .help = app.get_description()};
  bool first_positional = true;
  for (const CLI::Option* option : app.get_options()) {
    std::vector<std::string> choices;
    const std::string type = option->get_type_name();
    if (type.find('|') != std::string::npos) choices = CLI::detail::split(type, '|');
    if (option->nonpositional()) {
      node.options.push_back({.name = "--" + option->get_lnames().front(),
                              .help = option->get_description(),
                              .takes_value = option->get_items_expected_max() > 0,
                              .is_file = type == "FILE",
                              .choices = std::move(choices)});
    } else if (first_positional) {
      first_positional = false;
      node.choices = std::move(choices);
      node.takes_file = option->get_name() == "FILE";
    }
  }
  for (const CLI::App* child : app.get_subcommands({})) node.children.push_back(NodeOf(*child));
  return node;
}

}  // namespace

Result<Arguments> ParseArguments(const std::vector<std::string>& arguments) {
  Grammar grammar;
  CLI::App& app = grammar.app();
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const CLI::App& command = Deepest(app);
    grammar.arguments().command =
        Help{command.help(command.get_parent() == nullptr ? "" : Path(*command.get_parent()))};
  } catch (const CLI::CallForVersion&) {
    grammar.arguments().command = Version{};
    return std::move(grammar.arguments());
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error);
  }
  if (app.get_subcommands().empty()) grammar.arguments().command = Help{app.help()};
  return std::move(grammar.arguments());
}

CommandNode CommandTree() {
  Grammar grammar;
  return NodeOf(grammar.app());
}

}  // namespace accord::cli
