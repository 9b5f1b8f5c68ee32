// Whole commands against a coordinator in memory: what they print, ask, store, and end with.
#include "cli/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/file.h"
#include "tests/unit/cli/fake_network.h"

namespace accord::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const char* const kJobFile = "configs/job-fashion.toml";

class RunTest : public ::testing::Test {
 protected:
  RunTest() { EXPECT_EQ(p.JoinAlice().code, 0); }
  Program p;
};

TEST(JoinTest, MakesAContextWithAPrivateKey) {
  Program p;
  const auto ended = p.JoinAlice();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("operator/alice"));
  struct stat key {};
  ASSERT_EQ(stat((p.dir / "home/contexts/alice/key.pem").c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777, 0600U);
  EXPECT_THAT(p.Run({"context", "list"}).out, HasSubstr("127.0.0.1:7443"));
}

TEST(JoinTest, ReadsATokenFromStandardInputAndTakesAName) {
  Program p;
  EXPECT_EQ(
      p.Run({"join", "-", "--context", "demo"}, p.Token(crypto::Role::kResearcher, "ada") + "\r\n").code, 0);
  EXPECT_THAT(p.Run({"context", "show", "--json"}).out, HasSubstr(R"("name":"demo")"));
}

TEST(JoinTest, SpendsNoTokenOnATakenName) {
  Program p;
  EXPECT_EQ(p.JoinAlice().code, 0);
  const auto again = p.JoinAlice();
  EXPECT_EQ(again.code, 4);
  EXPECT_THAT(again.err, HasSubstr("--context NAME"));
  EXPECT_EQ(p.coordinator.enrolments, 1);
}

TEST(JoinTest, AsksAgainWithTheSameKeyAfterALostAnswer) {
  Program p;
  p.coordinator.failures = {Fail(errors::kNetUnreachable, "lost"), Fail(errors::kNetTimeout, "lost")};
  EXPECT_EQ(p.JoinAlice().code, 0);
  EXPECT_EQ(p.coordinator.enrolments, 3);
}

TEST(JoinTest, RefusesTokensThatAreNotForPeopleOrNoTokens) {
  Program p;
  const auto node = p.Run({"join", p.Token(crypto::Role::kNode, "ke")});
  EXPECT_EQ(node.code, 2);
  EXPECT_THAT(node.err, HasSubstr("accord-node join TOKEN"));
  const auto junk = p.Run({"join", "junk"});
  EXPECT_EQ(junk.code, 2);
  EXPECT_THAT(junk.err, HasSubstr("docs/errors/token.invalid.md"));
  EXPECT_EQ(p.coordinator.enrolments, 0);
}

TEST(JoinTest, LeavesNothingBehindWhenTheCoordinatorRefuses) {
  Program p;
  p.coordinator.failures = {Fail(errors::kTokenInvalid, "The token was used.")};
  EXPECT_EQ(p.JoinAlice().code, 2);
  EXPECT_FALSE(std::filesystem::exists(p.dir / "home/contexts/alice"));
}

TEST(JoinTest, TrustsOnlyTheCaOfTheToken) {
  Program p;
  const FakeCa other(p.clock);
  const auto identity = crypto::SpiffeId::Make("demo.accord", crypto::Role::kOperator, "alice");
  const auto token = crypto::MakeJoinToken("127.0.0.1:7443", other.Fingerprint(), *identity);
  const auto ended = p.Run({"join", std::string(AsText(crypto::FormatJoinToken(*token).view()))});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("net.untrusted"));
}

