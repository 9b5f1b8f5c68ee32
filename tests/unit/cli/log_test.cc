// accord log: what is remembered of it over runs, how it is followed, and how a copy is verified.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/public_log.h"
#include "ledger/witness.h"
#include "tests/unit/cli/fake_log.h"

namespace accord::cli {
namespace {

using charter::kNow;
using nlohmann::json;

struct SeenLogTest : ::testing::Test {
  ProgramWithLog program;

  SeenLogTest() {
    for (std::uint8_t i = 1; i < 5; ++i) program.log.Propose(i);
  }
  [[nodiscard]] std::filesystem::path Seen() const {
    for (const auto& one : std::filesystem::directory_iterator(program.dir / "home" / "logs"))
      return one.path();
    return {};
  }
  [[nodiscard]] std::map<std::string, std::string> Evidence() const {
    std::map<std::string, std::string> files;
    std::error_code none;
    for (const auto& one : std::filesystem::directory_iterator(Seen() / "evidence", none))
      files[one.path().extension()] = std::string(AsText(*ReadFile(one.path())));
    return files;
  }
  // Another log of the same key, from the third entry on.
  [[nodiscard]] publish::ExampleLog Fork(int entries) const {
    publish::ExampleLog fork;
    fork.Begin();
    fork.Propose(1);
    for (int i = 2; i < entries; ++i) fork.Propose(static_cast<std::uint8_t>(100 + i));
    return fork;
  }
  Program::Ended Verify() { return program.Run({"log", "verify", "--json"}); }
  [[nodiscard]] std::string Refusal() {
    const json said = json::parse(Verify().out);
    return said["ok"] ? "" : said["error"]["code"];
  }
};

TEST_F(SeenLogTest, ALogMayGrow) {
  Serve(program.coordinator, program.log);
  EXPECT_EQ(Refusal(), "");
  EXPECT_EQ(Refusal(), "");
  program.log.Propose(9);
  Serve(program.coordinator, program.log);
  EXPECT_EQ(Refusal(), "");
  EXPECT_EQ(AsText(*ReadFile(Seen() / "checkpoint")), program.log.Head().Format());
}

TEST_F(SeenLogTest, FindsALogThatWentBackBetweenTwoRuns) {
  Serve(program.coordinator, program.log);
  ASSERT_EQ(Refusal(), "");
  Serve(program.coordinator, program.log, program.log.Head(3, {"be", "ke", "np", "pe"}));
  EXPECT_EQ(Refusal(), "log.rollback");
  const auto evidence = Evidence();
  EXPECT_EQ(evidence.at(".known"), program.log.Head().Format());
  EXPECT_EQ(evidence.at(".shown"), program.log.Head(3, {"be", "ke", "np", "pe"}).Format());
  Serve(program.coordinator, program.log);
  EXPECT_EQ(Refusal(), "") << "it is whole again";
}

TEST_F(SeenLogTest, FindsTwoLogsOfOneSize) {
  Serve(program.coordinator, program.log);
  ASSERT_EQ(Refusal(), "");
  publish::ExampleLog fork = Fork(5);
  Serve(program.coordinator, fork);
  EXPECT_EQ(Refusal(), "log.split");
  EXPECT_EQ(Evidence().at(".shown"), fork.Head().Format());
  // Also when nobody cosigned it, and when the entries served are still those of the first.
  Serve(program.coordinator, program.log);
  PutText(program.coordinator, "checkpoint", fork.Head(5, {}).Format());
  EXPECT_EQ(Refusal(), "log.split");
  EXPECT_EQ(AsText(*ReadFile(Seen() / "checkpoint")), program.log.Head().Format()) << "nothing is unlearnt";
}

TEST_F(SeenLogTest, FindsALongerLogWithOtherEntriesAndKeepsTheProof) {
  Serve(program.coordinator, program.log);
  ASSERT_EQ(Refusal(), "");
  const publish::ExampleLog fork = Fork(8);
  Serve(program.coordinator, fork);
  EXPECT_EQ(Refusal(), "log.split");
  // What is kept stands alone: a witness that knows the first head refuses the second with this proof.
  const auto evidence = Evidence();
  ASSERT_TRUE(evidence.contains(".proof"));
  const auto known = ledger::Checkpoint::Parse(ledger::Note::Parse(evidence.at(".known"))->text);
  const auto decision = ledger::DecideAddCheckpoint(evidence.at(".proof"), [&](std::string_view) {
    return ledger::WitnessedLog{{*program.log.charter.log}, {known->size, known->root}};
  });
  EXPECT_EQ(decision.verdict, ledger::WitnessVerdict::kInconsistent) << decision.why;
}

TEST_F(SeenLogTest, RemembersNothingThatIsNotVerified) {
  Serve(program.coordinator, program.log, program.log.Head(5, {"be", "ke", "np"}));
  EXPECT_EQ(Refusal(), "log.quorum");
  EXPECT_FALSE(std::filesystem::exists(program.dir / "home" / "logs"));
  Serve(program.coordinator, program.log);
  PutText(program.coordinator, "checkpoint", Fork(5).Head().Format());
  EXPECT_EQ(Refusal(), "log.proof");
}

TEST_F(SeenLogTest, AnotherFederationsLogIsNoSplit) {
  Serve(program.coordinator, program.log);
  ASSERT_EQ(Refusal(), "");
  publish::ExampleLog other;
  other.charter.log_origin = "else.example/log";
  other.charter.log = ledger::LogKey("else.example/log", charter::KeyOf("log").PublicKey());
  other.Begin();
  Serve(program.coordinator, other);
  EXPECT_EQ(Refusal(), "checkpoint.origin");
  EXPECT_TRUE(Evidence().empty());
}

// ---------------------------------------------------------------- a copy

// The files that the coordinator serves, in a directory; nothing was joined.
struct LogCopyTest : ::testing::Test {
  publish::ExampleLog log;
  Program program;
  const std::filesystem::path copy = program.dir / "copy";
  const std::string genesis = log.Begin().Hex();

