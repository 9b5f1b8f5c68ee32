// accord data: from a directory to a certificate, and back.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "dataset/description.h"
#include "tests/unit/cli/fake_network.h"
#include "tests/unit/dataset/examples.h"

namespace accord::cli {
namespace {

constexpr const char* kPassphrase = "correct horse battery";

struct DataTest : ::testing::Test {
  Program program;
  const std::filesystem::path data = program.dir / "news";
  const std::string key = (program.dir / "ke.key").string();
  const std::string about = (program.dir / "about.toml").string();
  const std::string out = data.string() + ".certificate";
  std::string vkey;

  DataTest() {
    program.clock.now = TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 12 / 1).time_since_epoch());
    Put("a/one.txt", "hello");
    Put("two.txt", "world");
    std::ofstream(about) << dataset::kExampleAbout;
    program.typed = {kPassphrase, kPassphrase};
    const auto made = program.Run({"--json", "key", "create", "--name", "fed.example/ke", "--out", key});
    vkey = nlohmann::json::parse(made.out)["data"]["vkey"];
  }
  void Put(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories((data / path).parent_path());
    std::ofstream(data / path) << content;
  }
  Program::Ended Certify(const std::vector<std::string>& more = {}, const std::string& input = "") {
    program.typed = {kPassphrase};
    std::vector<std::string> words{"data",      "certify", data.string(), "--member", "ke",
                                   "--dataset", "news",    "--key",       key};
    words.insert(words.end(), more.begin(), more.end());
    return program.Run(words, input);
  }
  Program::Ended Verify(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"data", "verify", out, data.string(), "--vkey", vkey};
    words.insert(words.end(), more.begin(), more.end());
    return program.Run(words);
  }
};

std::string TextOf(const std::string& file) { return std::string(AsText(*ReadFile(file))); }
bool Says(const std::string& text, const std::string& word) { return text.find(word) != std::string::npos; }

TEST_F(DataTest, WhatIsCertifiedIsVerified) {
  const auto made = Certify({"--about", about});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(Says(made.out, std::string(dataset::kLimit)));
  const auto verified = Verify();
  EXPECT_EQ(verified.code, 0) << verified.err;
  EXPECT_TRUE(Says(verified.out, std::string(dataset::kLimit)));
  EXPECT_TRUE(Says(verified.out, "the content of all"));
  EXPECT_TRUE(Says(Verify({"--sample", "1"}).out, "the content of 1 "));
  const auto shown = program.Run({"data", "show", out});
  EXPECT_EQ(shown.code, 0);
  EXPECT_TRUE(Says(shown.out, "Nothing was verified"));
  EXPECT_FALSE(Says(TextOf(out + "/croissant.json"), "one.txt")) << "names of files stay with their holder";
  EXPECT_FALSE(Says(TextOf(out + "/certificate.json"), "one.txt"));
}

TEST_F(DataTest, NamesWhatDiffers) {
  ASSERT_EQ(Certify({"--about", about}).code, 0);
  Put("two.txt", "World");
  Put("three", "");
  const auto ended = Verify();
  EXPECT_EQ(ended.code, static_cast<int>(ExitCode::kConnection));
  EXPECT_TRUE(Says(ended.err, "two.txt: of other content") && Says(ended.err, "three: not certified"))
      << ended.err;
}

TEST_F(DataTest, RefusesWhatNobodyVouchesFor) {
  ASSERT_EQ(Certify({"--about", about}).code, 0);
  const std::string other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  EXPECT_TRUE(
      Says(program.Run({"data", "verify", out, data.string(), "--vkey", other}).err, "dataset.signature"));
  EXPECT_EQ(program.Run({"data", "verify", out, data.string()}).code, static_cast<int>(ExitCode::kUsage));
  program.clock.now += Millis(2LL * 366 * 86'400'000);
  EXPECT_TRUE(Says(Verify().err, "dataset.expired"));
}

TEST_F(DataTest, RefusesAnotherDescriptionOrManifest) {
  ASSERT_EQ(Certify({"--about", about}).code, 0);
  std::ofstream(out + "/croissant.json", std::ios::app) << " ";
  EXPECT_TRUE(Says(Verify().err, "dataset.croissant"));
  std::filesystem::remove(out + "/croissant.json");
  EXPECT_EQ(Verify().code, 0) << "the description may be elsewhere";
  std::ofstream(out + "/manifest.txt", std::ios::app) << "\n";
  EXPECT_TRUE(Says(Verify().err, "dataset.manifest"));
}

TEST_F(DataTest, AsksWhatIsNotInAFile) {
  std::string answers;
  for (const dataset::Question& question : dataset::Questions()) {
    using Kind = dataset::Question::Kind;
    if (question.kind == Kind::kDay) answers += "never\n";  // asked again
    answers += !question.otherwise.empty()      ? ""
               : question.kind == Kind::kDay    ? "2027-06-30"
               : question.kind == Kind::kNumber ? "7"
               : question.key == "url"          ? "https://example.org"
               : question.kind == Kind::kList   ? "sw"
                                                : "Something";
    answers += "\n";
  }
  const auto made = Certify({}, answers);
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(Says(made.err, "That is no answer."));
  EXPECT_TRUE(Says(TextOf(out + "/about.toml"), "records = 7"));
  EXPECT_EQ(Verify().code, 0);
  const auto ended = Certify({"--out", (program.dir / "other").string()}, "A name\n");
  EXPECT_EQ(ended.code, static_cast<int>(ExitCode::kUsage));
  EXPECT_TRUE(Says(ended.err, "\"description\""));
}

TEST_F(DataTest, LeavesNothingBehindWhereItFails) {
  EXPECT_EQ(Certify({"--about", about, "--out", (data / "cert").string()}).code,
            static_cast<int>(ExitCode::kUsage));
  std::filesystem::create_symlink("one.txt", data / "a/link");
  EXPECT_TRUE(Says(Certify({"--about", about}).err, "walk.refused"));
  EXPECT_FALSE(std::filesystem::exists(out));
  std::filesystem::remove(data / "a/link");
  ASSERT_EQ(Certify({"--about", about}).code, 0);
  EXPECT_TRUE(Says(Certify({"--about", about}).err, "cli.exists"));
}

TEST_F(DataTest, SupersedesAnotherOfTheSameSet) {
  ASSERT_EQ(Certify({"--about", about}).code, 0);
  const std::string next = (program.dir / "next").string();
  const auto made = Certify({"--about", about, "--supersedes", out, "--out", next, "--json"});
  ASSERT_EQ(made.code, 0) << made.err;
  const auto first = nlohmann::json::parse(program.Run({"--json", "data", "show", out}).out)["data"];
  const auto second = nlohmann::json::parse(made.out)["data"];
  EXPECT_EQ(second["certificate"]["supersedes"], first["certificate_sha256"]);
  const auto other =
      Certify({"--about", about, "--supersedes", next, "--dataset", "radio", "--out", next + "2"});
  EXPECT_NE(other.code, 0);
}

}  // namespace
}  // namespace accord::cli
