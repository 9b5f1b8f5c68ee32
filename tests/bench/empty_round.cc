// scripts/bench empty-round: what a round costs when nobody trains. Ten accord-node processes and one accordd
// over mTLS on loopback, 1,000 parameters, no local steps, every journal synced; the median of 200 rounds as
// accordd times them, first without masks and then with them (malicious mode), against one round trip (a
// unary call over the same TLS) plus one fdatasync, both taken in this run (DESIGN 8).
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "coordinator/coordinator.h"
#include "crypto/join_token.h"
#include "crypto/x509.h"
#include "node/identity.h"
#include "node/registry.h"
#include "rpc/enrol.h"
#include "rpc/operator_client.h"
#include "rpc/process.h"
#include "rpc/registry_view.h"
#include "tests/support/free_port.h"
#include "tests/support/temp_dir.h"

extern char** environ;

namespace accord::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kNodes = 10;
constexpr int kRounds = 200;

template <class T>
T Must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "empty-round: %s\n", Describe(result.status()).c_str());
    std::exit(1);
  }
  return *std::move(result);
}
void Must(const Status& status) { Must(status.ok() ? Result<bool>(true) : Result<bool>(status)); }

// A child process, ended with its object; the lines of its stderr are kept.
class Process {
 public:
  explicit Process(const std::vector<std::string>& command) {
    int ends[2];
    ACCORD_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ACCORD_CHECK(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    reader_ = std::thread([this, fd = ends[0]] { Read(fd); });
  }
  ~Process() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    reader_.join();
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Until a line holds `word`; a bounded time.
  void Await(const std::string& word) {
    std::unique_lock lock(mutex_);
    const auto there = [&] {
      return std::ranges::any_of(
          lines_, [&](const std::string& line) { return line.find(word) != std::string::npos; });
    };
    ACCORD_CHECK(more_.wait_for(lock, std::chrono::minutes(1), there));
  }
  [[nodiscard]] std::vector<std::string> Lines() {
    const std::unique_lock lock(mutex_);
    return lines_;
  }

 private:
  void Read(int fd) {
    FILE* in = ::fdopen(fd, "r");
    char* line = nullptr;
    std::size_t capacity = 0;
    while (::getline(&line, &capacity, in) > 0) {
      const std::unique_lock lock(mutex_);
      lines_.emplace_back(line);
      more_.notify_all();
    }
    std::free(line);
    std::fclose(in);
  }

  pid_t pid_ = 0;
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::string> lines_;
  std::thread reader_;
};

struct Paths {
  std::filesystem::path apps, dir;
};

config::CoordinatorConfig CoordinatorSettings(const Paths& paths) {
  config::CoordinatorConfig config;
  config.federation.trust_domain = "bench.accord";
  config.rpc.listen = "127.0.0.1:" + std::to_string(testing::FreePort());
  config.http.listen = "127.0.0.1:0";
  config.store.state = paths.dir / "coordinator";
  config.security.allow_unmasked = true;
  config.log.format = LogFormat::kJson;
  return config;
}

rpc::ClientOptions JoinOperator(const Paths& paths, const std::string& text) {
  const crypto::JoinToken token = Must(crypto::ParseJoinToken(text));
  const crypto::P256Key key = crypto::P256Key::Generate();
  const ByteView secret = token.secret.view();
  const rpc::Enrolled answer =
      Must(rpc::Enrol({token.address, token.ca_fingerprint},
                      {Bytes(secret.begin(), secret.end()), crypto::MakeCsr(key), {}}, {}));
  const std::filesystem::path dir = paths.dir / "operator";
  Must(WriteFileAtomic(dir / "cert.pem", AsBytes(answer.certificate_pem), FileMode::kShared));
  Must(WriteFileAtomic(dir / "ca.pem", AsBytes(answer.ca_pem), FileMode::kShared));
  Must(key.Save(dir / "key.pem"));
  return {.address = token.address,
          .ca = dir / "ca.pem",
          .certificate = dir / "cert.pem",
          .key = dir / "key.pem"};
}

std::string WriteNodeFiles(const Paths& paths) {
  std::ofstream csv(paths.dir / "data.csv");
  for (int row = 0; row < 200; ++row) {
    for (int column = 0; column < 9; ++column) csv << (row * 7 + column * 3) % 11 << ',';
    csv << row % 100 << '\n';
  }
  const std::filesystem::path config = paths.dir / "node.toml";
  std::ofstream(config) << "[node]\nthreads = 1\n[data.rows]\nformat = \"csv\"\npath = \""
                        << (paths.dir / "data.csv").string()
                        << "\"\ntarget = \"10\"\n[policy]\nallow_unmasked = true\npurposes = [\"bench\"]\n";
  return config.string();
}

std::string JobText(const std::string& secure) {
  return "version = 1\nname = \"" + secure + "\"\npurpose = \"bench\"\nseed = 1\nsecure = \"" + secure +
         "\"\n"
         "model = { kind = \"mlp\", input = [9], classes = 100 }\ndata = { dataset = \"rows\" }\n"
         "inner = { optimizer = \"sgd\", lr = 0.1, local_steps = 0 }\nupdate = { max_examples = 1000 }\n"
         "[round]\ncount = " +
         std::to_string(kRounds) + "\nmin_nodes = " + std::to_string(kNodes) +
         "\nmin_survivors = " + std::to_string(kNodes) + "\nmax_wait = \"5m\"\n";
}

double Median(std::vector<double> values) {
  ACCORD_CHECK(!values.empty());
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// A unary call that is answered at once, while the nodes sit idle.
double RoundTripMs(rpc::OperatorClient& client) {
  std::vector<double> times;
  for (int i = 0; i < kRounds + 20; ++i) {
    const auto begin = Clock::now();
    ACCORD_CHECK(!client.GetJob("no such job").ok());
    if (i >= 20) times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  return Median(std::move(times));
}

double FdatasyncMs(const std::filesystem::path& dir) {
  const int fd = ::open((dir / "sync").c_str(), O_CREAT | O_RDWR, 0600);
  const std::vector<char> block(4096, 'x');
  const auto write = [&](int i) {
    ACCORD_CHECK(::pwrite(fd, block.data(), block.size(), i * 4096L) == 4096);
  };
  for (int i = 0; i < 256; ++i) write(i);
  ACCORD_CHECK(::fsync(fd) == 0);
  std::vector<double> times;
  for (int i = 0; i < kRounds; ++i) {
    write(i);
    const auto begin = Clock::now();
    ACCORD_CHECK(::fdatasync(fd) == 0);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  ::close(fd);
  return Median(std::move(times));
}

std::vector<double> RoundTimesMs(const std::vector<std::string>& log, const std::string& job) {
  std::vector<double> times;
  for (const std::string& line : log) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.value("event", "") == "round.committed" && json.value("job", "") == job)
      times.push_back(std::stod(json.value("ms", "0")));
  }
  return times;
}

void RunJob(rpc::OperatorClient& client, const std::string& secure) {
  const rpc::JobView job = Must(client.SubmitJob(AsBytes(JobText(secure)), Bytes(16, 1)));
  rpc::JobView end;
  Must(client.WatchJob(job.id.Hex(), [&](const rpc::JobView& view) {
    end = view;
    return view.state != job::Phase::kPaused;
  }));
  ACCORD_CHECK(end.state == job::Phase::kFinished);
}

void Run(const Paths& paths, bool json) {
  const config::CoordinatorConfig settings = CoordinatorSettings(paths);
  const std::string operator_token = Must(coordinator::InitFederation(settings));
  const std::filesystem::path config = paths.dir / "coordinator.toml";
  Must(WriteFileAtomic(config, AsBytes(config::ShowConfig(settings)), FileMode::kShared));
  Process accordd({(paths.apps / "accordd").string(), "--config", config.string()});
  accordd.Await("coordinator.serving");
  const auto client = Must(rpc::OperatorClient::Open(JoinOperator(paths, operator_token)));

  const std::string node_config = WriteNodeFiles(paths);
  const auto state_of = [&](int i) { return paths.dir / ("n" + std::to_string(i)); };
  for (int i = 0; i < kNodes; ++i) {
    Must(node::Join(state_of(i), Must(client->Invite("n" + std::to_string(i), "node", Millis(0))).token));
  }
  const secagg::Registry registry = Must(rpc::ToRegistry(Must(client->GetRegistry(std::nullopt, {}))));
  std::vector<std::unique_ptr<Process>> nodes;
  for (int i = 0; i < kNodes; ++i) {
    Must(node::Pin(state_of(i), registry));
    nodes.push_back(std::make_unique<Process>(std::vector<std::string>{(paths.apps / "accord-node").string(),
                                                                       "run", "--config", node_config,
                                                                       "--state", state_of(i).string()}));
  }
  for (const char* secure : {"off", "malicious"}) RunJob(*client, secure);
  const double floor = RoundTripMs(*client) + FdatasyncMs(paths.dir);
  for (const char* secure : {"off", "malicious"}) {
    const double round = Median(RoundTimesMs(accordd.Lines(), secure));
    const char* metric = secure == std::string("off") ? "round_ms" : "masked_round_ms";
    std::printf(json ? "{\"bench\":\"empty-round\",\"metric\":\"%s\",\"value\":%.3f,\"floor\":%.3f,"
                       "\"ratio\":%.2f}\n"
                     : "%s %.3f ms, floor (round trip + fdatasync) %.3f ms, ratio %.2f\n",
                metric, round, floor, round / floor);
  }
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  accord::rpc::ForceTls13();
  accord::SetupLog(accord::LogFormat::kText, accord::LogLevel::kError);
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const accord::testing::TempDir dir;
  const bool json = argc > 1 && std::string(argv[1]) == "--json";
  accord::bench::Run({self.parent_path().parent_path().parent_path() / "src" / "apps", dir.path()}, json);
  return 0;
}
