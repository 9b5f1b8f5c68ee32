// Each method of each service that the server offers, with each role and without a certificate, against a
// running server: who gets in is written down here a second time, on purpose.
#include "rpc/access.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "rpc/status_map.h"
#include "tests/integration/rpc_server/raw_call.h"

namespace accord::rpc::testing {
namespace {

// n node, o operator, r researcher, c coordinator, - without a certificate
const std::map<std::string, std::string> kAllowed = {
    {"/accord.v1.Enrolment/Enrol", "norc-"},
    {"/accord.v1.Enrolment/Renew", "nor"},
    {"/accord.v1.Enrolment/Introduce", "n"},
    {"/accord.v1.Coordinator/Session", "n"},
    {"/accord.v1.Coordinator/GetBlob", "nor"},
    {"/accord.v1.Coordinator/GetRegistry", "nor"},
    {"/accord.v1.Coordinator/PutUpdate", "n"},
    {"/accord.v1.Coordinator/GetUpload", "n"},
    {"/accord.v1.Jobs/Submit", "or"},
    {"/accord.v1.Jobs/Validate", "or"},
    {"/accord.v1.Jobs/Get", "or"},
    {"/accord.v1.Jobs/List", "or"},
    {"/accord.v1.Jobs/Watch", "or"},
    {"/accord.v1.Jobs/Cancel", "or"},
    {"/accord.v1.Jobs/Pause", "or"},
    {"/accord.v1.Jobs/Plan", "or"},
    {"/accord.v1.Jobs/Resume", "or"},
    {"/accord.v1.Jobs/Logs", "or"},
    {"/accord.v1.Members/Invite", "o"},
    {"/accord.v1.Members/List", "o"},
    {"/accord.v1.Members/Suspend", "o"},
    {"/accord.v1.Nodes/List", "or"},
    {"/accord.v1.Nodes/Get", "or"},
    {"/accord.v1.Models/List", "or"},
    {"/accord.v1.Ledger/Append", "nor"},
    {"/accord.v1.Ledger/GetResource", "nor"},
    {"/grpc.health.v1.Health/Check", "norc-"},
    {"/grpc.health.v1.Health/Watch", "nor"},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "o"},
};

std::set<std::string> MethodsOfDescriptors() {
  std::set<std::string> paths;
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const char* name : {"accord.v1.Enrolment", "accord.v1.Coordinator", "accord.v1.Jobs",
                           "accord.v1.Members", "accord.v1.Nodes", "accord.v1.Models", "accord.v1.Ledger",
                           "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}) {
    const auto* service = pool->FindServiceByName(name);
    EXPECT_NE(service, nullptr) << name;
    for (int i = 0; service != nullptr && i < service->method_count(); ++i) {
      paths.insert("/" + std::string(name) + "/" + service->method(i)->name());
    }
  }
  // Every file of the contract is covered: no service of accord.v1 is missing above.
  for (const char* file : {"accord/v1/coordinator.proto", "accord/v1/operator.proto", "accord/v1/node.proto",
                           "accord/v1/ledger.proto"}) {
    const auto* descriptor = pool->FindFileByName(file);
    for (int i = 0; descriptor != nullptr && i < descriptor->service_count(); ++i) {
      const auto* service = descriptor->service(i);
      EXPECT_TRUE(paths.contains("/" + service->full_name() + "/" + service->method(0)->name()));
    }
  }
  return paths;
}

class AccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    federation_.Start();
    channels_['-'] = RawChannel(federation_.address(), nullptr);
    for (const auto& [letter, role] : std::map<char, Role>{{'n', Role::kNode},
                                                           {'o', Role::kOperator},
                                                           {'r', Role::kResearcher},
                                                           {'c', Role::kCoordinator}}) {
      const Files files = federation_.Identity(role, "caller");
      channels_[letter] = RawChannel(federation_.address(), &files);
    }
  }
  Federation federation_;
  std::map<char, std::shared_ptr<grpc::Channel>> channels_;
};

TEST_F(AccessTest, TheTableCoversExactlyTheMethodsThatExist) {
  std::set<std::string> in_table, here;
  for (const AccessRule& rule : AccessRules()) in_table.insert(std::string(rule.path));
  for (const auto& [path, letters] : kAllowed) here.insert(path);
  EXPECT_EQ(in_table, MethodsOfDescriptors());
  EXPECT_EQ(here, MethodsOfDescriptors());
}

TEST_F(AccessTest, EveryCellOfTheTableHoldsOnTheWire) {
  for (const auto& [path, allowed] : kAllowed) {
    if (path == "/grpc.health.v1.Health/Watch") continue;  // never ends by itself; the next test has it
    for (const auto& [letter, channel] : channels_) {
      const Status status = FromGrpc(RawCall(channel, path, {""}));
      const bool denied = status.error() == "auth.role" || status.error() == "auth.no_certificate";
      EXPECT_EQ(!denied, allowed.find(letter) != std::string::npos)
          << path << " as " << letter << ": " << status.error() << " " << status.message();
      EXPECT_NE(status.error(), "net.timeout") << path << " as " << letter;
      if (denied) {
        EXPECT_EQ(status.error(), letter == '-' ? "auth.no_certificate" : "auth.role") << path;
      }
    }
  }
}

TEST_F(AccessTest, HealthWatchIsClosedToStrangers) {
  for (const char letter : {'c', '-'}) {
    EXPECT_FALSE(FromGrpc(RawCall(channels_[letter], "/grpc.health.v1.Health/Watch", {""})).ok()) << letter;
  }
}

TEST_F(AccessTest, AnUnknownMethodIsDeniedToEveryone) {
  for (const auto& [letter, channel] : channels_) {
    EXPECT_EQ(FromGrpc(RawCall(channel, "/accord.v1.Jobs/Drop", {""})).error(),
              letter == '-' ? "auth.no_certificate" : "auth.role");
  }
}

TEST_F(AccessTest, ASuspendedIdentityIsRefusedOnItsOpenConnection) {
  EXPECT_TRUE(RawCall(channels_['r'], "/accord.v1.Jobs/List", {""}).ok());
  federation_.identity.Suspend(Federation::SpiffeOf(Role::kResearcher, "caller"));
  const Status status = FromGrpc(RawCall(channels_['r'], "/accord.v1.Jobs/List", {""}));
  EXPECT_EQ(status.error(), "auth.revoked");
  EXPECT_FALSE(status.hint().empty());
}

}  // namespace
}  // namespace accord::rpc::testing
