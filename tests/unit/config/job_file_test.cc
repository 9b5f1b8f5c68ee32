#include "config/job_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace accord::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kGood = R"(version = 1
name = "digits"
purpose = "public-health"
seed = 7
secure = "off"
model = { kind = "cnn", input = [28, 28], classes = 10 }
data = { dataset = "fashion" }
inner = { optimizer = "sgd", lr = 0.05, momentum = 0.9, local_epochs = 1, batch = 32 }
outer = { rule = "fedavg" }
update = { bits = 16, clip = 1.0, max_examples = 60000 }
eval = { metrics = ["loss", "accuracy"] }
[round]
count = 20
min_nodes = 3
min_survivors = 3
max_wait = "2h"
attempts = 3
)";

// kGood with `from`, which must be in it, replaced.
std::string With(std::string_view from, std::string_view to) {
  std::string text(kGood);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string Errors(const std::string& toml) {
  const auto parsed = ParseJob(toml, "job.toml");
  EXPECT_FALSE(parsed.ok()) << toml;
  if (parsed.ok()) return {};
  EXPECT_EQ(parsed.status().error(), "job.invalid");
  return parsed.status().message();
}

TEST(JobFileTest, ReadsTheExampleOfTheDesign) {
  const auto job = ParseJob(kGood, "job.toml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->name, "digits");
  EXPECT_EQ(job->seed, 7U);
  EXPECT_EQ(job->secure, SecureMode::kOff);
  EXPECT_EQ(job->model.input, (std::vector<std::uint64_t>{28, 28}));
  EXPECT_EQ(job->inner.momentum, 0.9);
  EXPECT_FALSE(job->inner.has_local_steps);
  EXPECT_EQ(job->update.max_examples, 60'000U);
  EXPECT_EQ(job->update.weights, WeightPolicy::kCoarse);
  EXPECT_EQ(job->eval.metrics, (std::vector{Metric::kLoss, Metric::kAccuracy}));
  EXPECT_EQ(job->round.max_wait, Millis(7'200'000));
  EXPECT_FALSE(job->has_corrupt);
}

TEST(JobFileTest, MasksAgainstMaliciousPeersUnlessToldOtherwise) {
  const auto job = ParseJob(With("secure = \"off\"\n", ""), "job.toml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->secure, SecureMode::kMalicious);
}

TEST(JobFileTest, ReadsASchedule) {
  const auto job =
      ParseJob(With("local_epochs = 1,",
                    "local_steps = 0, schedule = { kind = \"cosine\", warmup_rounds = 2, min_lr = 0.01 },"),
               "job.toml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_TRUE(job->inner.has_local_steps);
  EXPECT_EQ(job->inner.local_steps, 0U);
  EXPECT_EQ(job->inner.schedule.kind, ScheduleKind::kCosine);
  EXPECT_EQ(job->inner.schedule.warmup_rounds, 2U);
  EXPECT_EQ(job->inner.schedule.min_lr, 0.01);
}

TEST(JobFileTest, ListsAllErrorsAtOnceInOrderWithLineAndColumn) {
  const std::string errors = Errors(R"(version = 1
nmae = "x"
purpose = "p"
secure = "maybe"
model = { kind = "gpt", input = [28, 28], classes = 10 }
data = { dataset = "fashion" }
inner = { lr = nan, local_epochs = 1 }
update = { bits = 64, clip = -1, max_examples = "many" }
[round]
count = 0
min_nodes = 3
min_survivors = 3
max_wait = "soon"
)");
  EXPECT_THAT(errors, HasSubstr("job.toml has 10 errors:\n"));
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 10);
  const std::vector<std::string> expected = {
      "\njob.toml:2:1: nmae: unknown key; did you mean name?",
      "\njob.toml:4:1: secure: \"maybe\" is unknown; this version has \"malicious\" | \"semi-honest\" | "
      "\"off\"",
      "\njob.toml:5:11: model.kind: \"gpt\" is unknown; this version has \"mlp\" | \"cnn\"",
      "\njob.toml:7:11: inner.lr: nan is not a finite number above 0.0",
      "\njob.toml:8:12: update.bits: 64 is not a whole number from 2 to 32",
      "\njob.toml:8:23: update.clip: -1 is not a finite number above 0.0",
      "\njob.toml:8:34: update.max_examples: expected a whole number from 1 to 4294967295, found text",
      "\njob.toml:10:1: round.count: 0 is not a whole number from 1 to 1000000000",
      "\njob.toml:13:1: round.max_wait: \"soon\" is no duration",
      "\njob.toml: name: is missing",
  };
  std::size_t last = 0;
  for (const std::string& line : expected) {
    const std::size_t at = errors.find(line);
    EXPECT_NE(at, std::string::npos) << "no " << line << " in\n" << errors;
    EXPECT_GE(at, last) << "out of order: " << line;
    last = at;
  }
}

struct BadCase {
  std::string_view from, to, expected;
};
void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.from << " -> " << bad.to; }
class JobFileRefuses : public ::testing::TestWithParam<BadCase> {};

TEST_P(JobFileRefuses, WithTheKeyAndTheReason) {
  const BadCase& bad = GetParam();
  EXPECT_THAT(Errors(With(bad.from, bad.to)),
              AllOf(HasSubstr("job.toml has an error:"), HasSubstr(bad.expected)));
}

INSTANTIATE_TEST_SUITE_P(
    Values, JobFileRefuses,
    ::testing::Values(
        BadCase{"version = 1", "version = 2", "version: 2 is not known"},
        BadCase{"\"digits\"", "\"No Name\"", "name: \"No Name\" is not a name"},
        BadCase{"lr = 0.05", "lr = inf", "inner.lr: inf"},
        BadCase{"lr = 0.05", "lr = 0", "inner.lr: 0 is not"},
        BadCase{"momentum = 0.9", "momentum = 1.0", "inner.momentum: 1.0 is not"},
        BadCase{"clip = 1.0", "clip = inf", "update.clip: inf"},
        BadCase{"bits = 16", "bits = 1", "update.bits: 1 is not"},
        BadCase{"local_epochs = 1", "local_steps = 1000000001", "inner.local_steps: 1000000001 is not"},
        BadCase{"60000", "4294967296", "update.max_examples: 4294967296 is not"},
        BadCase{"batch = 32", "batch = 0", "inner.batch: 0 is not"},
        BadCase{"\"accuracy\"]", "\"f1\"]",
                "eval.metrics: \"f1\" is unknown; this version has \"loss\" | \"accuracy\""},
        BadCase{"\"accuracy\"]", "\"loss\"]", "eval.metrics: \"loss\" is named twice"},
        BadCase{"\"fedavg\"", "\"fedsum\"", "outer.rule: \"fedsum\" is unknown; this version has "},
        BadCase{"\"fedavg\"", "\"fedavg\", momentum = 0.9", "outer.momentum: has a meaning only with"},
        BadCase{"\"fedavg\"", "\"fedadagrad\", beta2 = 0.9", "outer.beta2: fedadagrad adds up"},
        BadCase{"seed = 7", "seed = -7", "seed: -7 is not"},
        BadCase{"seed = 7", "seed = 1979-05-27", "found a date"},
        BadCase{"[round]", "[[round]]", "round: expected a section, found a list"},
        BadCase{"data = { dataset = \"fashion\" }", "data.dataset.id = 3",
                "data.dataset: expected name, found a table"}));

INSTANTIATE_TEST_SUITE_P(
    Combinations, JobFileRefuses,
    ::testing::Values(
        BadCase{"local_epochs = 1", "local_epochs = 1, local_steps = 5",
                "either local_epochs or local_steps"},
        BadCase{"local_epochs = 1, ", "", "inner: local_epochs or local_steps is missing"},
        BadCase{"\"sgd\"", "\"adam\"", "inner.momentum: has a meaning only with optimizer = \"sgd\""},
        BadCase{"batch = 32", "batch = 32, beta1 = 0.5", "inner.beta1: has a meaning only with"},
        BadCase{"batch = 32", "schedule = { kind = \"step\" }", "inner.schedule.step_rounds: is missing"},
        BadCase{"batch = 32", "schedule = { min_lr = 0.01 }",
                "min_lr: has a meaning only with kind = \"cosine\""},
        BadCase{"batch = 32", "schedule = { kind = \"cosine\", min_lr = 0.06 }", "min_lr: is above inner.lr"},
        BadCase{"batch = 32", "schedule = { warmup_rounds = 21 }", "warmup_rounds: is above round.count"},
        BadCase{"kind = \"cnn\", input = [28, 28]", "kind = \"mlp\", input = [4], channels = [3]",
                "model.channels: has a meaning only with kind = \"cnn\""},
        BadCase{"input = [28, 28]", "input = [28]", "model.input: cnn needs [height, width]"},
        BadCase{"input = [28, 28]", "input = []", "model.input"},
        BadCase{"kind = \"cnn\", input = [28, 28]", "kind = \"mlp\", input = [1000000], hidden = [1000000]",
                "model: has at least 1000011000010 parameters; the most is 68719476736"},
        BadCase{"input = [28, 28]", "input = [28, 28], channels = [4294967296, 4294967296, 4294967296]",
                "model: has at least 2^64 parameters"},
        BadCase{"min_survivors = 3", "min_survivors = 4", "min_survivors: 4 is above round.min_nodes = 3"},
        BadCase{"max_wait = \"2h\"", "max_wait = \"2h\"\nmin_wait = \"3h\"", "round.min_wait: is above"},
        BadCase{"min_survivors = 3", "min_survivors = 3\nover_selection = 1",
                "round.over_selection: has a meaning only with round.goal"},
        BadCase{"min_survivors = 3", "min_survivors = 3\ngoal = 2\nover_selection = 1",
                "round.goal: 2 is below round.min_survivors = 3"},
        BadCase{"min_nodes = 3", "min_nodes = 5\ngoal = 3\nover_selection = 1",
                "round.min_nodes: 5 is above round.goal + round.over_selection = 4"}));

INSTANTIATE_TEST_SUITE_P(Thresholds, JobFileRefuses,
                         ::testing::Values(BadCase{"secure = \"off\"", "secure = \"malicious\"\ncorrupt = 2",
                                                   "corrupt: 2 leaves fewer than two honest nodes"},
                                           BadCase{"min_nodes = 3\nmin_survivors = 3",
                                                   "min_nodes = 0\nmin_survivors = 1", "round.min_nodes: 0"},
                                           BadCase{"min_survivors = 3", "min_survivors = 0",
                                                   "round.min_survivors: 0"}));

// n, T -> u_min of the table in secagg.md 2.5.
TEST(JobFileTest, HoldsTheThresholdsOfMaliciousMode) {
  struct Row {
    int n, corrupt, least;
  };
  for (const Row& row : {Row{3, 0, 3}, Row{3, 1, 3}, Row{5, 0, 3}, Row{5, 1, 4}, Row{10, 2, 7},
                         Row{50, 10, 31}, Row{50, 16, 34}, Row{200, 40, 121}, Row{200, 66, 134}}) {
    const auto text = [&](int survivors) {
      std::string toml =
          With("secure = \"off\"", "secure = \"malicious\"\ncorrupt = " + std::to_string(row.corrupt));
      const std::string from = "min_nodes = 3\nmin_survivors = 3";
      return toml.replace(
          toml.find(from), from.size(),
          "min_nodes = " + std::to_string(row.n) + "\nmin_survivors = " + std::to_string(survivors));
    };
    EXPECT_TRUE(ParseJob(text(row.least), "job.toml").ok()) << row.n << " " << row.corrupt;
    EXPECT_THAT(Errors(text(row.least - 1)), HasSubstr("max(t, T + 2, 3) = " + std::to_string(row.least)));
  }
}

TEST(JobFileTest, SaysTheArithmeticOfAThreshold) {
  std::string toml = With("secure = \"off\"\n", "");
  const std::string from = "min_nodes = 3\nmin_survivors = 3";
  toml.replace(toml.find(from), from.size(), "min_nodes = 10\nmin_survivors = 6");
  EXPECT_THAT(Errors(toml),
              HasSubstr("6 is below max(t, T + 2, 3) = 7, where t = floor((n + T) / 2) + 1 = 7, "
                        "n = round.min_nodes = 10, T = corrupt = 2"));
}

TEST(JobFileTest, AsksForThreeNodesBehindAMask) {
  std::string toml = With("secure = \"off\"", "secure = \"semi-honest\"");
  const std::string from = "min_nodes = 3\nmin_survivors = 3";
  toml.replace(toml.find(from), from.size(), "min_nodes = 2\nmin_survivors = 2");
  EXPECT_THAT(Errors(toml),
              HasSubstr("round.min_nodes: secure aggregation hides a nation among at least 3 nodes"));
}

TEST(JobFileTest, TakesAWrongKeyOutOfLaterChecks) {
  EXPECT_THAT(Errors(With("min_nodes = 3", "min_nodes = \"3\"")),
              AllOf(HasSubstr("has an error"), Not(HasSubstr("min_survivors"))));
}

TEST(JobFileTest, NamesTheLineOfASyntaxErrorAndNothingElse) {
  EXPECT_THAT(Errors("version = 1\nname = \"x\n"),
              AllOf(HasSubstr("an error:\njob.toml:2:"), HasSubstr("not TOML")));
  EXPECT_THAT(Errors("version = 1\nversion = 1\n"), HasSubstr("job.toml:2:"));
}

TEST(JobFileTest, DoesNotTakeAQuotedKeyForASection) {
  EXPECT_THAT(Errors("\"inner.lr\" = 0.1\n"), HasSubstr("\"inner.lr\": unknown key"));
}

TEST(JobFileTest, RefusesWhatIsTooLongOrTooDeep) {
  EXPECT_THAT(Errors("#" + std::string(65'536, ' ')), HasSubstr("has 65537 bytes"));
  std::string deep = "a";
  while (deep.size() < 60'000) deep += ".a";
  EXPECT_THAT(Errors(deep + " = 1"), HasSubstr("more than 32 dots in one line"));
  EXPECT_THAT(Errors("[a.b.c.d.e.f.g.h.i]\n"), HasSubstr("nested deeper than 8"));
  EXPECT_TRUE(ParseJob(std::string(kGood) + "# " + std::string(1000, '.') + "\n", "job.toml").ok());
}

TEST(JobFileTest, CountsAFifthAsCorruptFromFiveNodesOn) {
  JobSpec job;
  job.round.min_nodes = 4;
  EXPECT_EQ(Corrupt(job), 0U);
  job.round.min_nodes = 10;
  EXPECT_EQ(Corrupt(job), 2U);
  job.has_corrupt = true;
  job.corrupt = 1;
  EXPECT_EQ(Corrupt(job), 1U);
}

// ---------------------------------------------------------------- groups

constexpr std::string_view kGroups = R"([groups]
min_groups = 2
max_norm = 2.5
[groups.east]
nodes = ["e1", "e2", "e3"]
[groups.west]
nodes = ["w1", "w2", "w3", "w4"]
)";

// kGood and groups, with `from` in the groups replaced.
std::string Grouped(std::string_view from = "", std::string_view to = "") {
  std::string groups(kGroups);
  if (!from.empty()) groups.replace(groups.find(from), from.size(), to);
  return std::string(kGood) + groups;
}

TEST(JobFileTest, ReadsGroups) {
  const auto job = ParseJob(Grouped(), "job.toml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->groups.min_groups, 2U);
  EXPECT_EQ(job->groups.max_norm, 2.5);
  EXPECT_EQ(job->groups.min_cosine, -1.0);
  ASSERT_EQ(job->groups.nodes.size(), 2U);
  EXPECT_EQ(job->groups.nodes.at("west"), (std::vector<std::string>{"w1", "w2", "w3", "w4"}));
  EXPECT_TRUE(ParseJob(kGood, "job.toml")->groups.nodes.empty()) << "and without them there are none";
}

// The same, masked and dealt anew each round.
std::string Reshuffled(std::string_view from = "", std::string_view to = "") {
  std::string text = Grouped("max_norm = 2.5", "reshuffle = true");
  text.replace(text.find("\"off\""), 5, "\"malicious\"");
  if (!from.empty()) text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(JobFileTest, ReshufflesGroupsForScoresOnly) {
  const auto job = ParseJob(Reshuffled(), "job.toml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_TRUE(job->groups.reshuffle);
  EXPECT_FALSE(ParseJob(Grouped(), "job.toml")->groups.reshuffle);
  EXPECT_THAT(Errors(Reshuffled("min_groups", "max_norm = 2.5\nmin_groups")),
              HasSubstr("groups that stay the same"));
  EXPECT_THAT(Errors(Reshuffled("\"malicious\"", "\"off\"")), HasSubstr("needs masks"));
  EXPECT_THAT(Errors(Reshuffled("min_survivors = 3", "min_survivors = 2")),
              HasSubstr("round.min_survivors: 2 is below"))
      << "as of all sums under masks";
  EXPECT_THAT(Errors(With("[round]", "groups = { reshuffle = true }\n[round]")),
              HasSubstr("sections [groups.NAME]"));
  std::string many;
  for (const char name : std::string("abcde"))
    many += std::string("[groups.") + name + "]\nnodes = [\"" + name + "1\", \"" + name + "2\", \"" + name +
            "3\"]\n";
  EXPECT_THAT(Errors(Reshuffled() + many), HasSubstr("7 groups; at most 6"));
}

TEST(JobFileTest, RefusesGroupsThatMakeNoSense) {
  EXPECT_THAT(Errors(Grouped("\"w1\"", "\"e1\"")),
              HasSubstr("groups.west.nodes: e1 is in group east already"));
  EXPECT_THAT(Errors(Grouped("\"e1\", ", "")),
              HasSubstr("groups.east.nodes: has 2 nodes; its rounds begin with round.min_nodes = 3"));
  EXPECT_THAT(Errors(Grouped("min_groups = 2", "min_groups = 3")), HasSubstr("3 of 2 groups"));
  EXPECT_THAT(Errors(Grouped("min_groups = 2", "")), HasSubstr("groups.min_groups: is missing"));
  EXPECT_THAT(Errors(Grouped("max_norm = 2.5", "min_cosine = 0.1")), HasSubstr("needs at least 3 groups"));
  EXPECT_THAT(Errors(Grouped("\"w1\"", "\"W 1\"")), HasSubstr("is not the name of a node"));
  EXPECT_THAT(Errors(Grouped("[groups.west]\nnodes = [\"w1\", \"w2\", \"w3\", \"w4\"]\n", "")),
              HasSubstr("one group is no partition"));
  EXPECT_THAT(Errors(Grouped("nodes = [\"e1\", \"e2\", \"e3\"]", "")),
              HasSubstr("groups.east.nodes: is missing"));
  EXPECT_THAT(Errors(std::string(kGood) + "[groups]\nmax_norm = 1.0\n"), HasSubstr("sections [groups.NAME]"));
  std::string silent = Grouped();
  const std::string_view metrics = "eval = { metrics = [\"loss\", \"accuracy\"] }\n";
  EXPECT_THAT(Errors(silent.erase(silent.find(metrics), metrics.size())), HasSubstr("eval.metrics"));
}

constexpr std::string_view kHash = "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

// kGood as a language model with this section more.
std::string LlamaWith(const std::string& section) {
  std::string text =
      With("kind = \"cnn\", input = [28, 28], classes = 10", "kind = \"llama\", preset = \"2m\"");
  return text + section;
}

// kGood as a job that streams, with what else its section and [inner] say.
std::string Streams(const std::string& section, const std::string& inner = "keep_state = true") {
  return With("local_epochs = 1", "local_steps = 12" + (inner.empty() ? "" : ", " + inner)) +
         "[streaming]\n" + section;
}

TEST(JobFileTest, ReadsStreaming) {
  const auto job = ParseJob(Streams("fragments = 4\ndelay = 2\nalpha = 0.5\n"), "job");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->streaming.fragments, 4U);
  EXPECT_EQ(job->streaming.delay, 2U);
  EXPECT_EQ(job->streaming.alpha, 0.5);
  EXPECT_EQ(ParseJob(kGood, "job")->streaming.fragments, 1U);
  EXPECT_TRUE(ParseJob(Streams("fragments = 1\n"), "job").ok());
}

TEST(JobFileTest, RefusesStreamingWithoutSense) {
  const auto says = [](const std::string& toml, const std::string& what) {
    EXPECT_THAT(Errors(toml), HasSubstr(what));
  };
  says(Streams("fragments = 5\n"), "streaming.fragments: 5 does not divide inner.local_steps = 12");
  says(Streams("fragments = 24\n"), "24 does not divide inner.local_steps = 12");
  says(Streams("fragments = 4\ndelay = 3\n"), "streaming.delay: 3 is not below the 3 steps between two");
  says(Streams("alpha = 0.5\n"), "streaming.fragments: is missing");
  says(Streams("fragments = 2\nalpha = 1.5\n"), "streaming.alpha");
  says(Streams("fragments = 0\n"), "streaming.fragments");
  says(Streams("fragments = 2\n", ""), "inner.keep_state: must be true");
  says(Streams("fragments = 2\n", "keep_state = true, proximal = 0.1"), "inner.proximal: pulls towards");
  says(With("local_epochs = 1", "local_epochs = 1, keep_state = true") + "[streaming]\nfragments = 2\n",
       "inner.local_steps: is missing");
  says(Streams("fragments = 2\n[personal]\nkind = \"fedper\"\ntensors = [\"fc1\"]\n"),
       "personal.kind: does not go with [streaming]");
  says(Streams("fragments = 2\n[adapter]\nkind = \"fedsa-lora\"\nprojections = [\"fc1\"]\nbase = \"sha256:" +
               std::string(64, 'a') + "\"\n"),
       "adapter.kind: \"fedsa-lora\" does not go with [streaming]");
}

TEST(JobFileTest, ReadsDynamicSteps) {
  const auto uneven = [](const std::string& inner) { return With("local_epochs = 1", inner); };
  const auto job = ParseJob(uneven("local_steps = 12, round_time = \"10m\", min_steps = 3"), "job");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->inner.round_time, std::chrono::minutes(10));
  EXPECT_EQ(job->inner.min_steps, 3U);
  EXPECT_EQ(ParseJob(kGood, "job")->inner.round_time, Millis(0));
  const auto says = [](const std::string& toml, const std::string& what) {
    EXPECT_THAT(Errors(toml), HasSubstr(what));
  };
  says(uneven("local_steps = 12, min_steps = 3"),
       "inner.min_steps: has a meaning only with inner.round_time");
  says(uneven("local_epochs = 1, round_time = \"10m\""), "inner.local_steps: is missing, inner.round_time");
  says(uneven("local_steps = 12, round_time = \"10m\", min_steps = 13"), "inner.min_steps: is above");
  says(uneven("local_steps = 1, round_time = \"10m\""), "inner.round_time: leaves nothing to choose");
  EXPECT_TRUE(ParseJob(uneven("local_steps = 1000000, round_time = \"10m\""), "job").ok());
  says(uneven("local_steps = 1000001, round_time = \"10m\", min_steps = 2"),
       "inner.local_steps: 1000001 is above 1000000, the most with inner.round_time");
  says(uneven("local_steps = 12, round_time = \"3h\""), "inner.round_time: is above round.max_wait");
  says(Streams("fragments = 2\n", "keep_state = true, round_time = \"10m\""),
       "inner.round_time: does not go with [streaming]");
  says(uneven("local_steps = 12, round_time = \"10m\"") + "[personal]\nkind = \"ditto\"\nlocal_steps = 3\n",
       "inner.round_time: does not go with kind = \"ditto\"");
}

TEST(JobFileTest, ReadsSamples) {
  const auto job = ParseJob(LlamaWith("[samples]\ntokens = 12\n[samples.de]\nprompt = \"Das läuft\"\n"
                                      "[samples.fr]\nprompt = \"\"\n"),
                            "job.toml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->samples.tokens, 12U);
  EXPECT_EQ(job->samples.prompts, (std::map<std::string, std::string>{{"de", "Das läuft"}, {"fr", ""}}));
  const auto says = [](const std::string& toml, const std::string& what) {
    EXPECT_THAT(Errors(toml), HasSubstr(what));
  };
  const std::string german = "[samples.de]\nprompt = \"Das\"\n";
  says(std::string(kGood) + german, "samples: only a language model speaks");
  says(LlamaWith("[samples]\ntokens = 12\n"), "samples: has no section [samples.NAME]");
  says(LlamaWith("[samples.de]\n"), "samples.de.prompt: is missing");
  says(LlamaWith("[samples.\"d e\"]\nprompt = \"\"\n"), "is not a name");
  says(LlamaWith("[samples.de]\nprompt = \"" + std::string(1001, 'x') + "\"\n"), "has more than 1000 bytes");
  says(LlamaWith("[personal]\nkind = \"fedper\"\ntensors = [\"lm_head\"]\n" + german),
       "samples: the model of this job is whole only at its nodes");
  EXPECT_TRUE(ParseJob(LlamaWith("[personal]\nkind = \"ditto\"\nlocal_steps = 2\n" + german), "job").ok())
      << "beside which the common one is whole";
}

TEST(JobFileTest, ReadsAnAdapter) {
  const auto job = ParseJob(LlamaWith("[adapter]\nkind = \"fedsa-lora\"\nrank = 4\nalpha = 8.0\n"
                                      "projections = [\"q_proj\", \"v_proj\"]\nbase = \"" +
                                      std::string(kHash) + "\"\n"),
                            "job.toml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->adapter.kind, AdapterKind::kFedSaLora);
  EXPECT_EQ(job->adapter.rank, 4U);
  EXPECT_EQ(job->adapter.alpha, 8.0);
  EXPECT_EQ(job->adapter.projections, (std::vector<std::string>{"q_proj", "v_proj"}));
  EXPECT_EQ(job->adapter.base, kHash);
}

TEST(JobFileTest, ReadsPersonalParts) {
  const auto fedper =
      ParseJob(LlamaWith("[personal]\nkind = \"fedper\"\ntensors = [\"model.norm\"]\n"), "job.toml");
  ASSERT_TRUE(fedper.ok()) << fedper.status().message();
  EXPECT_EQ(fedper->personal.kind, PersonalKind::kFedPer);
  EXPECT_EQ(fedper->personal.tensors, std::vector<std::string>{"model.norm"});
  const auto ditto =
      ParseJob(LlamaWith("[personal]\nkind = \"ditto\"\nlambda = 0.5\nlocal_steps = 9\n"), "job.toml");
  ASSERT_TRUE(ditto.ok()) << ditto.status().message();
  EXPECT_EQ(ditto->personal.kind, PersonalKind::kDitto);
  EXPECT_EQ(ditto->personal.lambda, 0.5);
  EXPECT_EQ(ditto->personal.local_steps, 9U);
}

TEST(JobFileTest, NamesTheWeightsToBeginFrom) {
  const std::string start = "classes = 10, start = \"" + std::string(kHash) + "\" }";
  const std::string text = With("classes = 10 }", start);
  const auto job = ParseJob(text, "job.toml");
  ASSERT_TRUE(job.ok()) << job.status().message();
  EXPECT_EQ(job->model.start, kHash);
  EXPECT_EQ(ParseJob(kGood, "job.toml")->model.start, "");
  EXPECT_THAT(Errors(With("classes = 10 }", "classes = 10, start = \"models/a\" }")),
              HasSubstr("model.start"));
  EXPECT_THAT(Errors(text + "[adapter]\nkind = \"lora\"\nprojections = [\"fc1\"]\nbase = \"" +
                     std::string(kHash) + "\"\n"),
              HasSubstr("model.start: does not go with an adapter"));
  EXPECT_THAT(Errors(text + "[personal]\nkind = \"fedper\"\ntensors = [\"fc1\"]\n"),
              HasSubstr("model.start: does not go with kind = \"fedper\""));
  EXPECT_TRUE(ParseJob(text + "[personal]\nkind = \"ditto\"\nlocal_steps = 1\n", "job.toml").ok());
}

TEST(JobFileTest, RefusesPartsWithoutSense) {
  const std::string base = "base = \"" + std::string(kHash) + "\"\n";
  const auto errors = [&](const std::string& section) { return Errors(LlamaWith(section)); };
  EXPECT_THAT(errors("[adapter]\nkind = \"lora\"\n"), HasSubstr("adapter.base: is missing"));
  EXPECT_THAT(errors("[adapter]\nkind = \"lora\"\nbase = \"sha256:12\"\n"), HasSubstr("64 hexadecimal"));
  EXPECT_THAT(errors("[adapter]\nkind = \"qlora\"\n" + base), HasSubstr("unknown"));
  EXPECT_THAT(errors("[adapter]\nrank = 4\n"),
              HasSubstr("adapter.rank: has a meaning only with an adapter.kind"));
  EXPECT_THAT(errors("[adapter]\nkind = \"lora\"\nrank = 0\n" + base), HasSubstr("adapter.rank"));
  EXPECT_THAT(errors("[adapter]\nkind = \"lora\"\nprojections = []\n" + base),
              HasSubstr("must not be empty"));
  EXPECT_THAT(errors("[adapter]\nkind = \"lora\"\nprojections = [\"q_proj\", \"q_proj\"]\n" + base),
              HasSubstr("q_proj stands twice"));
  EXPECT_THAT(
      errors("[adapter]\nkind = \"fedsa-lora\"\n" + base + "[personal]\nkind = \"ditto\"\nlocal_steps = 1\n"),
      HasSubstr("fedsa-lora has a personal part already"));
  EXPECT_THAT(errors("[personal]\nkind = \"fedper\"\n"), HasSubstr("personal.tensors: is missing"));
  EXPECT_THAT(errors("[personal]\nkind = \"fedper\"\ntensors = [\".norm\"]\n"), HasSubstr("is not a name"));
  EXPECT_THAT(errors("[personal]\nkind = \"ditto\"\n"), HasSubstr("personal.local_steps: is missing"));
  EXPECT_THAT(errors("[personal]\nkind = \"ditto\"\nlocal_steps = 1\nlambda = -1.0\n"),
              HasSubstr("personal.lambda"));
  EXPECT_THAT(errors("[personal]\nlambda = 1.0\n"), HasSubstr("only with kind = \"ditto\""));
  EXPECT_THAT(Errors(std::string(kGood) + "[adapter]\nkind = \"lora\"\n" + base),
              HasSubstr("adapter.projections: is missing"));
}

}  // namespace
}  // namespace accord::config
