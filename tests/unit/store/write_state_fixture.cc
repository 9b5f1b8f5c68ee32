// write_state_fixture DIRECTORY: writes the state of state_fixture.h in the current schema. Run by hand, once
// a schema version.
#include <cstdio>
#include <filesystem>

#include "base/errors.h"
#include "store/members.h"
#include "store/sqlite_journal.h"
#include "tests/unit/store/state_fixture.h"

namespace {

accord::Status WriteFixture(const std::filesystem::path& directory) {
  using namespace accord;
  std::filesystem::create_directories(directory);
  ACCORD_ASSIGN_OR_RETURN(const auto journal, store::SqliteJournal::Open(directory / "journal.db", nullptr));
  ACCORD_RETURN_IF_ERROR(testing::WriteAndWait(*journal, testing::FixtureRecords()));
  ACCORD_ASSIGN_OR_RETURN(const auto members, store::Members::Open(directory / "members.db"));
  ACCORD_RETURN_IF_ERROR(members->AddToken(testing::FixtureToken()));
  return members->Redeem(testing::FixtureRedemption(), testing::FixtureMember().enrolled_at);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_state_fixture DIRECTORY\n");
    return 4;
  }
  const accord::Status status = WriteFixture(argv[1]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", accord::Describe(status).c_str());
  return status.ok() ? 0 : 1;
}
