#include "tests/bench/federation.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/check.h"
#include "base/file.h"
#include "coordinator/coordinator.h"
#include "crypto/join_token.h"
#include "crypto/x509.h"
#include "node/identity.h"
#include "node/registry.h"
#include "rpc/enrol.h"
#include "rpc/registry_view.h"
#include "tests/support/free_port.h"

extern char** environ;

namespace accord::bench {
namespace {

config::CoordinatorConfig SettingsIn(const std::filesystem::path& dir) {
  config::CoordinatorConfig config;
  config.federation.trust_domain = "bench.accord";
  config.rpc.listen = "127.0.0.1:" + std::to_string(testing::FreePort());
  config.http.listen = "127.0.0.1:0";
  config.store.state = dir / "coordinator";
  config.security.allow_unmasked = true;
  config.log.format = LogFormat::kJson;
  return config;
}

rpc::ClientOptions JoinOperator(const std::filesystem::path& dir, const std::string& text) {
  const crypto::JoinToken token = Must(crypto::ParseJoinToken(text));
  const crypto::P256Key key = crypto::P256Key::Generate();
  const ByteView secret = token.secret.view();
  const rpc::Enrolled answer =
      Must(rpc::Enrol({token.address, token.ca_fingerprint},
                      {Bytes(secret.begin(), secret.end()), crypto::MakeCsr(key), {}}, {}));
  Must(WriteFileAtomic(dir / "cert.pem", AsBytes(answer.certificate_pem), FileMode::kShared));
  Must(WriteFileAtomic(dir / "ca.pem", AsBytes(answer.ca_pem), FileMode::kShared));
  Must(key.Save(dir / "key.pem"));
  return {.address = token.address,
          .ca = dir / "ca.pem",
          .certificate = dir / "cert.pem",
          .key = dir / "key.pem"};
}

}  // namespace

// ---------------------------------------------------------------- processes

Process::Process(const std::vector<std::string>& command) {
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

Process::~Process() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  reader_.join();
}

void Process::Await(const std::string& word) {
  std::unique_lock lock(mutex_);
  const auto there = [&] {
    return std::ranges::any_of(lines_,
                               [&](const std::string& line) { return line.find(word) != std::string::npos; });
  };
  ACCORD_CHECK(more_.wait_for(lock, std::chrono::minutes(1), there));
}

std::vector<std::string> Process::Lines() {
  const std::unique_lock lock(mutex_);
  return lines_;
}

void Process::Read(int fd) {
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

double Process::CpuMs() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(in, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));  // from the third on
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) * 1000.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t Process::PeakBytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; in >> word;) {
    std::uint64_t kib = 0;
    if (word == "VmHWM:" && in >> kib) return kib * 1024;
  }
  return 0;
}

// ---------------------------------------------------------------- the federation

std::filesystem::path AppsOfThisBuild() {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  return self.parent_path().parent_path().parent_path() / "src" / "apps";
}

Federation::Federation(FederationOptions options)
    : options_(std::move(options)), settings_(SettingsIn(options_.dir)) {
  const std::string token = Must(coordinator::InitFederation(settings_));
  const std::filesystem::path config = options_.dir / "coordinator.toml";
  Must(WriteFileAtomic(config, AsBytes(config::ShowConfig(settings_)), FileMode::kShared));
  accordd_ = std::make_unique<Process>(
      std::vector<std::string>{(options_.apps / "accordd").string(), "--config", config.string()});
  accordd_->Await("coordinator.serving");
  member_ = JoinOperator(options_.dir / "operator", token);
  client_ = Must(rpc::OperatorClient::Open(member_));
  JoinNodes();
}

void Federation::JoinNodes() {
  const auto state_of = [&](int i) { return options_.dir / ("n" + std::to_string(i)); };
  for (int i = 0; i < options_.nodes; ++i) {
    Must(node::Join(state_of(i), Must(client_->Invite("n" + std::to_string(i), "node", Millis(0))).token));
  }
  const secagg::Registry registry = Must(rpc::ToRegistry(Must(client_->GetRegistry(std::nullopt, {}))));
  const std::string config = WriteNodeFiles();
  for (int i = 0; i < options_.nodes; ++i) {
    Must(node::Pin(state_of(i), registry));
    nodes_.push_back(std::make_unique<Process>(options_.node(config, state_of(i).string())));
  }
}

std::string Federation::WriteNodeFiles() const {
  const std::filesystem::path data = options_.dir / "data.csv";
  std::ofstream csv(data);
  for (int row = 0; row < 200; ++row) {
    for (int column = 0; column < 9; ++column) csv << (row * 7 + column * 3) % 11 << ',';
    csv << row % 100 << '\n';
  }
  const std::filesystem::path config = options_.dir / "node.toml";
  std::ofstream(config) << "[node]\nthreads = 1\n[data.rows]\nformat = \"csv\"\npath = \"" << data.string()
                        << "\"\ntarget = \"10\"\n[policy]\nallow_unmasked = true\npurposes = [\"bench\"]\n";
  return config.string();
}

void Federation::RunJob(const std::string& text, const std::function<void(const rpc::JobView&)>& seen) {
  const rpc::JobView job = Must(client_->SubmitJob(AsBytes(text), Bytes(16, 1)));
  rpc::JobView end;
  Must(client_->WatchJob(job.id.Hex(), [&](const rpc::JobView& view) {
    end = view;
    if (seen) seen(view);
    return view.state != job::Phase::kPaused;
  }));
  ACCORD_CHECK(end.state == job::Phase::kFinished);
}

std::vector<double> Federation::RoundTimesMs(const std::string& job) {
  std::vector<double> times;
  for (const std::string& line : accordd_->Lines()) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.value("event", "") == "round.committed" && json.value("job", "") == job)
      times.push_back(std::stod(json.value("ms", "0")));
  }
  return times;
}

double Federation::NodesCpuMs() const {
  double sum = 0;
  for (const auto& node : nodes_) sum += node->CpuMs();
  return sum;
}

}  // namespace accord::bench