TEST(ContextTest, WithoutAnyTheCommandSaysHowToJoin) {
  Program p;
  const auto ended = p.Run({"job", "list"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err,
            "error: This machine has not joined a federation yet.\n"
            "hint:  Join a federation with a token from an operator: accord join TOKEN\n"
            "docs:  docs/errors/context.none.md\n");
}

TEST_F(RunTest, ContextsAreChosenByFlagVariableAndFile) {
  EXPECT_EQ(p.Run({"join", p.Token(crypto::Role::kResearcher, "bob")}).code, 0);
  const auto name = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"context", "show", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return p.Run(words).out;
  };
  EXPECT_THAT(name({}), HasSubstr(R"("name":"bob")"));
  EXPECT_EQ(p.Run({"context", "use", "alice"}).code, 0);
  EXPECT_THAT(name({}), HasSubstr(R"("name":"alice")"));
  p.variables["ACCORD_CONTEXT"] = "bob";
  EXPECT_THAT(name({}), HasSubstr(R"("name":"bob")"));
  EXPECT_THAT(name({"--context", "alice"}), HasSubstr(R"("name":"alice")"));
  EXPECT_EQ(p.Run({"job", "list", "--context", "nobody"}).code, 4);
  EXPECT_EQ(p.Run({"context", "remove", "bob"}).code, 0);
  EXPECT_EQ(p.Run({"job", "list"}).code, 4) << "ACCORD_CONTEXT names the removed one";
}

TEST_F(RunTest, RenewsTheCertificatePastHalfOfItsTime) {
  p.clock.now = kNow + Millis(1'799'000);
  EXPECT_EQ(p.Run({"job", "list"}).code, 0);
  EXPECT_EQ(p.coordinator.renewals, 0);
  p.clock.now = kNow + Millis(1'801'000);
  EXPECT_EQ(p.Run({"job", "list"}).code, 0);
  EXPECT_EQ(p.coordinator.renewals, 1);
  EXPECT_EQ(p.coordinator.connects, 3) << "again with the new certificate";
  EXPECT_EQ(p.Run({"job", "list"}).code, 0);
  EXPECT_EQ(p.coordinator.renewals, 1);
}

TEST_F(RunTest, WarnsWhenTheCertificateEndsSoonAndWasNotRenewed) {
  p.clock.now = kNow + Millis(1'900'000);
  p.coordinator.failures = {Fail(errors::kNetUnreachable, "no")};
  EXPECT_EQ(p.Run({"job", "list"}).err, "");
  p.clock.now = kNow + Millis(3'000'000);
  p.coordinator.failures = {Fail(errors::kNetUnreachable, "no")};
  EXPECT_THAT(p.Run({"job", "list"}).err,
              StartsWith("warning: the certificate of context \"alice\" expires in 10m"));
  p.clock.now = kNow + Millis(3'600'000);
  const auto late = p.Run({"job", "list"});
  EXPECT_EQ(late.code, 2);
  EXPECT_THAT(late.err, HasSubstr("docs/errors/auth.expired.md"));
}

TEST_F(RunTest, ExitCodesFollowTheKindOfFailure) {
  const std::vector<std::pair<Status, int>> cases{
      {Fail(errors::kJobNotFound, "x"), 1}, {Fail(errors::kStoreDiskFull, "x"), 1},
      {Fail(errors::kStoreIo, "x"), 1},     {Fail(errors::kAuthRole, "x"), 2},
      {Fail(errors::kAuthRevoked, "x"), 2}, {Fail(errors::kNetUnreachable, "x"), 2},
      {Fail(errors::kNetTimeout, "x"), 3},  {Fail(errors::kCliUsage, "x"), 4},
      {Fail(errors::kInternal, "x"), 5},    {Fail(errors::kCliInterrupted, "x"), 130}};
  for (const auto& [status, code] : cases) {
    p.coordinator.failures = {status};
    const auto ended = p.Run({"job", "show", "digits"});
    EXPECT_EQ(ended.code, code) << status.error();
    EXPECT_THAT(ended.err, HasSubstr("docs/errors/" + status.error() + ".md"));
    EXPECT_EQ(ended.out, "");
  }
}

