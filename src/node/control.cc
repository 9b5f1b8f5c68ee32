#include "node/control.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
//
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "crypto/sha256.h"
#include "model/safetensors.h"

namespace accord::node {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

namespace {

constexpr std::size_t kMaxRequest = 4096;
constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::size_t kPiece = 4 << 20;
constexpr std::uint64_t kMostPlanBytes = 16 << 20;

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
    Arm();
    asio::async_read_until(
        socket_, buffer_, '\n',
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
          if (error) return self->Close();
          self->Ask(size);
        });
  }

 private:
  // Nothing takes longer; a piece of a model is timed by itself.
  void Arm() {
    timer_.expires_after(kPatience);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->Close();
    });
  }

  void Ask(std::size_t size) {
    const auto data = buffer_.data();
    const std::string line(asio::buffers_begin(data),
                           asio::buffers_begin(data) + static_cast<std::ptrdiff_t>(size));
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    const auto text = [&](const char* key) {
      return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>()
                                                                             : std::string();
    };
    if (text("do") == "model") return Give(handler_.Common(text("job")));
    if (text("do") == "pinned") {
      handler_.Pinned();
      return Answer(std::string());
    }
    if (text("do") == "decided") {
      handler_.Decided(text("job"));
      return Answer(std::string());
    }
    const auto event = EventOf(text("do"));
    if (!event) {
      return Answer(Fail(errors::kRpcMalformed,
                         "the request is none of stop, start, erase, free, pinned, decided, model"));
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

  void Give(Result<CommonModel> common) {
    if (!common.ok()) return Answer(common.status());
    common_ = *std::move(common);
    prefix_ = model::SafetensorsPrefix(*common_.layout);
    const ByteView body = model::WeightBytes(*common_.weights);
    answer_ = nlohmann::json{{"ok", true},
                             {"jobs", common_.name},
                             {"plan", common_.plan.size()},
                             {"model", prefix_.size() + body.size()},
                             {"sha256", common_.hash.Hex()}}
                  .dump() +
              "\n";
    rest_ = {AsBytes(answer_), common_.plan, prefix_, body};
    GiveNext();
  }

  void GiveNext() {
    while (!rest_.empty() && rest_.front().empty()) rest_.erase(rest_.begin());
    if (rest_.empty()) return Close();
    ByteView& next = rest_.front();
    const ByteView piece = next.first(std::min(next.size(), kPiece));
    next = next.subspan(piece.size());
    Arm();
    asio::async_write(socket_, asio::buffer(piece.data(), piece.size()),
                      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                        error ? self->Close() : self->GiveNext();
                      });
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
  CommonModel common_;          // what `rest_` points into
  Bytes prefix_;                // of the model's file
  std::vector<ByteView> rest_;  // to be sent
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

namespace {

// One exchange with the running node; every wait is bounded.
class Line {
 public:
  Line() : socket_(io_) {}

  Status Open(const std::filesystem::path& state, const std::string& what, const std::string& job) {
    boost::system::error_code error;
    socket_.connect(Protocol::endpoint(ControlPath(state).string()), error);
    if (error) return NotRunning("no node runs on " + state.string() + ": " + error.message());
    const std::string request = nlohmann::json{{"do", what}, {"job", job}}.dump() + "\n";
    asio::write(socket_, asio::buffer(request), error);  // what fails here fails when the answer is awaited
    return {};
  }

  // The first line of the answer, where it says that it is one.
  Result<nlohmann::json> Answer() {
    std::size_t size = 0;
    ACCORD_RETURN_IF_ERROR(Await([&](auto done) {
      asio::async_read_until(socket_, asio::dynamic_buffer(rest_, kMaxRequest), '\n',
                             [&size, done](auto error, std::size_t n) {
                               size = n;
                               done(error);
                             });
    }));
    const nlohmann::json json = nlohmann::json::parse(rest_.substr(0, size), nullptr, false);
    rest_.erase(0, size);
    if (json.is_object() && json.value("ok", false)) return json;
    const std::string id = json.is_object() ? json.value("error", std::string()) : std::string();
    return Status(Code::kConflict, id,
                  json.is_object() ? json.value("message", std::string("refused")) : "bad answer");
  }

  // Exactly so many bytes behind it, to `sink` a piece at a time.
  Status Read(std::uint64_t size, const std::function<Status(ByteView)>& sink) {
    Bytes piece;
    while (size > 0) {
      piece.resize(std::min<std::uint64_t>(size, kPiece));
      const std::size_t here = std::min(piece.size(), rest_.size());
      std::copy_n(rest_.begin(), here, piece.begin());
      rest_.erase(0, here);
      ACCORD_RETURN_IF_ERROR(Await([&](auto done) {
        asio::async_read(socket_, asio::buffer(piece.data() + here, piece.size() - here),
                         [done](auto error, std::size_t) { done(error); });
      }));
      ACCORD_RETURN_IF_ERROR(sink(piece));
      size -= piece.size();
    }
    return {};
  }

 private:
  Status Await(const std::function<void(std::function<void(boost::system::error_code)>)>& start) {
    boost::system::error_code failed;
    bool done = false;
    start([&](boost::system::error_code error) {
      failed = error;
      done = true;
    });
    io_.restart();
    io_.run_for(kPatience);
    if (done && !failed) return {};
    socket_.close(failed);
    io_.restart();
    io_.run();  // what was started ends before what it writes to
    return NotRunning("the node did not answer");
  }

  asio::io_context io_;
  Protocol::socket socket_;
  std::string rest_;  // read behind the first line
};

}  // namespace

Result<std::string> AskNode(const std::filesystem::path& state, const std::string& what,
                            const std::string& job) {
  Line line;
  ACCORD_RETURN_IF_ERROR(line.Open(state, what, job));
  ACCORD_ASSIGN_OR_RETURN(const nlohmann::json answer, line.Answer());
  return answer.value("jobs", std::string());
}

Result<Digest> FetchCommon(const std::filesystem::path& state, const std::string& job,
                           const CommonFiles& files) {
  Line line;
  ACCORD_RETURN_IF_ERROR(line.Open(state, "model", job));
  ACCORD_ASSIGN_OR_RETURN(const nlohmann::json answer, line.Answer());
  const auto plan_bytes = answer.value("plan", std::uint64_t{0});
  const auto hash = Digest::FromHex(answer.value("sha256", std::string()));
  if (!hash || plan_bytes > kMostPlanBytes) return Fail(errors::kRpcMalformed, "bad answer of the node");
  ACCORD_ASSIGN_OR_RETURN(AtomicFile plan, AtomicFile::Create(files.plan, FileMode::kPrivate));
  ACCORD_RETURN_IF_ERROR(line.Read(plan_bytes, [&](ByteView piece) { return plan.Write(piece); }));
  ACCORD_ASSIGN_OR_RETURN(AtomicFile model, AtomicFile::Create(files.model, FileMode::kPrivate));
  crypto::Sha256 found;
  ACCORD_RETURN_IF_ERROR(line.Read(answer.value("model", std::uint64_t{0}), [&](ByteView piece) {
    found.Update(piece);
    return model.Write(piece);
  }));
  if (found.Finish() != *hash) return Fail(errors::kBlobChecksum, "the model came with other bytes");
  ACCORD_RETURN_IF_ERROR(plan.Commit());
  ACCORD_RETURN_IF_ERROR(model.Commit());
  return *hash;
}

}  // namespace accord::node
