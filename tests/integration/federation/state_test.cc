// A coordinator's state looked after: backed up while it serves, checked, and damaged in every place where
// accordd fsck must find it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <latch>

#include "base/errors.h"
#include "config/coordinator_config.h"
#include "coordinator/backup.h"
#include "coordinator/coordinator.h"
#include "coordinator/fsck.h"
#include "coordinator/identity.h"
#include "crypto/x509.h"
#include "store/blobs.h"
#include "store/sqlite.h"
#include "store/state_dir.h"
#include "tests/integration/federation/federation.h"

namespace accord::testing {
namespace {

namespace fs = std::filesystem;
using coordinator::CheckState;
using coordinator::Damage;
using coordinator::StateReport;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

StateReport Checked(const fs::path& state) {
  auto report = CheckState(state);
  EXPECT_TRUE(report.ok()) << Describe(report.status());
  return *std::move(report);
}

// The state of a finished job, to be damaged in copies.
class DamageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = std::make_unique<TempDir>();
    Federation federation;
    for (const char* name : {"ke", "br", "no"}) federation.AddNode(name);
    const auto job = federation.Submit(JobText());
    const rpc::JobView end = federation.WaitForEnd(*job);
    model_ = end.model_hash;
    const auto made = coordinator::BackUp(federation.config().store.state, *dir_ / "good");
    ASSERT_TRUE(made.ok()) << Describe(made.status());
  }
  static void TearDownTestSuite() { dir_.reset(); }

  DamageTest() { fs::copy(*dir_ / "good", state_.path(), fs::copy_options::recursive); }

  void Exec(const fs::path& file, const char* sql) {
    auto db = store::Database::Open(file, store::Database::Mode::kWrite);
    ASSERT_TRUE(db.ok() && db->Exec(sql).ok());
  }
  static void FlipByte(const fs::path& file, std::streamoff at) {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(at);
    const char was = static_cast<char>(bytes.get());
    bytes.seekp(at);
    bytes.put(static_cast<char>(was ^ 1));
    ASSERT_TRUE(bytes.good());
  }
  [[nodiscard]] fs::path BlobFile(const Digest& digest) const {
    return store::Blobs::OpenToRead(paths_.blobs_dir())->PathOf(digest);
  }

  static std::unique_ptr<TempDir> dir_;
  static Digest model_;
  TempDir state_;
  const store::StatePaths paths_{state_.path()};
};
std::unique_ptr<TempDir> DamageTest::dir_;
Digest DamageTest::model_;

TEST_F(DamageTest, ASoundStateHasNone) {
  const StateReport report = Checked(state_.path());
  EXPECT_THAT(report.damage, IsEmpty());
  EXPECT_THAT(report.jobs, ElementsAre(AllOf(Field(&StateReport::Job::name, "toy"),
                                             Field(&StateReport::Job::standing, "finished"))));
  EXPECT_GT(report.records, 10U);
  EXPECT_EQ(report.blobs, 1U) << "the model; sums are let go of";
  EXPECT_EQ(report.members, 4U);
  EXPECT_EQ(report.registries, 4U) << "one for each node that joined, and the first";
}

TEST_F(DamageTest, AModelThatIsDamagedOrGoneIsNamedWithItsJob) {
  FlipByte(BlobFile(model_), 100);
  const auto named = [&] {
    return ElementsAre(AllOf(Field(&Damage::place, BlobFile(model_).string()),
                             Field(&Damage::what, HasSubstr("the newest model of job toy")),
                             Field(&Damage::remedy, HasSubstr("SHA-256")), Field(&Damage::serious, true)));
  };
  EXPECT_THAT(Checked(state_.path()).damage, named());
  fs::remove(BlobFile(model_));
  EXPECT_THAT(Checked(state_.path()).damage, named());
}

TEST_F(DamageTest, ABlobThatNobodyNeedsIsNoHarm) {
  Digest stray;
  stray.bytes.fill(7);
  fs::create_directories(BlobFile(stray).parent_path());
  std::ofstream(BlobFile(stray)) << "not what its name says";
  EXPECT_THAT(
      Checked(state_.path()).damage,
      ElementsAre(AllOf(Field(&Damage::serious, false), Field(&Damage::remedy, HasSubstr("removes it")))));
}

TEST_F(DamageTest, RecordsAreNamedByTheirPlaceAndTheJobByWhatIsWholeBefore) {
  Exec(paths_.journal_file(), "UPDATE records SET record = x'00' WHERE id % 4294967296 = 5");
  StateReport report = Checked(state_.path());
  EXPECT_THAT(report.damage,
              ElementsAre(AllOf(Field(&Damage::what, HasSubstr("record 5 is damaged or missing")),
                                Field(&Damage::serious, true))));
  EXPECT_THAT(report.jobs,
              ElementsAre(Field(&StateReport::Job::standing,
                                AllOf(HasSubstr("running: round 1"), EndsWith("before the damage")))));
  Exec(paths_.journal_file(), "DELETE FROM records WHERE id % 4294967296 BETWEEN 5 AND 8");
  report = Checked(state_.path());
  EXPECT_THAT(report.damage,
              ElementsAre(Field(&Damage::what, HasSubstr("records 5 to 8 are damaged or missing"))));
}

TEST_F(DamageTest, AJobWithoutItsSubmissionIsUnreadable) {
  Exec(paths_.journal_file(), "DELETE FROM records WHERE id % 4294967296 = 0");
  const StateReport report = Checked(state_.path());
  ASSERT_EQ(report.damage.size(), 2U);
  EXPECT_THAT(report.damage[1].what, HasSubstr("the submission is missing"));
}

