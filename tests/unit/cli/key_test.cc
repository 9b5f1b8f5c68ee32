// accord key, and the keys that commands sign with.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/signer.h"
#include "tests/unit/cli/fake_network.h"

namespace accord::cli {
namespace {

constexpr const char* kKeyPassphrase = "correct horse battery";

struct KeyTest : ::testing::Test {
  Program program;
  const std::string file = (program.dir / "ke.key").string();

  Program::Ended Create(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"key", "create", "--name", "fed.example/ke", "--out", file};
    words.insert(words.end(), more.begin(), more.end());
    return program.Run(words);
  }
};

TEST_F(KeyTest, IsMadeOnceAndShownWithoutThePassphrase) {
  program.typed = {kKeyPassphrase, kKeyPassphrase};
  const auto made = Create();
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out.find(kKeyPassphrase), std::string::npos);
  const auto text = ReadFile(file);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(AsText(*text).find("BEGIN PRIVATE KEY"), std::string_view::npos);
  const auto shown = program.Run({"key", "show", file});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_TRUE(shown.out.find("fed.example/ke+") != std::string::npos) << shown.out;
  EXPECT_EQ(program.asked.size(), 2U);
  program.typed = {kKeyPassphrase, kKeyPassphrase};
  EXPECT_NE(Create().err.find("exists"), std::string::npos);
  EXPECT_EQ(ReadFile(file).value(), *text);
}

TEST_F(KeyTest, APassphraseIsLongAndTypedTwiceAlike) {
  program.typed = {"short"};
  EXPECT_EQ(Create().code, static_cast<int>(ExitCode::kUsage));
  program.typed = {kKeyPassphrase, "another passphrase"};
  EXPECT_NE(Create().err.find("differ"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(KeyTest, APassphraseFileIsForItsOwnerAlone) {
  const auto secret = program.dir / "secret";
  ASSERT_TRUE(WriteFileAtomic(secret, AsBytes("correct horse battery\r\nmore\n"), FileMode::kShared).ok());
  EXPECT_NE(Create({"--passphrase-file", secret.string()}).err.find("docs/errors/key.exposed.md"),
            std::string::npos);
  std::filesystem::permissions(secret, std::filesystem::perms::owner_read);
  const auto made = Create({"--passphrase-file", secret.string(), "--kind", "p256"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_NE(made.out.find("ECDSA P-256"), std::string::npos);
}

TEST_F(KeyTest, CommandsSignWithIt) {
  program.typed = {kKeyPassphrase, kKeyPassphrase};
  ASSERT_EQ(Create().code, 0);
  const auto signer = [&](std::deque<std::string> typed) {
    program.typed = std::move(typed);
    return program.With([&](Session& session) { return OpenSigner(session, {.file = file}); });
  };
  const auto opened = signer({kKeyPassphrase});
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  ledger::Envelope envelope{"a/type", {1}, {}};
  ASSERT_TRUE(opened->Sign(envelope).ok());
  EXPECT_EQ(SignersOf(envelope, std::vector{opened->verifier()}).size(), 1U);
  EXPECT_EQ(signer({"wrong horse battery"}).status().error(), "key.passphrase");
  EXPECT_EQ(signer({}).status().error(), "cli.usage");
}

TEST_F(KeyTest, AFileThatNamesAnotherKeyIsRefused) {
  program.typed = {kKeyPassphrase, kKeyPassphrase};
  ASSERT_EQ(Create().code, 0);
  std::string text(AsText(*ReadFile(file)));
  const std::size_t pem = text.find("-----BEGIN");
  const std::string foreign =
      "accord-key v1\nvkey: example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n";
  ASSERT_TRUE(WriteFileAtomic(file, AsBytes(foreign + text.substr(pem)), FileMode::kPrivate).ok());
  program.typed = {kKeyPassphrase};
  const auto opened = program.With([&](Session& session) { return OpenSigner(session, {.file = file}); });
  EXPECT_EQ(opened.status().error(), "key.mismatch");
}

TEST(ReadSecretLineTest, TakesOneLineOfAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "first\nsecond\n", 13), 13);
  EXPECT_EQ(AsText(ReadSecretLine(ends[0])->view()), "first");
  EXPECT_EQ(AsText(ReadSecretLine(ends[0])->view()), "second");
  const std::string endless(kMaxSecretBytes + 1, 'a');
  ASSERT_EQ(::write(ends[1], endless.data(), endless.size()), static_cast<ssize_t>(endless.size()));
  EXPECT_EQ(ReadSecretLine(ends[0]).status().error(), "cli.usage");
  ::close(ends[1]);
  EXPECT_TRUE(ReadSecretLine(ends[0])->empty());
  ::close(ends[0]);
}

}  // namespace
}  // namespace accord::cli
