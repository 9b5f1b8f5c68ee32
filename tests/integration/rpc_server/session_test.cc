#include <gtest/gtest.h>

#include "rpc/status_map.h"
#include "tests/integration/rpc_server/federation.h"
#include "tests/integration/rpc_server/raw_server.h"

namespace accord::rpc::testing {
namespace {

// The node's side.
struct Callbacks final : SessionCallbacks {
  void OnConnected() override { connected.Put(true); }
  void OnMessage(ToNode message) override { messages.Put(std::move(message)); }
  void OnClosed(Status status) override { closed.Put(std::move(status)); }
  Inbox<bool> connected;
  Inbox<ToNode> messages;
  Inbox<Status> closed;
};

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override { federation_.Start(); }

  struct Open {
    std::shared_ptr<Callbacks> node = std::make_shared<Callbacks>();
    std::shared_ptr<NodeSession> session;
    std::shared_ptr<FakeSession> server;
  };
  Open Connect(NodeClient& client) {
    Open open;
    open.session = client.OpenSession(open.node);
    open.server = federation_.sessions.opened.Next().value();
    EXPECT_TRUE(open.node->connected.Next());
    return open;
  }

  Federation federation_;
};

TEST_F(SessionTest, MessagesGoBothWaysInOrder) {
  const auto client = federation_.Node("berlin");
  const Open open = Connect(*client);
  EXPECT_EQ(open.server->peer.spiffe_id, Federation::SpiffeOf(Role::kNode, "berlin"));
  EXPECT_EQ(open.server->peer.name, "berlin");
  EXPECT_EQ(open.server->peer.node, crypto::SpiffeId::Parse(open.server->peer.spiffe_id)->ToNodeId());
  // A Hello without a common version is the coordinator's business; it is only carried.
  open.session->Send(Hello{.protocol_oldest = 90, .protocol_newest = 99, .version = "0.0.1"});
  const auto hello = std::get<Hello>(open.server->messages.Next().value());
  EXPECT_EQ(hello.protocol_newest, 99U);
  open.server->link->Send(Welcome{.protocol = 1, .heartbeat = Millis(500)});
  EXPECT_EQ(std::get<Welcome>(open.node->messages.Next().value()).heartbeat, Millis(500));
  for (std::uint64_t i = 1; i <= 500; ++i) {
    open.session->Send(Trained{.round = {i}});
    open.server->link->Send(Train{.round = {i}});
  }
  for (std::uint64_t i = 1; i <= 500; ++i) {
    ASSERT_EQ(std::get<Trained>(open.server->messages.Next().value()).round.value, i);
    ASSERT_EQ(std::get<Train>(open.node->messages.Next().value()).round.value, i);
  }
}

TEST_F(SessionTest, WhatIsSentBeforeTheConnectionArrives) {
  const auto client = federation_.Node("berlin");
  const auto node = std::make_shared<Callbacks>();
  const auto session = client->OpenSession(node);
  session->Send(Prepared{});
  const auto server = federation_.sessions.opened.Next().value();
  EXPECT_TRUE(std::holds_alternative<Prepared>(server->messages.Next().value()));
}

TEST_F(SessionTest, ANodeThatClosesEndsItsSessionWell) {
  const auto client = federation_.Node("berlin");
  const Open open = Connect(*client);
  open.session->Send(Prepared{});
  open.session->Close();
  EXPECT_TRUE(open.server->messages.Next());  // what was queued came first
  EXPECT_TRUE(open.server->ends.Next()->ok());
  EXPECT_TRUE(open.node->closed.Next()->ok());
  open.session->Send(Prepared{});  // does nothing
  open.server->link->Send(Drain{});
}

TEST_F(SessionTest, DroppingTheSessionClosesIt) {
  const auto client = federation_.Node("berlin");
  Open open = Connect(*client);
  open.session.reset();
  EXPECT_TRUE(open.server->ends.Next());
  EXPECT_TRUE(open.node->closed.Next()->ok());
}

TEST_F(SessionTest, TheEndOfTheClientIsTheEndOfItsSessions) {
  auto client = federation_.Node("berlin");
  const Open open = Connect(*client);
  client.reset();
  EXPECT_EQ(open.node->closed.size(), 1U);  // when the destructor returned
  EXPECT_TRUE(open.node->closed.Next()->ok());
  EXPECT_TRUE(open.server->ends.Next());
  open.session->Send(Prepared{});  // does nothing
  open.session->Close();
}

TEST_F(SessionTest, CloseOfTheCoordinatorFlushesAndTellsWhy) {
  const auto client = federation_.Node("berlin");
  const Open open = Connect(*client);
  for (int i = 0; i < 200; ++i) open.server->link->Send(Drain{});
  const Status why = Fail(errors::kProtocolVersion, "this node is older", "upgrade the node");
  open.server->link->Close(why);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(open.node->messages.Next());
  EXPECT_EQ(open.node->closed.Next(), why);
  EXPECT_EQ(open.server->ends.Next(), why);
}

TEST_F(SessionTest, ASecondSessionReplacesTheFirst) {
  const auto first_client = federation_.Node("berlin"), second_client = federation_.Node("berlin");
  const Open first = Connect(*first_client);
  const Open second = Connect(*second_client);
  EXPECT_EQ(first.node->closed.Next()->error(), "session.replaced");
  EXPECT_EQ(first.server->ends.Next()->error(), "session.replaced");
  second.server->link->Send(Drain{});
  EXPECT_TRUE(second.node->messages.Next());
}

TEST_F(SessionTest, AMalformedMessageEndsTheStreamAndNamesTheField) {
  const auto client = federation_.Node("berlin");
  const Open open = Connect(*client);
  open.session->Send(Hello{.protocol_oldest = 0});
  const Status status = open.node->closed.Next().value();
  EXPECT_EQ(status.error(), "rpc.malformed");
  EXPECT_NE(status.message().find("Hello.protocol_oldest"), std::string::npos);
  EXPECT_EQ(open.server->ends.Next()->error(), "rpc.malformed");
  EXPECT_EQ(open.server->messages.size(), 0U);
}

TEST_F(SessionTest, AMalformedMessageOfTheCoordinatorEndsItToo) {
  const auto client = federation_.Node("berlin");
  const Open open = Connect(*client);
  open.server->link->Send(Welcome{.protocol = 0});
  EXPECT_EQ(open.node->closed.Next()->error(), "rpc.malformed");
  EXPECT_TRUE(open.server->ends.Next());
}

// gRPC itself would end the reading without a word, and the stream would stay open.
TEST_F(SessionTest, BytesOfTheCoordinatorThatAreNoMessageEndItToo) {
  const RawServer server(federation_.Identity(Role::kCoordinator, "liar"), std::string(64, '\xFF'));
  ClientOptions options = federation_.Client(federation_.Identity(Role::kNode, "berlin"));
  options.address = server.address();
  const auto client = NodeClient::Open(options).value();
  const auto node = std::make_shared<Callbacks>();
  const auto session = client->OpenSession(node);
  EXPECT_EQ(node->closed.Next()->error(), "rpc.malformed");
  EXPECT_EQ(node->messages.size(), 0U);
}

TEST_F(SessionTest, CuttingAPeerEndsItsLiveStreamAndNoOther) {
  const auto client = federation_.Node("berlin"), other_client = federation_.Node("paris");
  const Open open = Connect(*client);
  const Open other = Connect(*other_client);
  const std::string id = Federation::SpiffeOf(Role::kNode, "berlin");
  federation_.identity.Suspend(id);
  const Status why = Fail(errors::kAuthRevoked, "suspended by ada");
  federation_.server->CutPeer(id, why);
  EXPECT_EQ(open.node->closed.Next(), why);
  EXPECT_EQ(open.server->ends.Next(), why);
  // The connection lives on, but carries nothing more.
  EXPECT_EQ(client->GetUpload({.round = {1}}, {}).status().error(), "auth.revoked");
  const auto again = std::make_shared<Callbacks>();
  const auto session = client->OpenSession(again);
  EXPECT_EQ(again->closed.Next()->error(), "auth.revoked");
  EXPECT_EQ(again->connected.size(), 0U);
  other.server->link->Send(Drain{});
  EXPECT_TRUE(other.node->messages.Next());
}

TEST_F(SessionTest, ASessionEndsWithTheCertificateThatItWasOpenedWith) {
  const Millis life = std::chrono::minutes(10), allowance = std::chrono::minutes(1);
  const Files files =
      federation_.Identity(Role::kNode, "berlin", nullptr, {Now() - Millis(60'000), Now() + life});
  const auto client = NodeClient::Open(federation_.Client(files)).value();
  const auto other_client = federation_.Node("paris");
  const Open open = Connect(*client);
  const Open other = Connect(*other_client);
  federation_.clock.ahead = life + allowance - Millis(30'000);
  federation_.server->CutExpired();
  open.server->link->Send(Drain{});
  EXPECT_TRUE(open.node->messages.Next()) << "clocks may differ a little";
  federation_.clock.ahead = life + allowance + Millis(1);
  federation_.server->CutExpired();
  const Status why = open.node->closed.Next().value();
  EXPECT_EQ(why.error(), "auth.expired");
  EXPECT_NE(why.message().find(Federation::SpiffeOf(Role::kNode, "berlin")), std::string::npos);
  EXPECT_EQ(open.server->ends.Next()->error(), "auth.expired");
  EXPECT_EQ(client->GetUpload({.round = {1}}, {}).status().error(), "auth.expired") << "on the connection";
  EXPECT_EQ(client->Introduce({}, {}).error(), "auth.expired") << "nor does it introduce itself anew";
  other.server->link->Send(Drain{});
  EXPECT_TRUE(other.node->messages.Next()) << "whose certificate lasts longer";
  const auto renewed = federation_.Node("berlin");
  EXPECT_TRUE(Connect(*renewed).server);
}

TEST_F(SessionTest, DrainTellsLiveSessionsAndRefusesNewOnes) {
  const auto client = federation_.Node("berlin");
  const Open open = Connect(*client);
  open.server->link->Send(Drain{});
  federation_.server->Drain();
  EXPECT_TRUE(std::holds_alternative<Drain>(open.node->messages.Next().value()));
  EXPECT_EQ(open.node->closed.Next()->error(), "net.draining");
  EXPECT_EQ(open.server->ends.Next()->error(), "net.draining");
  const auto again = std::make_shared<Callbacks>();
  const auto session = client->OpenSession(again);
  EXPECT_EQ(again->closed.Next()->error(), "net.draining");
  EXPECT_EQ(client->GetUpload({.round = {1}}, {}).status().error(), "net.draining");
}

TEST_F(SessionTest, StopEndsSessionsBeforeItReturns) {
  const auto client = federation_.Node("berlin");
  const Open open = Connect(*client);
  const auto begin = std::chrono::steady_clock::now();
  federation_.server->Stop(Millis(10'000));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));  // far less than the bound
  EXPECT_EQ(open.server->ends.size(), 1U);
  EXPECT_EQ(open.node->closed.Next()->error(), "net.draining");
  open.server->link->Send(Drain{});  // the handler may hold the link longer
}

TEST_F(SessionTest, AVanishedServerClosesTheSession) {
  const auto client = federation_.Node("berlin");
  const Open open = Connect(*client);
  federation_.server.reset();
  EXPECT_FALSE(open.node->closed.Next()->ok());
  const auto again = std::make_shared<Callbacks>();
  const auto session = client->OpenSession(again);
  EXPECT_EQ(again->closed.Next()->error(), "net.unreachable");
}

TEST(SessionLimitTest, OneNodeTooManyIsSentAway) {
  Federation federation;
  ServerOptions options = federation.Options();
  options.max_sessions = 1;
  Server server(options, {&federation.sessions, &federation.bulk, &federation.identity, &federation.people});
  const std::string address = "127.0.0.1:" + std::to_string(server.Start().value());
  const auto open = [&](const std::string& name) {
    ClientOptions to = federation.Client(federation.Identity(Role::kNode, name));
    to.address = address;
    return NodeClient::Open(to).value();
  };
  const auto berlin_client = open("berlin"), paris_client = open("paris"), again_client = open("berlin");
  const auto berlin = std::make_shared<Callbacks>(), paris = std::make_shared<Callbacks>();
  const auto first = berlin_client->OpenSession(berlin);
  EXPECT_TRUE(berlin->connected.Next());
  const auto second = paris_client->OpenSession(paris);
  EXPECT_EQ(paris->closed.Next()->error(), "net.busy");
  const auto third =
      again_client->OpenSession(std::make_shared<Callbacks>());  // replaces, so that it counts once
  EXPECT_EQ(berlin->closed.Next()->error(), "session.replaced");
}

}  // namespace
}  // namespace accord::rpc::testing
