// Who is refused before or in the handshake, and what each side says about it.
#include <arpa/inet.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "accord/v1/operator.grpc.pb.h"
#include "base/file.h"
#include "rpc/status_map.h"
#include "tests/integration/rpc_server/raw_call.h"

namespace accord::rpc::testing {
namespace {

crypto::Validity Past() {
  return {.not_before = Now() - Millis(7'200'000), .not_after = Now() - Millis(3'600'000)};
}

class TlsTest : public ::testing::Test {
 protected:
  // The status of a call by an identity that this side does not check.
  Status CallRaw(const Files& files) {
    return FromGrpc(RawCall(RawChannel(federation_.address(), &files), "/accord.v1.Jobs/List", {""}));
  }
  Status Dial(const ClientOptions& options) {
    const auto client = OperatorClient::Open(options);
    return client.ok() ? (*client)->ListJobs().status() : client.status();
  }
  Federation federation_;
  Authority foreign_;
};

// What `openssl s_client` says to the version that it may speak.
std::string SClient(const std::string& address, const std::string& version) {
  const std::string command =
      "timeout 20 openssl s_client " + version + " -connect " + address + " </dev/null 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[4096];
  for (std::size_t size = 0; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, size);
  pclose(pipe);
  return output;
}

TEST_F(TlsTest, OnlyTls13IsSpoken) {
  federation_.Start();
  const std::string modern = SClient(federation_.address(), "-tls1_3 -alpn h2");
  EXPECT_NE(modern.find("New, TLSv1.3, Cipher is TLS_"), std::string::npos) << modern;
  const std::string old = SClient(federation_.address(), "-tls1_2 -alpn h2");
  EXPECT_NE(old.find("Cipher is (NONE)"), std::string::npos) << old;
}

TEST_F(TlsTest, AnExpiredCertificateIsSaidSoBeforeDialing) {
  federation_.Start();
  const Files files = federation_.Identity(Role::kOperator, "ada", nullptr, Past());
  const Status status = Dial(federation_.Client(files));
  EXPECT_EQ(status.error(), "auth.expired");
  EXPECT_NE(status.message().find(files.certificate.string()), std::string::npos) << status.message();
  EXPECT_EQ(CallRaw(files).error(), "net.unreachable");  // and the server refuses it
}

TEST_F(TlsTest, ACertificateOfAnotherCaIsRefusedByBothSides) {
  federation_.Start();
  const Files files = federation_.Identity(Role::kOperator, "ada", &foreign_);
  EXPECT_EQ(Dial(federation_.Client(files)).error(), "cert.chain");
  EXPECT_EQ(CallRaw(files).error(), "net.unreachable");
}

TEST_F(TlsTest, AKeyOfAnotherCertificateIsSaidSoBeforeDialing) {
  const Files ada = federation_.Identity(Role::kOperator, "ada"),
              bob = federation_.Identity(Role::kOperator, "bob");
  ClientOptions options = federation_.Client(ada);
  options.key = bob.key;
  EXPECT_EQ(Dial(options).error(), "cert.key_mismatch");
}

TEST_F(TlsTest, AMissingFileIsNamed) {
  ClientOptions options = federation_.Client(federation_.Identity(Role::kOperator, "ada"));
  options.key = "/nonexistent/key.pem";
  EXPECT_NE(Dial(options).message().find("/nonexistent/key.pem"), std::string::npos);
}

// Whose CA may sign for which trust domain is for the identity handler: it sees leaf and chain.
TEST_F(TlsTest, ANodeOfAnotherTrustDomainComesWithItsOwnCa) {
  const Authority other("other.internal");
  federation_.identity.cas.push_back(other.ca());
  federation_.Start();
  const Files files = federation_.Identity(Role::kNode, "nairobi", &other);
  const std::filesystem::path own_ca = files.ca.parent_path() / "own.pem";
  ASSERT_TRUE(WriteFileAtomic(own_ca, AsBytes(other.ca().pem()), FileMode::kShared).ok());
  ClientOptions options = federation_.Client(files);
  EXPECT_EQ(NodeClient::Open(options).status().error(), "cert.chain") << "its CA is not the coordinator's";
  options.own_ca = own_ca;
  const auto client = NodeClient::Open(options);
  ASSERT_TRUE(client.ok()) << Describe(client.status());
  const Status introduced = (*client)->Introduce({.ca_pem = "a", .registry_entry = Bytes(3, 7)}, {});
  EXPECT_TRUE(introduced.ok()) << Describe(introduced);
  const auto heard = federation_.identity.introductions.Next();
  ASSERT_TRUE(heard.has_value());
  EXPECT_EQ(heard->first, "spiffe://other.internal/node/nairobi");
  EXPECT_EQ(heard->second.registry_entry, Bytes(3, 7));
  const std::lock_guard lock(federation_.identity.mutex);
  EXPECT_NE(federation_.identity.last_chain.find(other.ca().pem()), std::string::npos);
}

TEST_F(TlsTest, WhomTheIdentityHandlerRefusesDoesNotGetIn) {
  federation_.Start();
  const Authority other("other.internal");  // a CA that nobody here knows
  EXPECT_EQ(CallRaw(federation_.Identity(Role::kNode, "nairobi", &other)).error(), "net.unreachable");
}

TEST_F(TlsTest, ANodeThatIsNotKnownYetMayIntroduceItselfAndNothingElse) {
  federation_.Start();
  const auto node = federation_.Node("new");
  federation_.identity.Suspend(Federation::SpiffeOf(Role::kNode, "new"));
  EXPECT_TRUE(node->Introduce({}, {}).ok());
  EXPECT_EQ(node->GetRegistry(std::nullopt, {}).status().error(), "auth.revoked");
}

TEST_F(TlsTest, AServerOfAnotherCaIsNotTrusted) {
  federation_.Start();
  Federation elsewhere;
  ClientOptions options = elsewhere.Client(elsewhere.Identity(Role::kOperator, "ada"));
  options.address = federation_.address();
  const Status status = Dial(options);
  EXPECT_EQ(status.error(), "net.untrusted") << status.message();
  EXPECT_NE(status.message().find(federation_.address()), std::string::npos);
}

// A member's certificate is good for TLS servers as well; only its SPIFFE id tells that it is no coordinator.
TEST_F(TlsTest, AMemberCannotPlayTheCoordinator) {
  const Files files = federation_.Identity(Role::kNode, "mallory");
  const auto text = [](const std::filesystem::path& path) {
    return std::string(AsText(ReadFile(path).value()));
  };
  namespace tls = grpc::experimental;
  const std::vector<tls::IdentityKeyCertPair> pairs = {{text(files.key), text(files.chain)}};
  tls::TlsServerCredentialsOptions credentials(
      std::make_shared<tls::StaticDataCertificateProvider>(text(files.ca), pairs));
  credentials.watch_identity_key_cert_pairs();
  v1::Jobs::Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", tls::TlsServerCredentials(credentials), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  ClientOptions options = federation_.Client(federation_.Identity(Role::kOperator, "ada"));
  options.address = "127.0.0.1:" + std::to_string(port);
  const Status status = Dial(options);
  EXPECT_EQ(status.error(), "net.untrusted");
  EXPECT_NE(status.message().find("node/mallory"), std::string::npos) << status.message();
}

TEST_F(TlsTest, ARefusedConnectionSaysWhatWasTried) {
  federation_.Start();
  const ClientOptions options = federation_.Client(federation_.Identity(Role::kOperator, "ada"));
  federation_.server.reset();
  const auto begin = std::chrono::steady_clock::now();
  const Status status = Dial(options);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_EQ(status.error(), "net.unreachable");
  EXPECT_NE(status.message().find(options.address), std::string::npos);
  EXPECT_NE(status.message().find("refused"), std::string::npos) << status.message();
}

TEST_F(TlsTest, ANameThatDoesNotExistIsSaidSo) {
  ClientOptions options = federation_.Client(federation_.Identity(Role::kOperator, "ada"));
  options.address = "no-such-host.invalid:7443";
  const Status status = Dial(options);
  EXPECT_EQ(status.error(), "net.unreachable");
  EXPECT_NE(status.message().find("name"), std::string::npos) << status.message();
}

TEST_F(TlsTest, ASilentServerIsGivenUpWithinTheConnectTimeout) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);  // accepts in the kernel, never speaks
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(fd, 5), 0);
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ClientOptions options = federation_.Client(federation_.Identity(Role::kOperator, "ada"));
  options.address = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  options.connect_timeout = Millis(500);
  const auto begin = std::chrono::steady_clock::now();
  const Status status = Dial(options);
  EXPECT_EQ(status.error(), "net.unreachable") << status.message();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  close(fd);
}

}  // namespace
}  // namespace accord::rpc::testing