TEST_F(RunTest, JsonGoesToStdoutWhateverHappens) {
  const auto good = p.Run({"job", "list", "--json"});
  EXPECT_THAT(good.out, StartsWith(R"({"ok":true,"data":[{"id":"3f40)"));
  p.coordinator.failures = {Fail(errors::kJobNotFound, "No such job.")};
  const auto bad = p.Run({"job", "show", "x", "--json"});
  EXPECT_EQ(bad.out,
            "{\"ok\":false,\"error\":{\"code\":\"job.not_found\",\"message\":\"No such "
            "job.\",\"hint\":\"List the jobs with: "
            "accord job list\"},\"end\":true}\n");
  EXPECT_EQ(bad.err, "");
  const auto usage = p.Run({"job", "shwo", "x", "--json"});
  EXPECT_EQ(usage.code, 4);
  EXPECT_THAT(usage.out, HasSubstr(R"("code":"cli.usage")"));
}

TEST_F(RunTest, SubmitsOnceHoweverOftenItAsks) {
  p.coordinator.failures = {Fail(errors::kNetUnreachable, "lost"), Fail(errors::kNetTimeout, "lost")};
  const auto ended = p.Run({"job", "submit", kJobFile});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("secure: off (no masking)"));
  ASSERT_EQ(p.coordinator.tokens.size(), 3U);
  EXPECT_EQ(p.coordinator.tokens[0].size(), 16U);
  EXPECT_EQ(p.coordinator.tokens[0], p.coordinator.tokens[1]);
  EXPECT_EQ(p.coordinator.tokens[0], p.coordinator.tokens[2]);
  EXPECT_EQ(p.Run({"job", "submit", kJobFile}).code, 0);
  EXPECT_NE(p.coordinator.tokens[0], p.coordinator.tokens[3]) << "another submission is another job";
}

