// accord publish: pages that are there whole, in a directory that is nobody else's.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "tests/unit/cli/fake_log.h"

namespace accord::cli {
namespace {

struct PublishTest : ::testing::Test {
  ProgramWithLog program;
  const std::filesystem::path out = program.dir / "site";

  Program::Ended Make(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"publish", "--out", out.string()});
    return program.Ask(more);
  }
  [[nodiscard]] std::string Page(const std::string& name) const {
    const auto bytes = ReadFile(out / name);
    return bytes.ok() ? std::string(AsText(*bytes)) : "";
  }
  [[nodiscard]] std::size_t Beside() const {  // files and directories beside the site
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(program.dir / ".")) ++count;
    return count;
  }
};

TEST_F(PublishTest, WritesPagesAndReplacesThem) {
  const auto made = Make();
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out,
            "Wrote " + out.string() + ": 13 files, of the log's first 1 entries. Begin with index.html.\n");
  const std::size_t beside = Beside();
  const Digest job = program.log.Propose();
  const auto again = Make({"--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(nlohmann::json::parse(again.out)["data"]["size"], "2");
  EXPECT_NE(Page("proposal-" + job.Hex() + ".html"), "");
  EXPECT_EQ(Beside(), beside) << "nothing is left beside it";
}

TEST_F(PublishTest, NamesWhatIsProposed) {
  const std::string plan(publish::kExamplePlan);
  const Digest job = program.log.Propose(7, "ke", plan);
  ASSERT_EQ(Make().code, 0) << "a job file that is not there";
  EXPECT_EQ(Page("proposals.html").find("digits"), std::string::npos);
  PutText(program.coordinator, "plan/" + crypto::Sha256::Of(plan).Hex(), plan);
  ASSERT_EQ(Make().code, 0);
  EXPECT_NE(Page("proposals.html").find("digits"), std::string::npos);
  EXPECT_NE(Page("proposal-" + job.Hex() + ".html").find("min_survivors = 3"), std::string::npos);
}

TEST_F(PublishTest, TouchesNothingThatItDidNotWrite) {
  std::filesystem::create_directories(out);
  std::ofstream(out / "thesis.txt") << "the only copy";
  EXPECT_NE(Make().err.find("cli.exists"), std::string::npos);
  std::filesystem::remove(out / "thesis.txt");
  ASSERT_EQ(Make().code, 0) << "an empty directory is as none";
  std::ofstream(out / "thesis.txt") << "the only copy";
  EXPECT_NE(Make().err.find("cli.exists"), std::string::npos);
  EXPECT_EQ(Page("thesis.txt"), "the only copy");
  std::filesystem::remove(out / "thesis.txt");
  std::filesystem::create_directories(out / "style.css.d");
  EXPECT_NE(Make().err.find("cli.exists"), std::string::npos);
}

TEST_F(PublishTest, SpeaksAsItIsTold) {
  const auto printed = program.Run({"publish", "--print-texts"});
  ASSERT_EQ(printed.code, 0);
  const std::string texts = (program.dir / "sw.toml").string();
  std::ofstream(texts) << printed.out << "\n";
  ASSERT_EQ(Make({"--texts", texts}).code, 0);
  std::ofstream(texts) << "\"nav.index\" = \"Muhtasari\"\n";
  ASSERT_EQ(Make({"--texts", texts}).code, 0);
  EXPECT_NE(Page("index.html").find("Muhtasari"), std::string::npos);
  std::ofstream(texts) << "nothing";
  EXPECT_EQ(Make({"--texts", texts}).code, static_cast<int>(ExitCode::kUsage));
  EXPECT_EQ(program.Run({"publish"}).code, static_cast<int>(ExitCode::kUsage));
}

TEST_F(PublishTest, PublishesNoLogThatIsNotProven) {
  Serve(program.coordinator, program.log, program.log.Head(1, {"be"}));
  const auto ended = program.Run({"publish", "--out", out.string()});
  EXPECT_NE(ended.err.find("log.quorum"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace accord::cli