  LogCopyTest() {
    for (std::uint8_t i = 1; i < 5; ++i) log.Propose(i);
    Write();
  }
  void Write() {
    Serve(program.coordinator, log);
    for (const auto& [path, content] : program.coordinator.resources) {
      std::filesystem::create_directories((copy / path).parent_path());
      EXPECT_TRUE(WriteFileAtomic(copy / path, content, FileMode::kShared).ok());
    }
  }
  Program::Ended Verify(const std::string& charter) {
    return program.Run({"log", "verify", "--dir", copy.string(), "--charter", charter});
  }
};

TEST_F(LogCopyTest, IsVerifiedWithoutAConnection) {
  const auto ended = Verify(genesis);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_NE(ended.out.find("entries    5,"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find(genesis + ", as given"), std::string::npos) << ended.out;
  EXPECT_EQ(program.coordinator.connects, 0);
}

TEST_F(LogCopyTest, IsRefusedWithAnotherCharterWithoutWitnessesAndWithAnotherByte) {
  EXPECT_NE(Verify(std::string(64, '1')).err.find("charter.genesis"), std::string::npos);
  EXPECT_NE(Verify("12").err.find("cli.usage"), std::string::npos);
  const std::string few = log.Head(5, {"be", "ke", "np"}).Format();
  ASSERT_TRUE(WriteFileAtomic(copy / "checkpoint", AsBytes(few), FileMode::kShared).ok());
  EXPECT_NE(Verify(genesis).err.find("log.quorum"), std::string::npos);
  Write();
  const auto bundle = copy / ledger::TileAt(5, std::nullopt, 0)->Path();
  Bytes bytes = *ReadFile(bundle);
  bytes.back() ^= 1;
  ASSERT_TRUE(WriteFileAtomic(bundle, bytes, FileMode::kShared).ok());
  EXPECT_NE(Verify(genesis).err.find("log.proof"), std::string::npos);
  std::filesystem::remove(bundle);
  EXPECT_NE(Verify(genesis).err.find("log.not_found"), std::string::npos);
}

// Else a copy would be held to whatever charter it begins with.
TEST_F(LogCopyTest, IsNotVerifiedWithoutACharter) {
  EXPECT_EQ(program.Run({"log", "verify", "--dir", copy.string()}).code, static_cast<int>(ExitCode::kUsage));
  EXPECT_EQ(program.Run({"log", "verify", "--charter", genesis}).code, static_cast<int>(ExitCode::kUsage));
  EXPECT_EQ(Verify("").code, static_cast<int>(ExitCode::kUsage));
}

TEST_F(LogCopyTest, ReadsNothingOutsideOfItself) {
  std::filesystem::rename(copy / "checkpoint", program.dir / "elsewhere");
  std::filesystem::create_symlink(program.dir / "elsewhere", copy / "checkpoint");
  EXPECT_NE(Verify(genesis).err.find("cli.file"), std::string::npos);
  LogCopy files(copy);
  EXPECT_EQ(files.Read("../elsewhere").status().error(), "cli.file");
  EXPECT_EQ(files.Read("tile/../../elsewhere").status().error(), "cli.file");
}

// ---------------------------------------------------------------- watching

struct LogWatchTest : SeenLogTest {
  std::vector<std::function<void()>> steps;  // what happens in each wait; then Ctrl-C
  std::size_t waits = 0;

  Program::Ended Watch(std::vector<std::string> more = {}) {
    Serve(program.coordinator, program.log);
    program.on_sleep = [this] {
      waits < steps.size() ? steps[waits]() : void(program.interrupt.request_stop());
      ++waits;
    };
    more.insert(more.begin(), {"log", "watch"});
    return program.Run(more);
  }
  void Grow() { Serve(program.coordinator, program.log); }
};

TEST_F(LogWatchTest, TellsWhatComesUntilItIsStopped) {
  const Digest job = program.log.Propose(9);
  steps = {[] {},
           [&] {
             program.log.Vote(job, "ke");
             program.log.Vote(job, "rw", false, "be");
             Grow();
           },
           [] {}};
  const auto ended = Watch();
  EXPECT_EQ(ended.code, 0) << ended.err;
  const std::string id = job.Hex().substr(0, 12);
  EXPECT_EQ(ended.out, "log fed.example/log: 6 entries, cosigned by 4\n     6  ke voted approve on " + id +
                           "\n     7  not signed by rw, so it says nothing: rw voted reject on " + id + "\n");
  EXPECT_EQ(AsText(*ReadFile(Seen() / "checkpoint")), program.log.Head().Format());
}

TEST_F(LogWatchTest, StreamsForScripts) {
  steps = {[&] {
    program.log.Propose(9);
    Grow();
  }};
  std::istringstream lines(Watch({"--from", "4", "--json"}).out);
  std::vector<json> items;
  for (std::string line; std::getline(lines, line);) items.push_back(json::parse(line));
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[0]["data"]["event"], "head");
  EXPECT_EQ(items[1]["data"]["index"], 4);
  EXPECT_EQ(items[2]["data"]["size"], 6);
  EXPECT_EQ(items[3]["data"]["kind"], "proposal");
  EXPECT_EQ(items[3]["data"]["signers"], json({"ke"}));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(items[i]["end"], false);
  EXPECT_EQ(items[4]["end"], true);
}

TEST_F(LogWatchTest, NamesASplitAndARollbackAndEnds) {
  steps = {[&] { Serve(program.coordinator, Fork(9)); }};
  const auto split = Watch();
  EXPECT_EQ(split.code, static_cast<int>(ExitCode::kConnection));
  EXPECT_NE(split.err.find("log.split"), std::string::npos) << split.err;
  EXPECT_NE(split.err.find(".*: heads that contradict each other"), std::string::npos) << split.err;
  waits = 0;
  steps = {[&] { Serve(program.coordinator, program.log, program.log.Head(2, {"be", "ke", "np", "pe"})); }};
  EXPECT_NE(Watch().err.find("log.rollback"), std::string::npos);
}

TEST_F(LogWatchTest, GoesOnAfterALostConnection) {
  steps = {[&] { program.coordinator.failures = {Fail(errors::kNetUnreachable, "gone")}; }, [] {},
           [&] {
             program.log.Propose(9);
             Grow();
           }};
  const auto ended = Watch();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_NE(ended.err.find("lost the coordinator"), std::string::npos);
  EXPECT_NE(ended.out.find("     5  ke proposed"), std::string::npos) << ended.out;
}

}  // namespace
}  // namespace accord::cli