TEST_F(DamageTest, FilesThatSqliteCannotReadAreFound) {
  for (const fs::path& file : {paths_.journal_file(), paths_.members_file()}) {
    const auto size = static_cast<std::streamoff>(fs::file_size(file));
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(4096);
    bytes << std::string(static_cast<std::size_t>(size) - 4096, 'x');
  }
  std::vector<std::string> places;
  for (const Damage& damage : Checked(state_.path()).damage) {
    if (damage.serious) places.push_back(damage.place.substr(0, damage.place.find(',')));
  }
  EXPECT_THAT(places, ::testing::Contains(paths_.journal_file().string()));
  EXPECT_THAT(places, ::testing::Contains(paths_.members_file().string()));
}

TEST_F(DamageTest, ARegistryThatIsNotWhatItsNameSaysIsFound) {
  for (const auto& file : fs::directory_iterator(paths_.registry_dir())) {
    if (fs::file_size(file.path()) > 200) FlipByte(file.path(), 100);
  }
  EXPECT_FALSE(Checked(state_.path()).damage.empty());
}

TEST_F(DamageTest, NothingOfDamageIsBackedUp) {
  FlipByte(BlobFile(model_), 100);
  EXPECT_EQ(coordinator::BackUp(state_.path(), *dir_ / "bad").status().error(), errors::kStoreCorrupt.id);
  EXPECT_FALSE(fs::exists(*dir_ / "bad"));
  EXPECT_FALSE(fs::exists(*dir_ / "bad.partial"));
}

TEST_F(DamageTest, ABackupNeverGoesOverAnother) {
  EXPECT_EQ(coordinator::BackUp(state_.path(), *dir_ / "good").status().error(), errors::kCliExists.id);
  EXPECT_THAT(Checked(*dir_ / "good").damage, IsEmpty());
}

TEST_F(DamageTest, AMissingRegistryIsMadeAnew) {
  fs::remove_all(paths_.registry_dir());
  EXPECT_THAT(Checked(state_.path()).damage, ElementsAre(Field(&Damage::serious, false)));
}

TEST_F(DamageTest, WhatIsNoStateIsAFailure) {
  EXPECT_EQ(store::StateDir::CheckUnused(*dir_ / "nowhere").error(), errors::kCliFile.id);
  EXPECT_EQ(CheckState(*dir_ / "nowhere").status().error(), errors::kIdentityMissing.id);
}

TEST_F(DamageTest, AMissingOrAForeignKeyOfTheCaIsFound) {
  const coordinator::IdentityPaths ca(state_.path());
  fs::remove(ca.ca_key);
  EXPECT_THAT(Checked(state_.path()).damage,
              ElementsAre(AllOf(Field(&Damage::serious, true), Field(&Damage::place, ca.ca_key.string()))));
  ASSERT_TRUE(crypto::P256Key::Generate().Save(ca.ca_key).ok());
  EXPECT_THAT(Checked(state_.path()).damage,
              ElementsAre(AllOf(Field(&Damage::serious, true), Field(&Damage::place, ca.ca_key.string()))));
}

// As where the disk of the state is not mounted: a restore has to find the directory as it was.
TEST(StartTest, MakesNothingWhereThereIsNoFederation) {
  TempDir dir;
  config::CoordinatorConfig config;
  config.store.state = dir.path();
  const auto started = coordinator::Coordinator::Start(config, [](const Status&) {});
  EXPECT_EQ(started.status().error(), errors::kIdentityMissing.id);
  EXPECT_TRUE(fs::is_empty(dir.path()));
}

// The coordinator is in the middle of a job, and serves on.
TEST(BackupTest, IsTakenWhileAJobRunsAndIsWhatItWasAtThatMoment) {
  TempDir backups;
  Federation federation;
  std::latch training(1), backed_up(1);
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  federation.AddNode("ke", {.before_round = [&](std::uint64_t round, const std::stop_token&) {
                       if (round != 2) return;
                       training.count_down();
                       backed_up.wait();
                     }});
  const auto job = federation.Submit(JobText());
  training.wait();
  const fs::path& state = federation.config().store.state;
  EXPECT_EQ(store::StateDir::CheckUnused(state).error(), errors::kStoreLocked.id);
  const auto made = coordinator::BackUp(state, backups / "one");
  backed_up.count_down();
  ASSERT_TRUE(made.ok()) << Describe(made.status());
  EXPECT_THAT(made->jobs, ElementsAre(Field(&StateReport::Job::standing, "running: round 2, p1 train")));
  EXPECT_EQ(federation.WaitForEnd(*job).state, job::Phase::kFinished);
  EXPECT_THAT(Checked(backups / "one").damage, IsEmpty());
  EXPECT_EQ(fs::status(backups / "one").permissions(), fs::perms::owner_all);
  const std::string sums =
      "cd '" + (backups / "one").string() + "' && sha256sum --check --strict --quiet SHA256SUMS";
  EXPECT_EQ(std::system(sums.c_str()), 0);
  federation.StopCoordinator();
  EXPECT_THAT(Checked(state).jobs, ElementsAre(Field(&StateReport::Job::standing, "finished")));
  EXPECT_TRUE(store::StateDir::CheckUnused(state).ok());
}

}  // namespace
}  // namespace accord::testing
