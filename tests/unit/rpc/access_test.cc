#include "rpc/access.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "base/file.h"

namespace accord::rpc {
namespace {

// ACCORD_UPDATE=1 writes the page anew.
TEST(AccessTest, RolesPageIsMadeFromTheTable) {
  const auto path = std::filesystem::path(ACCORD_SOURCE_DIR) / "docs" / "roles.md";
  if (std::getenv("ACCORD_UPDATE") != nullptr) {
    ASSERT_TRUE(WriteFileAtomic(path, AsBytes(RolesPage()), FileMode::kShared).ok());
  }
  const auto page = ReadFile(path);
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_EQ(AsText(*page), RolesPage()) << "run this test with ACCORD_UPDATE=1";
}

TEST(AccessTest, EachPathHasOneRule) {
  std::set<std::string_view> paths;
  for (const AccessRule& rule : AccessRules()) EXPECT_TRUE(paths.insert(rule.path).second) << rule.path;
}

TEST(AccessTest, DeniesWhatIsNotInTheTable) {
  for (const char* path :
       {"", "/", "/accord.v1.Jobs/Subm", "/accord.v1.Jobs/Submit/", "/accord.v1.jobs/Submit"}) {
    for (const Role role : {Role::kNode, Role::kOperator, Role::kResearcher, Role::kCoordinator}) {
      EXPECT_EQ(CheckAccess(path, role).error(), "auth.role") << path;
    }
    EXPECT_EQ(CheckAccess(path, std::nullopt).error(), "auth.no_certificate") << path;
  }
}

TEST(AccessTest, ACoordinatorMayCallOnlyWhatIsOpenToAnyone) {
  for (const AccessRule& rule : AccessRules()) {
    EXPECT_EQ(CheckAccess(rule.path, Role::kCoordinator).ok(), rule.anyone) << rule.path;
  }
}

}  // namespace
}  // namespace accord::rpc
