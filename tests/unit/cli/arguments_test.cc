#include "cli/arguments.h"

#include <gtest/gtest.h>

#include <set>

#include "base/errors.h"
#include "tests/unit/cli/golden.h"

namespace accord::cli {
namespace {

template <class C>
C Parse(const std::vector<std::string>& arguments) {
  const Result<Arguments> parsed = ParseArguments(arguments);
  EXPECT_TRUE(parsed.ok()) << Describe(parsed.status());
  if (!parsed.ok() || !std::holds_alternative<C>(parsed->command)) {
    ADD_FAILURE() << "another command";
    return {};
  }
  return std::get<C>(parsed->command);
}

TEST(ArgumentsTest, FillsTheCommandThatWasTyped) {
  EXPECT_EQ(Parse<JobSubmit>({"job", "submit", "a.toml", "--watch"}).file, "a.toml");
  EXPECT_TRUE(Parse<JobSubmit>({"job", "submit", "--watch", "a.toml"}).watch);
  EXPECT_TRUE(Parse<JobValidate>({"job", "validate", "a.toml", "--offline"}).offline);
  EXPECT_EQ(Parse<JobWait>({"job", "wait", "digits", "--timeout", "90s"}).timeout, Millis(90'000));
  EXPECT_EQ(Parse<JobWait>({"job", "wait", "digits"}).timeout, std::nullopt);
  EXPECT_EQ(Parse<JobExplain>({"job", "explain", "digits"}).job, "digits");
  EXPECT_TRUE(Parse<JobLogs>({"job", "logs", "digits", "-f"}).follow);
  EXPECT_EQ(Parse<JobCancel>({"job", "cancel", "digits", "--reason", "a mistake"}).reason, "a mistake");
  EXPECT_TRUE(Parse<JobRetry>({"job", "retry", "digits", "--watch"}).watch);
  EXPECT_EQ(Parse<JobClone>({"job", "clone", "digits", "--out", "p.toml"}).out, "p.toml");
  EXPECT_EQ(Parse<ModelDownload>({"model", "download", "digits", "--out", "m"}).out, "m");
  const auto invite = Parse<MemberInvite>({"member", "invite", "ke", "--role", "node", "--ttl", "2h"});
  EXPECT_EQ(invite.role, "node");
  EXPECT_EQ(invite.ttl, Millis(7'200'000));
  EXPECT_EQ(Parse<MemberInvite>({"member", "invite", "ke", "--role", "node"}).ttl, Millis(3'600'000));
  EXPECT_EQ(Parse<Join>({"join", "accord1_AQ"}).token, "accord1_AQ");
  EXPECT_EQ(Parse<Join>({"join", "-"}).token, "-");
  EXPECT_EQ(Parse<ContextShow>({"context", "show"}).name, "");
  EXPECT_EQ(Parse<Completion>({"completion", "fish"}).shell, "fish");
  Parse<Version>({"version"});
}

TEST(ArgumentsTest, TakesGlobalOptionsAnywhere) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"--json", "--context", "b", "job", "list"},
                                             {"job", "--json", "list", "--context=b"},
                                             {"job", "list", "--context", "b", "--json"}}) {
    const Result<Arguments> parsed = ParseArguments(words);
    ASSERT_TRUE(parsed.ok()) << Describe(parsed.status());
    EXPECT_TRUE(parsed->options.json);
    EXPECT_EQ(parsed->options.context, "b");
  }
}

TEST(ArgumentsTest, EveryErrorIsAUsageErrorWithAHint) {
  const std::vector<std::vector<std::string>> wrong{
      {"jbo"},
      {"job"},
      {"job", "sumbit", "x"},
      {"job", "submit"},
      {"job", "submit", "a", "b"},
      {"job", "list", "--jsno"},
      {"job", "wait", "x", "--timeout", "soon"},
      {"job", "wait", "x", "--timeout"},
      {"member", "invite", "ke"},
      {"member", "invite", "ke", "--role", "king"},
      {"member", "invite", "ke", "--role", "node", "--ttl", "8d"},
      {"model", "download", "digits"},
      {"completion", "tcsh"},
  };
  std::string text;
  for (const auto& words : wrong) {
    const Result<Arguments> parsed = ParseArguments(words);
    ASSERT_FALSE(parsed.ok()) << words.back();
    EXPECT_EQ(parsed.status().error(), "cli.usage");
    EXPECT_EQ(parsed.status().code(), Code::kInvalid);
    text += "accord";
    for (const std::string& word : words) text += " " + word;
    text += "\n  " + parsed.status().message() + "\n  " + parsed.status().hint() + "\n";
  }
  ExpectGolden("usage_errors.txt", text);
}

TEST(ArgumentsTest, ANumberBelowNothingIsNoLargeOne) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"model", "generate", "digits", "--tokens", "-5"},
           {"model", "generate", "digits", "--top-k", "-1"},
           {"model", "generate", "digits", "--seed", "18446744073709551616"},
           {"model", "export", "digits", "--out", "x", "--pieces", "few"},
           {"log", "watch", "--from", "-1"}}) {
    const Status status = ParseArguments(words).status();
    EXPECT_EQ(status.error(), "cli.usage");
    EXPECT_NE(status.message().find("\"" + words.back() + "\" is not a whole number from 0 to"),
              std::string::npos)
        << status.message();
  }
  EXPECT_EQ(Parse<ModelGenerate>({"model", "generate", "digits", "--tokens", "18446744073709551615"}).tokens,
            "18446744073709551615");
}

TEST(ArgumentsTest, HelpIsThereForEveryCommand) {
  ExpectGolden("help.txt", Parse<Help>({}).text);
  EXPECT_EQ(Parse<Help>({"--help"}).text, Parse<Help>({}).text);
  ExpectGolden("help_job.txt", Parse<Help>({"job", "--help"}).text);
  ExpectGolden("help_plan.txt", Parse<Help>({"plan", "--help"}).text);
  ExpectGolden("help_job_wait.txt", Parse<Help>({"job", "wait", "-h"}).text);
}

TEST(ArgumentsTest, TheVersionIsACommandAndTheOptionThatPeopleType) {
  Parse<Version>({"version"});
  Parse<Version>({"--version"});
}

TEST(ArgumentsTest, TheTreeHasEveryCommandWithItsWords) {
  const CommandNode root = CommandTree();
  std::set<std::string> nouns;
  std::size_t verbs = 0;
  for (const CommandNode& noun : root.children) {
    nouns.insert(noun.name);
    EXPECT_FALSE(noun.help.empty()) << noun.name;
    verbs += noun.children.size();
  }
  EXPECT_EQ(nouns, (std::set<std::string>{"attribution", "charter", "completion", "context", "data", "job",
                                          "join", "key", "log", "member", "model", "node", "plan", "proposal",
                                          "publish", "version"}));
  EXPECT_EQ(verbs + 5 + 1, std::variant_size_v<Command>)
      << "join, publish, plan, completion, version and Help have no noun";
}

}  // namespace
}  // namespace accord::cli
