#include "web/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <limits>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "base/errors.h"
#include "base/log.h"

namespace accord::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::uint32_t kMaxHeaderBytes = 8192;
constexpr std::chrono::milliseconds kAcceptPause{100};  // after a failed accept: out of descriptors, mostly
constexpr std::string_view kLogPath = "/log/";
constexpr const char* kPlainText = "text/plain; charset=utf-8";

// What every connection shares. Outlives them.
struct Shared {
  const HealthSource& health;
  const Metrics& metrics;
  const ServerOptions options;
  std::uint32_t connections = 0;  // of the server's thread
};

struct Reply {
  http::status status = http::status::ok;
  std::string body;
  const char* type = kPlainText;
};

// Files of a log never change, but for its head.
Reply LogFile(const Shared& shared, http::verb method, std::string_view path) {
  if (method != http::verb::get) return {http::status::method_not_allowed, "only GET\n"};
  const std::string file(path.substr(kLogPath.size()));
  const Result<Bytes> content = shared.options.log(file);
  if (content.ok() && file == "checkpoint") return {http::status::ok, std::string(AsText(*content))};
  if (content.ok()) return {http::status::ok, std::string(AsText(*content)), "application/octet-stream"};
  if (content.status().code() == Code::kNotFound)
    return {http::status::not_found, "the log has no such file\n"};
  LogError("log.not_served", {{"file", Printable(file, 100)}, {"why", Describe(content.status())}});
  return {http::status::internal_server_error, "the file cannot be read\n"};
}

Reply Answer(const Shared& shared, http::verb method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (shared.options.log && path.starts_with(kLogPath)) return LogFile(shared, method, path);
  if (path != "/healthz" && path != "/readyz" && path != "/metrics") {
    return {http::status::not_found, "not found; there are /healthz, /readyz and /metrics\n"};
  }
  if (method != http::verb::get) return {http::status::method_not_allowed, "only GET\n"};
  if (path == "/metrics") {
    return {http::status::ok, shared.metrics.Expose(), "text/plain; version=0.0.4; charset=utf-8"};
  }
  if (path == "/healthz") {
    if (!shared.health.Live()) return {http::status::service_unavailable, "not live\n"};
    return {http::status::ok, "ok\n"};
  }
  const HealthSource::Ready ready = shared.health.IsReady();
  if (!ready.ready) return {http::status::service_unavailable, "not ready: " + ready.reason + "\n"};
  return {http::status::ok, "ready\n"};
}

// One connection: header, answer, again while it is kept alive. Owned by its pending operation.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    ++shared_.connections;
  }
  ~Connection() { --shared_.connections; }

  void Read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // none is ever read, see OnHeader
    stream_.expires_after(shared_.options.idle_timeout);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](beast::error_code error, std::size_t) { self->OnHeader(error); });
  }

 private:
  void OnHeader(beast::error_code error) {
    if (error == http::error::header_limit) {
      return Write({http::status::request_header_fields_too_large, "header too large\n"}, false);
    }
    static const auto& kHttpErrors = http::make_error_code(http::error{}).category();
    if (error == http::error::end_of_stream || (error && error.category() != kHttpErrors)) {
      return Close();  // gone, timed out, or the network failed: nobody to answer
    }
    if (error) return Write({http::status::bad_request, "not HTTP/1.1\n"}, false);
    const auto& request = parser_->get();
    // A body is never read: what follows the header could not be told from a next request.
    const bool keep =
        request.keep_alive() && parser_->content_length().value_or(0) == 0 && !parser_->chunked();
    const std::string_view target(request.target().data(), request.target().size());
    Write(Answer(shared_, request.method(), target), keep);
  }

  void Write(Reply reply, bool keep) {
    response_ = {};
    response_.version(11);
    response_.result(reply.status);
    response_.set(http::field::content_type, reply.type);
    response_.set(http::field::cache_control, "no-store");
    if (reply.status == http::status::method_not_allowed) response_.set(http::field::allow, "GET");
    response_.keep_alive(keep);
    response_.body() = std::move(reply.body);
    response_.prepare_payload();
    stream_.expires_after(shared_.options.idle_timeout);
    http::async_write(stream_, response_,
                      [self = shared_from_this(), keep](beast::error_code error, std::size_t) {
                        if (error || !keep) return self->Close();
                        self->Read();
                      });
  }

  void Close() {
    beast::error_code ignored;  // the peer may be gone already
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
  }

  beast::tcp_stream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_{2 * kMaxHeaderBytes};
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
};

class HttpServer final : public Server {
 public:
  HttpServer(const ServerOptions& options, const HealthSource& health, const Metrics& metrics)
      : shared_{health, metrics, options} {}
  ~HttpServer() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  Status Listen() {
    const std::string where = shared_.options.address + ":" + std::to_string(shared_.options.port);
    beast::error_code error;
    const auto found =
        tcp::resolver(context_).resolve(shared_.options.address, std::to_string(shared_.options.port), error);
    if (!error) {
      const tcp::endpoint endpoint = found.begin()->endpoint();
      acceptor_.open(endpoint.protocol(), error);
      if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
      if (!error) acceptor_.bind(endpoint, error);
      if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error == asio::error::address_in_use) {
      return Fail(errors::kNetPortInUse, where + " is taken",
                  "Stop the program that holds it (ss -ltnp shows it), or choose another with http.listen.");
    }
    if (error) return Fail(errors::kNetListen, where + ": " + error.message(), "Correct http.listen.");
    port_ = acceptor_.local_endpoint().port();
    Accept();
    thread_ = std::thread([this] { Run(); });
    return {};
  }

  [[nodiscard]] std::uint16_t port() const override { return port_; }

 private:
  void Run() {
    while (!context_.stopped()) {
      try {
        context_.run();
      } catch (const std::exception& error) {  // of one connection, which is gone with it; the others go on
        LogError("web.exception", {{"what", error.what()}});
      }
    }
  }

  void Accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {
        LogWarn("web.accept", {{"error", error.message()}});
        pause_.expires_after(kAcceptPause);
        pause_.async_wait([this](beast::error_code aborted) {
          if (!aborted) Accept();
        });
        return;
      }
      if (shared_.connections < shared_.options.max_connections) {
        std::make_shared<Connection>(std::move(socket), shared_)->Read();
      }
      Accept();
    });
  }

  Shared shared_;  // before the context, whose pending handlers own the connections
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer pause_{context_};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, const HealthSource& health,
                                              const Metrics& metrics) {
  auto server = std::make_unique<HttpServer>(options, health, metrics);
  ACCORD_RETURN_IF_ERROR(server->Listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace accord::web
