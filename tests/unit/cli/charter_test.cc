// accord charter sign and pin: whose signature counts, and what is not lost on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/errors.h"
#include "base/file.h"
#include "charter/charter_file.h"
#include "ledger/dsse.h"
#include "ledger/signer.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/cli/fake_log.h"
#include "tests/unit/cli/fake_network.h"

namespace accord::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kWords = "correct horse battery";

struct CharterSignTest : ::testing::Test {
  Program program;
  const std::string draft = (program.dir / "draft.toml").string(),
                    file = (program.dir / "draft.json").string(), words = (program.dir / "words").string();

  CharterSignTest() {
    EXPECT_TRUE(WriteFileAtomic(words, AsBytes(kWords), FileMode::kPrivate).ok());
    for (const auto& [id, text] : KeyFiles())
      EXPECT_TRUE(WriteFileAtomic(KeyPath(id), AsBytes(text), FileMode::kPrivate).ok());
    Draft(charter::CharterOf({"ke", "rw", "ug"}));
  }
  // Encrypted once: it is slow on purpose.
  static const std::map<std::string, std::string>& KeyFiles() {
    static const std::map<std::string, std::string> files = [] {
      std::map<std::string, std::string> made;
      for (const char* id : {"ke", "rw", "ug", "xx"}) {
        const crypto::SoftwareKey key(charter::GovKeyOf(id));
        made[id] = ledger::KeyFile{charter::GovVkeyOf(id), "", key.Encrypt(AsBytes(kWords))}.Format();
      }
      return made;
    }();
    return files;
  }
  [[nodiscard]] std::string KeyPath(const std::string& id) const {
    return (program.dir / (id + ".key")).string();
  }
  void Draft(const charter::Charter& charter) {
    EXPECT_TRUE(WriteFileAtomic(draft, AsBytes(charter::FormatCharterFile(charter)), FileMode::kShared).ok());
  }
  Program::Ended Sign(const std::string& what, const std::string& id) {
    return program.Run({"charter", "sign", what, "--key", KeyPath(id), "--passphrase-file", words});
  }
  [[nodiscard]] std::size_t Signatures() const {
    return ledger::ParseEnvelope(*ReadFile(file)).value().signatures.size();
  }
};

TEST_F(CharterSignTest, AKeyOfNoMemberIsRefusedAndWritesNothing) {
  const auto first = Sign(draft, "xx");
  EXPECT_THAT(first.err, HasSubstr("docs/errors/entry.unsigned.md"));
  EXPECT_FALSE(std::filesystem::exists(file));
  ASSERT_EQ(Sign(draft, "ke").code, 0);
  EXPECT_NE(Sign(file, "xx").code, 0);
  EXPECT_EQ(Signatures(), 1U);
}

TEST_F(CharterSignTest, SigningTwiceIsOneSignature) {
  ASSERT_EQ(Sign(draft, "ke").code, 0);
  ASSERT_EQ(Sign(file, "rw").code, 0);
  const auto again = Sign(file, "ke");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(Signatures(), 2U);
  EXPECT_THAT(again.out, HasSubstr("not by        ug"));
}

TEST_F(CharterSignTest, ADraftSignedAgainKeepsWhatOthersHaveSigned) {
  ASSERT_EQ(Sign(draft, "ke").code, 0);
  ASSERT_EQ(Sign(draft, "rw").code, 0);
  EXPECT_EQ(Signatures(), 2U);
  charter::Charter other = charter::CharterOf({"ke", "rw", "ug"});
  other.not_after += charter::kDay;
  Draft(other);
  const auto refused = Sign(draft, "ug");
  EXPECT_THAT(refused.err, HasSubstr("another draft"));
  EXPECT_EQ(Signatures(), 2U);
}

TEST_F(CharterSignTest, ADraftThatNobodyElseHasSignedMayBeMended) {
  ASSERT_EQ(Sign(draft, "ke").code, 0);
  charter::Charter other = charter::CharterOf({"ke", "rw", "ug"});
  other.not_after += charter::kDay;
  Draft(other);
  ASSERT_EQ(Sign(draft, "ke").code, 0);
  EXPECT_EQ(Signatures(), 1U);
  const auto mended = charter::ParseCharterFile(*ReadFile(draft), draft, std::nullopt);
  EXPECT_EQ(ledger::ParseEnvelope(*ReadFile(file))->payload, charter::Encode(*mended));
}

TEST_F(CharterSignTest, FilesThatAreNotThereAreTheCommandLinesFault) {
  const auto key = Sign(draft, "nobody");
  EXPECT_THAT(key.err, HasSubstr("docs/errors/cli.file.md"));
  EXPECT_EQ(key.code, static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(Sign("nowhere.json", "ke").err, HasSubstr("docs/errors/cli.file.md"));
  ASSERT_TRUE(WriteFileAtomic(file, AsBytes("{\"payl"), FileMode::kShared).ok());
  EXPECT_THAT(Sign(file, "ke").err, HasSubstr("draft.json: "));
}

TEST(CharterPinTest, SaysWhichPinItReplaces) {
  Program program;
  ASSERT_EQ(program.JoinAlice().code, 0);
  const std::string one(64, '1'), two(64, '2');
  EXPECT_THAT(program.Run({"charter", "pin", one}).out, Not(HasSubstr("in place of")));
  EXPECT_THAT(program.Run({"charter", "pin", one}).out, Not(HasSubstr("in place of")));
  EXPECT_THAT(program.Run({"charter", "pin", two}).out, HasSubstr("in place of " + one));
  EXPECT_THAT(program.Run({"charter", "pin", "12"}).err, HasSubstr("64 digits"));
}

TEST(ProposalCreateTest, AsksForCertifiedData) {
  Program program;
  const auto refused = program.Run({"proposal", "create", "job.toml", "--key", "ke.key"});
  EXPECT_EQ(refused.code, static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(refused.err, HasSubstr("accord data list --json"));
}

// Else members would vote on a job that never begins.
TEST(ProposalCreateTest, AsksTheCoordinatorFirst) {
  ProgramWithLog program;
  const std::string job = (program.dir / "job.toml").string();
  ASSERT_TRUE(WriteFileAtomic(job, AsBytes("version = 1"), FileMode::kShared).ok());
  program.coordinator.validation = Fail(errors::kJobUnmasked, "secure = \"off\" would show every update");
  const auto refused = program.Ask(
      {"proposal", "create", job, "--key", "ke.key", "--data", "ke=sha256:" + std::string(64, '1')});
  EXPECT_THAT(refused.err, HasSubstr("docs/errors/job.unmasked.md"));
  EXPECT_TRUE(program.coordinator.appended.empty());
}

}  // namespace
}  // namespace accord::cli
