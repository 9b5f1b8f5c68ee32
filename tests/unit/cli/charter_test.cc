// accord charter sign, check, show and pin: whose signature counts, what is not lost on the way, and that
// people see all of what they sign.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

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

// ---------------------------------------------------------------- what it says

// A charter of days, as drafts say it.
charter::Charter Plain() {
  charter::Charter charter = charter::CharterOf({"ke", "rw", "ug"});
  charter.not_before = charter::kNow / charter::kDay * charter::kDay;
  charter.not_after = charter.not_before + 366 * charter::kDay;
  return charter;
}

struct CharterReviewTest : CharterSignTest {
  publish::ExampleLog log;
  charter::Charter next = Plain();
  const std::string old_ca = next.members[1].ca_keys[0].Hex(), new_ca = std::string(64, 'c');

  CharterReviewTest() {
    log.charter = Plain();
    log.Begin();
    EXPECT_EQ(program.JoinAlice().code, 0);
    Publish();
    next.members[1].ca_keys = {*Digest::FromHex(new_ca)};
    Draft(next);
  }
  void Publish() { Serve(program.coordinator, log, log.Head(log.entries.size(), {"ke", "rw", "ug"})); }
  [[nodiscard]] std::string Changed() const {
    return "Of version 1 it changes:\n\n[[member]] \"rw\"\n- ca = [\"" + old_ca + "\"]\n+ ca = [\"" + new_ca +
           "\"]\n\n";
  }
  // The file as another member gets it.
  void SignedByKe() {
    ASSERT_EQ(
        program
            .Run({"charter", "sign", draft, "--amends", "--key", KeyPath("ke"), "--passphrase-file", words})
            .code,
        0);
  }
};

TEST_F(CharterReviewTest, AFirstCharterIsShownWhole) {
  Draft(Plain());
  const std::string whole = "All that it says:\n\n" + charter::FormatCharterFile(Plain());
  EXPECT_THAT(program.Run({"charter", "check", draft}).out, HasSubstr(whole));
  EXPECT_THAT(Sign(draft, "ke").out, HasSubstr(whole));
  EXPECT_THAT(Sign(file, "rw").out, HasSubstr(whole));
  const auto json = nlohmann::json::parse(program.Run({"charter", "check", draft, "--json"}).out);
  EXPECT_TRUE(json["data"].at("changes").is_null());
}

TEST_F(CharterReviewTest, AnAmendmentShowsTheLinesThatItChanges) {
  const auto checked = program.Run({"charter", "check", draft, "--amends"});
  EXPECT_THAT(checked.out, HasSubstr(Changed()));
  EXPECT_THAT(checked.out, Not(HasSubstr("gov_keys")));
  SignedByKe();
  EXPECT_THAT(program.Run({"charter", "check", file}).out, HasSubstr(Changed()));
  const auto second = Sign(file, "rw");
  EXPECT_THAT(second.out, HasSubstr(Changed())) << "also to members who did not write it";
  EXPECT_EQ(second.err, "");
  EXPECT_EQ(Signatures(), 2U);
}

TEST_F(CharterReviewTest, APassphraseIsAskedForAfterwards) {
  SignedByKe();
  const std::vector<std::string> sign{"charter", "sign", file, "--key", KeyPath("rw")};
  const auto asked = program.Run(sign);
  EXPECT_NE(asked.code, 0) << "nobody typed one";
  EXPECT_EQ(program.asked.size(), 1U);
  EXPECT_THAT(asked.out, HasSubstr(Changed()));
  std::vector<std::string> json = sign;
  json.push_back("--json");
  EXPECT_THAT(program.Run(json).err, HasSubstr(Changed()));
}

TEST_F(CharterReviewTest, ChangesAreThereForScripts) {
  SignedByKe();
  const auto json = nlohmann::json::parse(
      program.Run({"charter", "sign", file, "--key", KeyPath("rw"), "--passphrase-file", words, "--json"})
          .out);
  const std::string member = "[[member]] \"rw\"";
  EXPECT_EQ(json["data"]["changes"], (nlohmann::json{{{"in", member}, {"was", "ca = [\"" + old_ca + "\"]"}},
                                                     {{"in", member}, {"is", "ca = [\"" + new_ca + "\"]"}}}));
}

TEST_F(CharterReviewTest, WhereTheVersionBeforeIsNotKnownAllIsShownWithAWarning) {
  SignedByKe();
  program.coordinator.failures = {Fail(errors::kNetUnreachable, "gone")};
  const auto alone = Sign(file, "rw");
  EXPECT_EQ(alone.code, 0) << alone.err;
  EXPECT_THAT(alone.err, HasSubstr("what version 2 changes is not known"));
  EXPECT_THAT(alone.out, HasSubstr("All that it says:\n\n" + charter::FormatCharterFile(next)));
  log.Amend(Plain());
  Publish();
  const auto late = Sign(file, "ug");
  EXPECT_THAT(late.err, HasSubstr("the log's newest charter is version 2"));
  EXPECT_THAT(late.out, HasSubstr("All that it says:"));
}

// What no draft says: a file that another program made.
TEST_F(CharterReviewTest, HidesNothingThatADraftCannotSay) {
  charter::Charter amended = Plain();
  amended.version = 2;
  amended.prev = log.record.chain().back().hash;
  amended.not_before += 1;
  amended.accepted_f = 1;
  amended.quorum = {3, 3, 3, 2, 1, 3};
  amended.revoked = {{std::string(charter::kRevokedNode), "a\x1b[2J", 7}};
  const std::string entry = ledger::EncodeEnvelope(charter::Signed(amended, {"ke"}));
  ASSERT_TRUE(WriteFileAtomic(file, AsBytes(entry), FileMode::kShared).ok());
  const std::string shown = program.Run({"charter", "check", file}).out;
  EXPECT_THAT(shown, HasSubstr("+ i_accept_f = 1\n"));
  EXPECT_THAT(shown, HasSubstr("- not_before = " + std::to_string(Plain().not_before) + "\n"));
  EXPECT_THAT(shown, HasSubstr("+ revoked/0/id = \"a\\u001b[2J\"\n"));
  EXPECT_THAT(shown, Not(HasSubstr("\x1b")));
  EXPECT_THAT(shown, Not(HasSubstr("members/")));
}

TEST_F(CharterReviewTest, ShowMarksAnEmergencySuspension) {
  EXPECT_THAT(program.Run({"charter", "show"}).out, Not(HasSubstr("emergency")));
  next = Plain();
  next.version = 2;
  next.prev = log.record.chain().back().hash;
  next.members[1].suspended = true;
  next.not_after = next.not_before + 14 * charter::kDay;
  log.Add(charter::Signed(next, {"ke"}));
  Publish();
  const auto shown = program.Run({"charter", "show"});
  EXPECT_THAT(shown.out, HasSubstr("emergency     suspends rw until 2027-01-29T00:00:00")) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("then version 1 holds again"));
  EXPECT_EQ(nlohmann::json::parse(program.Run({"charter", "show", "--json"}).out)["data"]["emergency"], true);
}

// ---------------------------------------------------------------- others

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
