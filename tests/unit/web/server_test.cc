// A real server on a free port, and clients that are a plain socket, so that they can send what a library
// would not.
#include "web/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace accord::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FakeHealth : public HealthSource {
 public:
  [[nodiscard]] bool Live() const override { return live; }
  [[nodiscard]] Ready IsReady() const override { return {ready, "the journal is replayed"}; }
  std::atomic<bool> live{true};
  std::atomic<bool> ready{true};
};

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(context_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
  }
  void Send(const std::string& text) {
    boost::system::error_code closed;  // the server may answer and close before it has read all
    asio::write(socket_, asio::buffer(text), closed);
  }
  // Everything until the server closes.
  std::string ReadAll() {
    std::string text;
    boost::system::error_code end;
    asio::read(socket_, asio::dynamic_buffer(text), end);
    return text;
  }
  // One answer of a kept connection, whose body ends in a newline.
  std::string ReadAnswer() {
    std::string text;
    boost::system::error_code end;
    while (!end &&
           (text.find("\r\n\r\n") == std::string::npos || !text.ends_with("\n") || text.ends_with("\r\n"))) {
      asio::read(socket_, asio::dynamic_buffer(text), asio::transfer_at_least(1), end);
    }
    return text;
  }

 private:
  asio::io_context context_;
  tcp::socket socket_;
};

class ServerTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    options.port = 0;
    auto started = Server::Start(options, health_, metrics_);
    ASSERT_TRUE(started.ok()) << started.status().message();
    server_ = std::move(*started);
  }
  std::string Ask(const std::string& method, const std::string& target) {
    Client client(server_->port());
    client.Send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.ReadAll();
  }
  FakeHealth health_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersHealthAndReadiness) {
  Start();
  EXPECT_THAT(Ask("GET", "/healthz"), AllOf(StartsWith("HTTP/1.1 200 OK"), EndsWith("\r\n\r\nok\n")));
  EXPECT_THAT(Ask("GET", "/readyz?verbose=1"),
              AllOf(StartsWith("HTTP/1.1 200 OK"), EndsWith("\r\n\r\nready\n")));
  health_.live = false;
  health_.ready = false;
  EXPECT_THAT(Ask("GET", "/healthz"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(Ask("GET", "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503"), EndsWith("not ready: the journal is replayed\n")));
}

TEST_F(ServerTest, ServesMetricsAsPrometheusReadsThem) {
  Start();
  metrics_.SetNodesConnected(3);
  EXPECT_THAT(Ask("GET", "/metrics"),
              AllOf(StartsWith("HTTP/1.1 200 OK"),
                    HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
                    HasSubstr("\naccord_nodes_connected 3\n")));
}

TEST_F(ServerTest, RefusesOtherPathsAndMethods) {
  Start();
  EXPECT_THAT(Ask("GET", "/"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask("GET", "/healthz/../etc/passwd"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask("POST", "/metrics"), AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET\r\n")));
  EXPECT_THAT(Ask("BREW", "/healthz"), StartsWith("HTTP/1.1 405"));
}

TEST_F(ServerTest, KeepsAConnectionForFurtherRequests) {
  Start();
  Client client(server_->port());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client.ReadAnswer(), EndsWith("\r\n\r\nok\n"));
  }
}

TEST_F(ServerTest, DoesNotReadABodyAndClosesAfterIt) {
  Start();
  Client client(server_->port());
  client.Send(
      "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nGET /readyz HTTP/1.1\r\n\r\n");
  const std::string answer = client.ReadAll();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405"));
  EXPECT_EQ(answer.find("200"), std::string::npos);
}

TEST_F(ServerTest, BoundsTheHeaderAndRefusesWhatIsNotHttp) {
  Start();
  Client large(server_->port());
  large.Send("GET /healthz HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n");
  EXPECT_THAT(large.ReadAll(), StartsWith("HTTP/1.1 431"));
  Client garbage(server_->port());
  garbage.Send("\x16\x03\x01 not http at all\r\n\r\n");
  EXPECT_THAT(garbage.ReadAll(), StartsWith("HTTP/1.1 400"));
}

TEST_F(ServerTest, EndsAConnectionThatSaysNothing) {
  Start({.idle_timeout = std::chrono::milliseconds(20)});
  Client silent(server_->port());
  silent.Send("GET /healthz HTTP/1.1\r\nHos");
  EXPECT_EQ(silent.ReadAll(), "");
}

TEST_F(ServerTest, ClosesConnectionsAboveItsCapAndServesAgainWhenOneLeaves) {
  Start({.max_connections = 1});
  {
    Client first(server_->port());
    first.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_THAT(first.ReadAnswer(), EndsWith("ok\n"));
    EXPECT_EQ(Client(server_->port()).ReadAll(), "");
  }
  std::string answer;
  while (answer.empty()) answer = Ask("GET", "/healthz");  // until the server has seen the first one go
  EXPECT_THAT(answer, EndsWith("ok\n"));
}

TEST_F(ServerTest, StopsWithConnectionsOpen) {
  Start();
  Client client(server_->port());
  client.Send("GET /heal");
  server_.reset();
  EXPECT_EQ(client.ReadAll(), "");
}

TEST_F(ServerTest, SaysThatThePortIsInUse) {
  Start();
  const auto second = Server::Start({.port = server_->port()}, health_, metrics_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().error(), "net.port_in_use");
  EXPECT_THAT(second.status().message(), HasSubstr("127.0.0.1:" + std::to_string(server_->port())));
}

TEST_F(ServerTest, SaysThatTheAddressIsNotOfThisMachine) {
  const auto server = Server::Start({.address = "192.0.2.1", .port = 0}, health_, metrics_);
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.status().error(), "net.listen");
}

}  // namespace
}  // namespace accord::web
