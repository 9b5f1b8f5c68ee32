#include "tests/simulation/schedule.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "config/job_file.h"
#include "sim/vfs.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/lost_files.h"
#include "tests/simulation/storm.h"

namespace accord::simulation {
namespace {

constexpr std::uint64_t kMaxSteps = 400'000;
constexpr Millis kPersonLooks{15'000};
constexpr Millis kFarewell{180'000};               // after the end of a job, for its nodes to hear of it
constexpr int kPatience = 4;                       // how often a person resumes a job
constexpr Millis kCalm{std::chrono::minutes(10)};  // what waits by itself goes on within it, once all is well
constexpr Millis kMaxTime{std::chrono::hours(4)};  // no job takes so long

// Two groups: the first three labs, and the others.
std::string GroupsOf(const Setup& setup) {
  if (setup.min_groups == 0) return "";
  const auto labs = [](std::size_t from, std::size_t to) {
    std::string names;
    for (std::size_t i = from; i < to; ++i)
      names += (i > from ? ", \"lab-" : "\"lab-") + std::to_string(i) + '"';
    return "nodes = [" + names + "]\n";
  };
  return "[groups]\nmin_groups = " + std::to_string(setup.min_groups) + "\n[groups.a]\n" + labs(0, 3) +
         "[groups.b]\n" + labs(3, setup.nodes);
}

Bytes PlanOf(const Setup& setup) {
  const std::string text =
      "version = 1\nname = \"sim\"\npurpose = \"demo\"\nsecure = \"" +
      std::string(config::SecureName(setup.mode)) +
      "\"\n[model]\nkind = \"mlp\"\ninput = [2]\nclasses = 2\n[data]\ndataset = \"d\"\n"
      "[inner]\nlr = 0.1\nlocal_epochs = 1\n[update]\nbits = 16\nclip = 1.0\nmax_examples = 100\n" +
      (setup.evaluates ? "[eval]\nmetrics = [\"loss\", \"accuracy\"]\n" : "") +
      "[round]\ncount = " + std::to_string(setup.rounds) +
      "\nmin_nodes = " + std::to_string(setup.min_nodes) +
      "\nmin_survivors = " + std::to_string(setup.min_survivors) +
      "\nattempts = " + std::to_string(setup.attempts) + "\nmin_wait = \"" +
      std::to_string(setup.min_wait_s) + "s\"\nmax_wait = \"" + std::to_string(setup.max_wait_s) + "s\"\n" +
      (setup.goal == 0 ? ""
                       : "goal = " + std::to_string(setup.goal) +
                             "\nover_selection = " + std::to_string(setup.over_selection) + "\n") +
      GroupsOf(setup);
  return {text.begin(), text.end()};
}

// One run: the federation, the account of it, and the weather.
class Play final : public sim::Observer {
 public:
  Play(Stage& stage, const Setup& setup, const CrashPoint& point)
      : setup_(setup),
        point_(point),
        members_(stage.members(setup.nodes)),
        directory_(stage.directory() / "run"),
        plan_(PlanOf(setup)),
        federation_({.seed = setup.seed,
                     .members = &members_,
                     .metrics = &stage.metrics(),
                     .plan = plan_,
                     .directory = directory_,
                     .observer = this,
                     .running = [](const sim::Disk* disk) { CurrentDisk = disk; },
                     .power_cut = LoseFiles}),
        expected_(members_, plan_, federation_.job(), directory_ / "expected"),
        checker_(members_, expected_, federation_.job()),
        storm_(federation_, setup.faults, setup.horizon) {
    counts_.handlers.resize(setup.nodes + 1);
    counts_.words.resize(setup.nodes + 1);
    counts_.writes.resize(setup.nodes + 1);
  }
  ~Play() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
    ForgetFiles();
  }

  Report Run() {
    federation_.Begin();
    storm_.Begin();
    LookAfterIt();
    while (checker_.broken().empty() && wrong_.empty() && !Over()) {
      if (!federation_.Step()) break;
      checker_.AfterStep(federation_);
    }
    return Result();
  }

  // ---- sim::Observer
  void OnQueued(std::size_t party, const std::vector<driver::Append>& batch) override {
    checker_.OnQueued(party, batch);
  }
  void OnWritten(std::size_t party, const std::vector<driver::Append>& batch) override {
    checker_.OnWritten(party, batch);
    Count(party, CrashPoint::Of::kWrite, ++counts_.writes[party]);
  }
  void OnFailed(std::size_t party, const std::vector<driver::Append>& batch) override {
    checker_.OnFailed(party, batch);
  }
  void OnCrash(std::size_t party) override { checker_.OnCrash(party); }
  void OnDamage(std::size_t party, const Status& why) override { checker_.OnDamage(party, why); }
  void OnBoot(std::size_t party, driver::Journal& journal) override { checker_.OnBoot(party, journal); }
  void OnRestored(std::vector<Bytes> records) override { checker_.OnRestored(std::move(records)); }
  void OnHandler(std::size_t party) override {
    Count(party, CrashPoint::Of::kHandler, ++counts_.handlers[party]);
    storm_.OnHandler(party, counts_.handlers[party]);
  }
  void OnSaid(std::size_t node, const rpc::ToNode& message) override {
    checker_.OnSaid(node, message);
    storm_.OnSaid(WordOf(message));
    Count(0, CrashPoint::Of::kWord, ++counts_.words[0]);
    storm_.OnWord(0, counts_.words[0]);
  }
  void OnSaid(std::size_t node, const rpc::FromNode& message) override {
    checker_.OnSaid(node, message);
    storm_.OnSaid(WordOf(message));
    Count(node + 1, CrashPoint::Of::kWord, ++counts_.words[node + 1]);
    storm_.OnWord(node + 1, counts_.words[node + 1]);
  }

 private:
  void Count(std::size_t party, CrashPoint::Of of, std::uint64_t number) {
    if (point_.number == number && point_.party == party && point_.of == of) {
      federation_.Doom(party, sim::Crash::kProcess, Millis(700));
    }
  }

  // A person resumes what pauses for them, some times; then cancels. Not while things still go wrong.
  void LookAfterIt() {
    federation_.world().After(kPersonLooks, [this] { LookAfterIt(); });
    const job::State* state = federation_.JobState();
    if (state == nullptr || federation_.world().now() < setup_.horizon) return;
    for (std::size_t node = 0; node < members_.labs.size(); ++node) federation_.Lab(node, task::Allow{});
    const auto* paused = std::get_if<job::Paused>(state);
    if (paused == nullptr) return void(paused_since_.reset());
    if (!paused_since_) paused_since_ = federation_.world().now();
    const bool by_itself =
        paused->reason == job::Reason::kNoQuorum || paused->reason == job::Reason::kBoundMissing ||
        paused->reason == job::Reason::kDiskFull || paused->reason == job::Reason::kCatchingUp;
    const Millis waited = federation_.world().now() - *paused_since_;
    if (by_itself && waited > kCalm && !MayBeLost())
      wrong_ = "the job waits for what is there: " + std::string(job::Name(paused->reason));
    if (by_itself && waited <= kCalm) return;
    helped_ = true;
    paused_since_.reset();
    const bool lost = MayBeLost() || paused->reason == job::Reason::kModelAhead;
    const bool over = paused->reason == job::Reason::kAttemptsSpent || (lost && (by_itself || resumed_ > 0));
    if (over) return federation_.Cancel();
    ++resumed_;
    const bool calm = federation_.world().now() >= setup_.horizon + kLongestFault;  // what began is over, too
    if (calm && ++resumed_calm_ > kPatience) wrong_ = "rounds of a calm federation fail";
    federation_.Resume(false);
  }

  // After a backup: nodes take no more part in a job that had ended for them; and of groups' sums, which
  // prove their model to nodes that have not heard of it, the coordinator may have none any more.
  [[nodiscard]] bool MayBeLost() const {
    return checker_.back_from_end() || (checker_.went_back() && setup_.min_groups > 0);
  }

  bool Over() {
    if (federation_.world().steps() > kMaxSteps || federation_.world().now() > kMaxTime) {
      stuck_ = true;
      return true;
    }
    if (!job::IsTerminal(checker_.durable())) {
      ended_at_.reset();
      return false;
    }
    if (!ended_at_) ended_at_ = std::max(federation_.world().now(), setup_.horizon);
    bool all_know = federation_.world().now() >= setup_.horizon;
    for (std::size_t node = 0; node < members_.labs.size(); ++node) {
      sim::NodeProcess* process = federation_.node(node);
      if (process == nullptr) {
        all_know = false;
        continue;
      }
      for (const auto& [id, task] : process->tasks().all()) all_know = all_know && task->state().ended;
    }
    if (!all_know && federation_.world().now() - *ended_at_ > kFarewell) {
      wrong_ = "a node does not hear that the job ended";
    }
    return all_know;
  }

  Report Result() {
    const job::State& end = checker_.durable();
    Report report{.broken = checker_.broken().empty() ? wrong_ : checker_.broken(),
                  .phase = job::PhaseOf(end),
                  .model_hash = job::ProgressOf(end).model_hash,
                  .committed = job::ProgressOf(end).committed,
                  .failed_rounds = 0,
                  .fired = storm_.fired(),
                  .steps = federation_.world().steps(),
                  .time = federation_.world().now(),
                  .refusals = checker_.refusals(),
                  .went_back = checker_.went_back(),
                  .helped = helped_,
                  .trace = checker_.trace(),
                  .counts = counts_};
    for (const job::RoundSummary& round : job::HistoryOf(end))
      report.failed_rounds += round.committed ? 0 : 1;
    if (!report.broken.empty()) return report;
    if (stuck_ || !job::IsTerminal(end)) report.broken = "the job came to no end";
    if (report.phase == job::Phase::kFailed) {
      report.broken = "the job failed: " + std::string(job::Name(job::ReasonOf(end)));
    }
    return report;
  }

  const Setup& setup_;
  const CrashPoint point_;
  const sim::Members& members_;
  const std::filesystem::path directory_;
  const Bytes plan_;
  sim::Federation federation_;
  Expected expected_;
  Checker checker_;
  Storm storm_;
  Counts counts_;
  std::optional<Millis> paused_since_, ended_at_;
  int resumed_ = 0, resumed_calm_ = 0;  // how often by a person; and once all faults were over
  bool helped_ = false, stuck_ = false;
  std::string wrong_;  // with the end that the job comes to
};

// What a job file may ask for (secagg.md 2.5).
std::int64_t LeastSurvivors(const Setup& setup) {
  const std::int64_t n = setup.min_nodes;
  const std::int64_t corrupt = n < 5 ? 0 : n / 5;
  if (setup.mode == SecureMode::kOff) return 3;
  const std::int64_t quorum =
      setup.mode == SecureMode::kMalicious ? (n + corrupt) / 2 + 1 : std::max(corrupt + 1, n / 2 + 1);
  return std::max({quorum, corrupt + 2, std::int64_t{3}});
}

// From numbers of their own, so that a seed's faults stay what they were.
void DrawWaits(Setup& setup) {
  sim::Random random(~setup.seed);
  setup.min_wait_s = std::min(10 + random.Below(60), setup.max_wait_s);
  if (random.Chance(0.6)) return;
  const auto nodes = static_cast<std::int64_t>(setup.nodes);
  setup.goal = static_cast<std::uint32_t>(random.Between(setup.min_survivors, nodes));
  const std::uint32_t least = setup.min_nodes > setup.goal ? setup.min_nodes - setup.goal : 0;
  setup.over_selection = least + static_cast<std::uint32_t>(random.Below(2));
}

// In one schedule of ten; from numbers of its own, too.
void MayRestore(Setup& setup) {
  sim::Random random(~setup.seed ^ 0x726573746f7265);
  if (random.Chance(0.1)) setup.faults.push_back(DrawRestore(random, setup.horizon));
}

// In one of four, again from numbers of its own.
void MayAim(Setup& setup) {
  sim::Random random(~setup.seed ^ 0x61696d6564);
  if (!random.Chance(0.25)) return;
  std::ranges::copy(DrawAimed(random, setup.nodes), std::back_inserter(setup.faults));
}

}  // namespace

Setup Draw(std::uint64_t seed) {
  sim::Random random(seed * 2 + 1);
  Setup setup{.seed = seed};
  setup.nodes = 3 + random.Below(5);
  if (seed % 2 == 1) setup.mode = random.Chance(0.3) ? SecureMode::kSemiHonest : SecureMode::kOff;
  setup.rounds = static_cast<std::uint32_t>(2 + random.Below(2));
  if (setup.nodes >= 6 && random.Chance(0.5))
    setup.min_groups = static_cast<std::uint32_t>(random.Between(1, 2));
  const std::size_t most = setup.min_groups > 0 ? 3 : setup.nodes;
  setup.min_nodes = static_cast<std::uint32_t>(random.Between(3, static_cast<std::int64_t>(most)));
  setup.min_survivors = static_cast<std::uint32_t>(random.Between(LeastSurvivors(setup), setup.min_nodes));
  setup.attempts = static_cast<std::uint32_t>(1 + random.Below(3));
  setup.max_wait_s = 20 + random.Below(200);
  setup.evaluates = random.Chance(0.7) || setup.min_groups > 0;  // jobs with groups must
  setup.horizon = random.Time(Millis(8'000), Millis(60'000));
  setup.faults = DrawFaults(random, setup.nodes, setup.horizon);
  DrawWaits(setup);
  MayRestore(setup);
  MayAim(setup);
  return setup;
}

std::string Describe(const Setup& setup) {
  std::string text =
      "seed " + std::to_string(setup.seed) + ": " + std::to_string(setup.nodes) + " nodes, " +
      std::string(config::SecureName(setup.mode)) + ", " + std::to_string(setup.rounds) +
      " rounds, min_nodes " + std::to_string(setup.min_nodes) + ", min_survivors " +
      std::to_string(setup.min_survivors) +
      (setup.min_groups > 0 ? ", groups " + std::to_string(setup.min_groups) + " of 2" : "") + ", attempts " +
      std::to_string(setup.attempts) +
      (setup.goal == 0
           ? ""
           : ", goal " + std::to_string(setup.goal) + " + " + std::to_string(setup.over_selection)) +
      ", min_wait " + std::to_string(setup.min_wait_s) + " s, max_wait " + std::to_string(setup.max_wait_s) +
      " s, quiet from " + std::to_string(setup.horizon.count()) + " ms";
  for (std::size_t i = 0; i < setup.faults.size(); ++i) {
    text += "\n  fault " + std::to_string(i) + ": " + Describe(setup.faults[i]);
  }
  return text;
}

const sim::Members& Stage::members(std::size_t nodes) {
  std::unique_ptr<sim::Members>& known = members_[nodes];
  if (!known) {
    auto made = sim::MakeMembers(nodes, directory_ / ("members-" + std::to_string(nodes)));
    ACCORD_CHECK(made.ok());
    known = *std::move(made);
  }
  return *known;
}

Report Run(Stage& stage, const Setup& setup, const CrashPoint& point) {
  sim::InstallVfs(setup.seed);
  return Play(stage, setup, point).Run();
}

}  // namespace accord::simulation
