// Starting, health, reflection, and the addresses that cannot be listened on.
#include <google/protobuf/descriptor.pb.h>
#include <grpc/health/v1/health.grpc.pb.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "rpc/status_map.h"
#include "tests/integration/rpc_server/raw_call.h"

namespace accord::rpc::testing {
namespace {

class ServerTest : public ::testing::Test {
 protected:
  Result<std::uint16_t> Start(const ServerOptions& options) {
    Server server(options,
                  {&federation_.sessions, &federation_.bulk, &federation_.identity, &federation_.people});
    return server.Start();
  }
  Federation federation_;
};

TEST_F(ServerTest, APortInUseIsSaidSo) {
  federation_.Start();
  const auto port = Start(federation_.Options());  // the address of the one that runs
  EXPECT_EQ(port.status().error(), "net.port_in_use");
  EXPECT_NE(port.status().message().find(federation_.address()), std::string::npos);
}

TEST_F(ServerTest, AnImpossibleAddressIsSaidSo) {
  ServerOptions options = federation_.Options();
  options.listen = "192.0.2.1:0";
  EXPECT_EQ(Start(options).status().error(), "net.listen");
  options.listen = "nonsense";
  EXPECT_EQ(Start(options).status().error(), "config.invalid");
}

TEST_F(ServerTest, BadPemFilesAreNamed) {
  const Files other = federation_.Identity(Role::kCoordinator, "other");
  ServerOptions options = federation_.Options();
  options.tls.key = other.key;
  EXPECT_EQ(Start(options).status().error(), "cert.key_mismatch");
  options = federation_.Options();
  options.tls.certificate_chain = "/nonexistent/chain.pem";
  EXPECT_FALSE(Start(options).ok());
  const Files node = federation_.Identity(Role::kNode, "berlin");
  options = federation_.Options();
  options.tls = {.key = node.key, .certificate_chain = node.chain};
  EXPECT_EQ(Start(options).status().error(), "net.untrusted");  // clients would refuse it
}

TEST_F(ServerTest, HealthAnswersWithoutACertificateAndKnowsOfTheDrain) {
  federation_.Start();
  const auto channel = RawChannel(federation_.address(), nullptr);
  const auto stub = grpc::health::v1::Health::NewStub(channel);
  const auto check = [&] {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    grpc::health::v1::HealthCheckResponse response;
    EXPECT_TRUE(stub->Check(&context, {}, &response).ok());
    return response.status();
  };
  EXPECT_EQ(check(), grpc::health::v1::HealthCheckResponse::SERVING);
  federation_.server->Drain();
  EXPECT_EQ(check(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
}

TEST_F(ServerTest, StopAndDrainMayBeRepeated) {
  Server never(federation_.Options(),
               {&federation_.sessions, &federation_.bulk, &federation_.identity, &federation_.people});
  never.Drain();
  never.Stop();
  federation_.Start();
  federation_.server->Stop();
  federation_.server->Drain();
  federation_.server->Stop();
}

}  // namespace
}  // namespace accord::rpc::testing