TEST_F(RunTest, GivesUpSubmittingAfterThreeAttempts) {
  p.coordinator.failures.assign(5, Fail(errors::kNetUnreachable, "The coordinator is away."));
  EXPECT_EQ(p.Run({"job", "submit", kJobFile}).code, 2);
  EXPECT_EQ(p.coordinator.tokens.size(), 3U);
  EXPECT_LT(p.slept, Millis(5'000));
}

TEST_F(RunTest, JobFilesAreCheckedBeforeAnybodyIsAsked) {
  std::ofstream(p.dir / "bad.toml") << "version = 1\nnaem = \"x\"\n";
  const int connects = p.coordinator.connects;
  const auto ended = p.Run({"job", "submit", (p.dir / "bad.toml").string()});
  EXPECT_EQ(ended.code, 4);
  EXPECT_THAT(ended.err, HasSubstr("bad.toml:2:"));
  EXPECT_EQ(p.coordinator.connects, connects);
  EXPECT_EQ(p.Run({"job", "submit", (p.dir / "none.toml").string()}).code, 4);
  EXPECT_EQ(p.Run({"job", "validate", kJobFile, "--offline"}).code, 0);
  EXPECT_EQ(p.coordinator.connects, connects);
  EXPECT_THAT(p.Run({"job", "validate", kJobFile}).out, HasSubstr("is valid"));
}

TEST_F(RunTest, AJobWithoutSenseIsNoticedOffline) {
  const std::string file = (p.dir / "long.toml").string();
  std::ofstream(file) << R"(version = 1
name = "words"
purpose = "test"
model = { kind = "llama", preset = "2m" }
data = { dataset = "words", context = 1024 }
inner = { lr = 0.01, local_steps = 4, schedule = { unit = "step", warmup_steps = 40 } }
update = { max_examples = 10 }
round = { count = 10, min_nodes = 3, min_survivors = 3, max_wait = "5m" }
)";
  const auto ended = p.Run({"job", "validate", file, "--offline"});
  EXPECT_EQ(ended.code, 4);
  EXPECT_THAT(ended.err, HasSubstr("data.context = 1024 is above the 512 positions"));
  EXPECT_THAT(ended.err, HasSubstr("warmup_steps = 40"));
  EXPECT_THAT(ended.err, HasSubstr("docs/errors/job.invalid.md"));
}

TEST_F(RunTest, WatchGoesThroughALostConnectionToTheEnd) {
  p.coordinator.watches = {{RunningJob()}, {RunningJob(), FinishedJob()}};
  const auto ended = p.Run({"job", "watch", "digits"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("round 1 of 6"));
  EXPECT_THAT(ended.out, HasSubstr("digits finished after"));
  EXPECT_THAT(ended.err, HasSubstr("warning: lost the coordinator, trying again: The connection broke."));
  EXPECT_EQ(p.coordinator.ref, RunningJob().id.Hex()) << "the second time by id";
}

TEST_F(RunTest, WatchGivesUpWhenTheCoordinatorStaysAway) {
  p.coordinator.watches = {{RunningJob()}};
  const auto ended = p.Run({"job", "watch", "digits"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_GE(p.slept, Millis(120'000));
  p.slept = Millis(0);
  EXPECT_EQ(p.Run({"job", "watch", "digits"}).code, 2) << "never reached: no patience";
  EXPECT_EQ(p.slept, Millis(0));
}

TEST_F(RunTest, AFailedJobFailsWatchWaitAndSubmit) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"job", "watch", "digits"}, {"job", "wait", "digits"}, {"job", "submit", kJobFile, "--watch"}}) {
    p.coordinator.watches = {{RunningJob(), FailedJob()}};
    const auto ended = p.Run(words);
    EXPECT_EQ(ended.code, 1) << words[1];
    EXPECT_THAT(ended.err,
                HasSubstr("Job digits (3f4041424344) failed: The sum is out of range in every attempt."));
  }
}

TEST_F(RunTest, WatchStreamsJsonLinesOfWhichTheLastEnds) {
  p.coordinator.watches = {{RunningJob(), FinishedJob()}};
  const auto good = p.Run({"job", "watch", "digits", "--json"});
  std::istringstream lines(good.out);
  std::string first, second, third;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_THAT(first, HasSubstr(R"("state":"running")"));
  EXPECT_THAT(first, ::testing::EndsWith(R"("end":false})"));
  EXPECT_THAT(second, ::testing::EndsWith(R"("end":true})"));
  EXPECT_FALSE(std::getline(lines, third));
  p.coordinator.watches = {{FailedJob()}};
  EXPECT_THAT(p.Run({"job", "watch", "digits", "--json"}).out,
              ::testing::EndsWith("\"hint\":\"Ask the labs to check their nodes.\"},\"end\":true}\n"));
}

TEST_F(RunTest, CtrlCLeavesTheJobRunningAndSaysSo) {
  p.coordinator.watches = {{RunningJob()}};
  p.coordinator.on_watch = [&] { p.interrupt.request_stop(); };
  const auto ended = p.Run({"job", "watch", "digits"});
  EXPECT_EQ(ended.code, 130);
  EXPECT_THAT(ended.err, HasSubstr("The job goes on. Follow it: accord job watch 3f4041424344"));
}

TEST_F(RunTest, WaitGivesUpAtItsTimeout) {
  p.coordinator.watches = {{RunningJob()}};
  p.coordinator.holds_watch = true;
  const auto ended = p.Run({"job", "wait", "digits", "--timeout", "1ms"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("docs/errors/cli.timeout.md"));
}

TEST_F(RunTest, LogsEndTheirStream) {
  EXPECT_THAT(p.Run({"job", "logs", "digits"}).out, HasSubstr("node.trained"));
  EXPECT_THAT(p.Run({"job", "logs", "digits", "--json"}).out,
              ::testing::EndsWith("\"end\":false}\n{\"ok\":true,\"data\":null,\"end\":true}\n"));
}

// Each connection tells the whole log again, and a coordinator that restarted only what its journal keeps.
TEST_F(RunTest, AFollowedLogGoesOnAfterALostConnectionAndTellsEachLineOnce) {
  const rpc::LogLineView first{kNow, {1}, "", "round.phase", "p1_train"};
  const rpc::LogLineView second{kNow, {1}, "ke", "node.trained", "240 steps"};
  const rpc::LogLineView third{kNow + Millis(5), {1}, "", "round.committed", "3 survivors of 3"};
  p.coordinator.logs = {{first, second}, {first}, {first, second, third}};
  const auto ended = p.Run({"job", "logs", "digits", "--follow"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("warning: lost the coordinator, trying again: The connection broke."));
  EXPECT_GT(p.slept, Millis(0));
  for (const char* word : {"round.phase", "node.trained", "round.committed"}) {
    const auto at = ended.out.find(word);
    ASSERT_NE(at, std::string::npos) << ended.out;
    EXPECT_EQ(ended.out.find(word, at + 1), std::string::npos) << ended.out;
  }
  EXPECT_EQ(p.coordinator.ref, RunningJob().id.Hex()) << "asked by id from then on";
}

TEST_F(RunTest, AFollowedLogOfACoordinatorThatNeverAnsweredFailsAtOnce) {
  p.coordinator.failures = {Fail(errors::kNetUnreachable, "no answer")};
  EXPECT_EQ(p.Run({"job", "logs", "digits", "--follow"}).code, 2);
  EXPECT_EQ(p.slept, Millis(0));
}

TEST_F(RunTest, SteersJobs) {
  EXPECT_EQ(p.Run({"job", "cancel", "digits", "--reason", "a mistake"}).code, 0);
  EXPECT_EQ(p.coordinator.reason, "a mistake");
  EXPECT_EQ(p.Run({"job", "pause", "abcdef"}).code, 0);
  EXPECT_EQ(p.coordinator.ref, "abcdef");
  EXPECT_THAT(p.Run({"job", "resume", "abcdef"}).out, HasSubstr("secure: off"));
}

TEST_F(RunTest, ClonesAJobOrWritesItsPlan) {
  EXPECT_EQ(p.Run({"job", "clone", "digits"}).code, 0);
  EXPECT_EQ(p.coordinator.plan, "plan");
  ASSERT_EQ(p.coordinator.tokens.size(), 1U) << "a token of its own makes it another job";
  const std::string file = (p.dir / "plan.toml").string();
  EXPECT_THAT(p.Run({"job", "clone", "digits", "--out", file}).out, HasSubstr("accord job submit " + file));
  EXPECT_EQ(*ReadFile(file), (Bytes{'p', 'l', 'a', 'n'}));
  EXPECT_EQ(p.coordinator.tokens.size(), 1U) << "nothing is submitted";
  EXPECT_EQ(p.Run({"job", "clone", "digits", "--out", file}).code, 4) << "the file is there already";
}

TEST_F(RunTest, RetriesOnlyWhatFailedOrWasCancelled) {
  const auto running = p.Run({"job", "retry", "digits"});
  EXPECT_EQ(running.code, 1);
  EXPECT_THAT(running.err, HasSubstr("accord job clone"));
  EXPECT_TRUE(p.coordinator.tokens.empty());
  p.coordinator.job.state = job::Phase::kFailed;
  EXPECT_EQ(p.Run({"job", "retry", "digits"}).code, 0);
  EXPECT_EQ(p.coordinator.plan, "plan");
}

TEST_F(RunTest, MembersAreInvitedSuspendedAndRestored) {
  const auto invited = p.Run({"member", "invite", "ke", "--role", "node"});
  EXPECT_THAT(invited.out, StartsWith("accord1_AQ\n"));
  EXPECT_EQ(p.coordinator.invited, "node/ke");
  EXPECT_EQ(p.Run({"member", "invite", "Ke!", "--role", "node"}).code, 4);
  EXPECT_EQ(p.Run({"member", "suspend", "no"}).code, 0);
  EXPECT_EQ(p.coordinator.suspended, "-spiffe://demo.accord/node/no");
  EXPECT_EQ(p.Run({"member", "restore", "spiffe://demo.accord/node/ke"}).code, 0);
  EXPECT_EQ(p.coordinator.suspended, "+spiffe://demo.accord/node/ke");
  const auto unknown = p.Run({"member", "suspend", "nobody"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("accord member list"));
}

TEST_F(RunTest, ShowsTheRegistry) {
  const auto shown = p.Run({"member", "registry"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_THAT(shown.out, HasSubstr("demo.accord"));
  EXPECT_THAT(p.Run({"member", "registry", "--json"}).out, HasSubstr("\"version\":4"));
}

TEST_F(RunTest, ShowsNodesAndVersion) {
  EXPECT_THAT(p.Run({"node", "list"}).out, HasSubstr("not connected"));
  EXPECT_THAT(p.Run({"node", "show", "br"}).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(p.Run({"version"}).out, StartsWith("accord "));
  EXPECT_THAT(p.Run({}).out, HasSubstr("job"));
}

class DownloadTest : public RunTest {
 protected:
  DownloadTest() {
    for (int i = 0; i < 1'050; ++i) p.coordinator.blob.push_back(static_cast<std::uint8_t>(i * 7));
    out = (p.dir / "model.safetensors").string();
    const std::string hash = crypto::Sha256::Of(p.coordinator.blob).Hex();
    part = out + "." + hash.substr(0, 12) + ".part";
  }
  Program::Ended Download(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"model", "download", "digits", "--out", out};
    words.insert(words.end(), more.begin(), more.end());
    return p.Run(words);
  }
  [[nodiscard]] static std::string Content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::string Blob() const { return std::string(AsText(p.coordinator.blob)); }

  std::string out, part;
};

TEST_F(DownloadTest, WritesAndVerifiesTheModel) {
  const auto ended = Download();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("verified"));
  EXPECT_EQ(Content(out), Blob());
  EXPECT_FALSE(std::filesystem::exists(part));
}

TEST_F(DownloadTest, RefusesToReplaceAFileWithoutForce) {
  std::ofstream(out) << "mine";
  EXPECT_EQ(Download().code, 4);
  EXPECT_EQ(Content(out), "mine");
  EXPECT_EQ(Download({"--force"}).code, 0);
  EXPECT_EQ(Content(out), Blob());
}

TEST_F(DownloadTest, GoesOnWhereAnEarlierTryStopped) {
  std::ofstream(part, std::ios::binary) << Blob().substr(0, 300);
  EXPECT_EQ(Download().code, 0);
  EXPECT_EQ(p.coordinator.blob_offsets, (std::vector<std::uint64_t>{300}));
  EXPECT_EQ(Content(out), Blob());
}

TEST_F(DownloadTest, GoesOnThroughLostConnections) {
  p.coordinator.blob_breaks_after = 100;
  EXPECT_EQ(Download().code, 0);
  EXPECT_GE(p.coordinator.blob_offsets.size(), 10U);
  EXPECT_EQ(Content(out), Blob());
}

TEST_F(DownloadTest, KeepsThePartWhenTheCoordinatorStaysAway) {
  p.coordinator.failures.assign(20, Fail(errors::kNetUnreachable, "away"));
  p.coordinator.failures.push_front({});  // the list of models is answered
  EXPECT_EQ(Download().code, 2);
  EXPECT_TRUE(std::filesystem::exists(part));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(DownloadTest, DeletesBytesThatAreWrong) {
  std::ofstream(part, std::ios::binary) << "xx" << Blob().substr(2, 300);
  const auto ended = Download();
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("blob.checksum"));
  EXPECT_FALSE(std::filesystem::exists(part));
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(Download().code, 0);
}

TEST_F(DownloadTest, FindsModelsByHashJobAndName) {
  const std::string hash = crypto::Sha256::Of(p.coordinator.blob).Hex();
  for (const std::string& ref : {hash, hash.substr(0, 8), std::string("3f4041"), std::string("digits")})
    EXPECT_EQ(p.Run({"model", "download", ref, "--out", out, "--force"}).code, 0) << ref;
  EXPECT_EQ(p.Run({"model", "download", "3f40", "--out", out, "--force"}).code, 1)
      << "too short for a prefix";
  EXPECT_EQ(p.Run({"model", "download", "letters", "--out", out, "--force"}).code, 1);
}

}  // namespace
}  // namespace accord::cli
