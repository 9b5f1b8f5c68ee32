#include "node/control.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
//
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "base/errors.h"
#include "base/log.h"

namespace accord::node {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

namespace {

constexpr std::size_t kMaxRequest = 4096;
constexpr auto kPatience = std::chrono::seconds(10);

std::optional<task::Event> EventOf(const std::string& what) {
  if (what == "stop") return task::Stop{};
  if (what == "start") return task::Allow{};
  if (what == "erase") return task::Erase{};
  if (what == "free") return task::Free{};
  return std::nullopt;
}

std::string AnswerText(const Result<std::string>& result) {
  nlohmann::json json{{"ok", result.ok()}};
  if (result.ok()) {
    json["jobs"] = *result;
  } else {
    json["error"] = result.status().error();
    json["message"] = result.status().message();
  }
  return json.dump() + "\n";
}

// One connection: reads a line, asks the handler, writes a line. Bounded in size and time.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Protocol::socket socket, ControlHandler& handler)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), buffer_(kMaxRequest), handler_(handler) {}

  void Start() {
    timer_.expires_after(kPatience);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->Close();
    });
    asio::async_read_until(
        socket_, buffer_, '\n',
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
          if (error) return self->Close();
          self->Ask(size);
        });
  }

 private:
  void Ask(std::size_t size) {
    const auto data = buffer_.data();
    const std::string line(asio::buffers_begin(data),
                           asio::buffers_begin(data) + static_cast<std::ptrdiff_t>(size));
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    const auto text = [&](const char* key) {
      return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>()
                                                                             : std::string();
    };
    if (text("do") == "pinned") {
      handler_.Pinned();
      return Answer(std::string());
    }
    const auto event = EventOf(text("do"));
    if (!event) {
      return Answer(Fail(errors::kRpcMalformed, "the request is none of stop, start, erase, free, pinned"));
    }
    handler_.Lab(text("job"), *event,
                 [self = shared_from_this()](Result<std::string> result) { self->Answer(result); });
  }

  void Answer(const Result<std::string>& result) {
    answer_ = AnswerText(result);
    asio::async_write(
        socket_, asio::buffer(answer_),
        [self = shared_from_this()](const boost::system::error_code&, std::size_t) { self->Close(); });
  }

  void Close() {
    timer_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  Protocol::socket socket_;
  asio::steady_timer timer_;
  asio::streambuf buffer_;
  ControlHandler& handler_;
  std::string answer_;
};

class Listener final : public Control {
 public:
  Listener(asio::io_context& io, std::filesystem::path path, ControlHandler& handler)
      : path_(std::move(path)), acceptor_(io), handler_(handler) {}
  ~Listener() override {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    std::error_code gone;
    std::filesystem::remove(path_, gone);
  }

  Status Open() {
    std::error_code gone;
    std::filesystem::remove(
        path_, gone);  // of a process that was killed; the state's lock says that it is not there
    boost::system::error_code error;
    acceptor_.open(Protocol(), error);
    if (!error) acceptor_.bind(Protocol::endpoint(path_.string()), error);
    if (!error) acceptor_.listen(8, error);
    if (error) return ErrnoLike(error);
    Accept();
    return {};
  }

 private:
  Status ErrnoLike(const boost::system::error_code& error) const {
    return Fail(errors::kStoreIo, "cannot listen at " + path_.string() + ": " + error.message());
  }
  void Accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, Protocol::socket socket) {
      if (error) return;
      std::make_shared<Exchange>(std::move(socket), handler_)->Start();
      Accept();
    });
  }

  const std::filesystem::path path_;
  Protocol::acceptor acceptor_;
  ControlHandler& handler_;
};

}  // namespace

namespace {

Status NotRunning(std::string what) {
  return Fail(errors::kNodeNotRunning, std::move(what),
              "Start it with: accord-node run --config FILE --state DIR");
}

}  // namespace

std::filesystem::path ControlPath(const std::filesystem::path& state) { return state / "control.sock"; }

Result<std::unique_ptr<Control>> Control::Listen(asio::io_context& io, const std::filesystem::path& path,
                                                 ControlHandler& handler) {
  if (path.string().size() > 100) {  // sockaddr_un
    return Fail(errors::kStoreIo, "the state directory's path is too long for a socket: " + path.string());
  }
  auto listener = std::make_unique<Listener>(io, path, handler);
  ACCORD_RETURN_IF_ERROR(listener->Open());
  return std::unique_ptr<Control>(std::move(listener));
}

Result<std::string> AskNode(const std::filesystem::path& state, const std::string& what,
                            const std::string& job) {
  asio::io_context io;
  Protocol::socket socket(io);
  boost::system::error_code error;
  socket.connect(Protocol::endpoint(ControlPath(state).string()), error);
  if (error) return NotRunning("no node runs on " + state.string() + ": " + error.message());
  const std::string request = nlohmann::json{{"do", what}, {"job", job}}.dump() + "\n";
  asio::write(socket, asio::buffer(request), error);
  std::string answer;
  bool done = false;
  asio::async_read_until(socket, asio::dynamic_buffer(answer, kMaxRequest), '\n',
                         [&](const boost::system::error_code& failed, std::size_t) {
                           error = failed;
                           done = true;
                         });
  io.run_for(kPatience);
  if (!done || error) return NotRunning("the node did not answer");
  const nlohmann::json json = nlohmann::json::parse(answer, nullptr, false);
  if (json.is_object() && json.value("ok", false)) return json.value("jobs", std::string());
  const std::string id = json.is_object() ? json.value("error", std::string()) : std::string();
  return Status(Code::kConflict, id,
                json.is_object() ? json.value("message", std::string("refused")) : "bad answer");
}

}  // namespace accord::node
