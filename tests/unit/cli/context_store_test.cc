#include "cli/context_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/errors.h"
#include "base/file.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/cli/fake_network.h"

namespace accord::cli {
namespace {

class ContextStoreTest : public ::testing::Test {
 protected:
  Status Save(const std::string& name, const std::string& coordinator, bool replace = false) {
    const crypto::P256Key key = crypto::P256Key::Generate();
    const auto enrolled = ca_.Issue(*crypto::SpiffeId::Make("demo.accord", crypto::Role::kOperator, "alice"),
                                    crypto::MakeCsr(key));
    return store_.Save(name,
                       {.coordinator = coordinator,
                        .key = key,
                        .certificate_pem = enrolled.certificate_pem,
                        .ca_pem = enrolled.ca_pem},
                       replace);
  }
  [[nodiscard]] std::size_t Entries() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(dir_ / "h/contexts"), {}));
  }

  accord::testing::TempDir dir_;
  FakeClock clock_;
  FakeCa ca_{clock_};
  ContextStore store_{dir_ / "h"};
};

TEST_F(ContextStoreTest, GivesBackWhatItStored) {
  ASSERT_TRUE(Save("demo", "127.0.0.1:7443").ok());
  const Result<Context> context = store_.Load("demo");
  ASSERT_TRUE(context.ok()) << Describe(context.status());
  EXPECT_EQ(context->coordinator, "127.0.0.1:7443");
  EXPECT_EQ(context->spiffe_id, "spiffe://demo.accord/operator/alice");
  EXPECT_EQ(context->expires, kNow + Millis(3'600'000));
  const auto certificate = crypto::Certificate::FromPem(AsText(*ReadFile(context->CertificateFile())));
  EXPECT_TRUE(crypto::CheckKeyMatches(*certificate, *crypto::P256Key::Load(context->KeyFile())).ok());
  struct stat home {};
  ASSERT_EQ(stat((dir_ / "h/contexts").c_str(), &home), 0);
  EXPECT_EQ(home.st_mode & 0777, 0700U);
}

TEST_F(ContextStoreTest, ReplacesAsAWholeAndLeavesNothingElse) {
  ASSERT_TRUE(Save("demo", "a:1").ok());
  EXPECT_EQ(Save("demo", "b:1").error(), "context.exists");
  EXPECT_EQ(store_.Load("demo")->coordinator, "a:1");
  ASSERT_TRUE(Save("demo", "b:1", /*replace=*/true).ok());
  EXPECT_EQ(store_.Load("demo")->coordinator, "b:1");
  EXPECT_EQ(Entries(), 1U);
}

TEST_F(ContextStoreTest, TheOnlyContextIsCurrentUntilOneIsChosen) {
  EXPECT_EQ(*store_.Current(), "");
  ASSERT_TRUE(Save("b", "b:1").ok());
  EXPECT_EQ(*store_.Current(), "b");
  ASSERT_TRUE(Save("a", "a:1").ok());
  EXPECT_EQ(*store_.Current(), "");
  ASSERT_TRUE(store_.Use("a").ok());
  EXPECT_EQ(*store_.Current(), "a");
  ASSERT_TRUE(store_.Remove("a").ok());
  EXPECT_EQ(*store_.Current(), "b");
  EXPECT_EQ(store_.Use("a").error(), "context.not_found");
  EXPECT_EQ(store_.Remove("a").error(), "context.not_found");
  EXPECT_EQ(store_.List()->size(), 1U);
}

TEST_F(ContextStoreTest, NamesThatArePathsFindNothing) {
  for (const std::string name : {"..", "", "a/b", ".hidden"}) {
    EXPECT_EQ(store_.Load(name).status().error(), "context.not_found") << name;
    EXPECT_EQ(store_.Remove(name).error(), "context.not_found") << name;
    EXPECT_EQ(store_.CheckFree(name).error(), "cli.usage") << name;
  }
}

TEST_F(ContextStoreTest, DamagedFilesAreNamedAndLeftOutOfTheList) {
  ASSERT_TRUE(Save("demo", "a:1").ok());
  std::ofstream(dir_ / "h/contexts/demo/context.json") << "{\"version\": 9}";
  const Status status = store_.Load("demo").status();
  EXPECT_EQ(status.error(), "context.damaged");
  EXPECT_NE(status.message().find("context.json"), std::string::npos);
  EXPECT_TRUE(store_.List()->empty());
  ASSERT_TRUE(Save("demo", "a:1", /*replace=*/true).ok());
  std::ofstream(dir_ / "h/contexts/demo/cert.pem") << "nothing";
  EXPECT_EQ(store_.Load("demo").status().error(), "context.damaged");
}

TEST(HomeDirectoryTest, IsTheFirstThatIsSet) {
  EXPECT_EQ(*HomeDirectory({{"ACCORD_HOME", "/a"}, {"HOME", "/h"}}), "/a");
  EXPECT_EQ(*HomeDirectory({{"XDG_CONFIG_HOME", "/x"}, {"HOME", "/h"}}), "/x/accord");
  EXPECT_EQ(*HomeDirectory({{"HOME", "/h"}}), "/h/.config/accord");
  EXPECT_EQ(HomeDirectory({}).status().error(), "context.home");
}

}  // namespace
}  // namespace accord::cli
