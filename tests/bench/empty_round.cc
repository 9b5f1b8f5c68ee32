// scripts/bench empty-round: what a round costs when nobody trains. Ten accord-node processes and one accordd
// over mTLS on loopback, 1,000 parameters, no local steps, every journal synced; the median of 200 rounds as
// accordd times them, first without masks and then with them (malicious mode), against one round trip (a
// unary call over the same TLS) plus one fdatasync, both taken in this run (DESIGN 8). What ten peers cost
// the transport itself stands beside it: on few cores that is most of those twenty floors.
#include <fcntl.h>
#include <unistd.h>

#include <barrier>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "rpc/process.h"
#include "tests/bench/federation.h"
#include "tests/bench/measure.h"
#include "tests/support/temp_dir.h"

namespace accord::bench {
namespace {

constexpr int kNodes = 10;
constexpr int kRounds = 200;

std::string JobText(const std::string& secure) {
  return "version = 1\nname = \"" + secure + "\"\npurpose = \"bench\"\nseed = 1\nsecure = \"" + secure +
         "\"\n"
         "model = { kind = \"mlp\", input = [9], classes = 100 }\ndata = { dataset = \"rows\" }\n"
         "inner = { optimizer = \"sgd\", lr = 0.1, local_steps = 0 }\nupdate = { max_examples = 1000 }\n"
         "[round]\ncount = " +
         std::to_string(kRounds) + "\nmin_nodes = " + std::to_string(kNodes) +
         "\nmin_survivors = " + std::to_string(kNodes) + "\nmax_wait = \"5m\"\n";
}

// A unary call that is answered at once, while the nodes sit idle.
double RoundTripMs(rpc::OperatorClient& client) {
  std::vector<double> times;
  for (int i = 0; i < kRounds + 20; ++i) {
    const double ms = Time(WallMs, [&] { ACCORD_CHECK(!client.GetJob("no such job").ok()); });
    if (i >= 20) times.push_back(ms);
  }
  return Median(std::move(times));
}

// What the transport alone takes to carry as many messages as a plain round: ten connections at once, two
// calls on each (Train and Update, Commit and Verified), answered at once.
double ExchangeMs(const rpc::ClientOptions& member) {
  std::vector<std::unique_ptr<rpc::OperatorClient>> clients;
  for (int i = 0; i < kNodes; ++i) clients.push_back(Must(rpc::OperatorClient::Open(member)));
  std::vector<double> times(kRounds + 20);
  double begin = 0;
  std::barrier start(kNodes, [&]() noexcept { begin = WallMs(); });
  std::barrier end(kNodes, [&, i = std::size_t{0}]() mutable noexcept { times[i++] = WallMs() - begin; });
  std::vector<std::jthread> threads;
  for (const auto& client : clients) {
    threads.emplace_back([&] {
      for (std::size_t round = 0; round < times.size(); ++round) {
        start.arrive_and_wait();
        for (int i = 0; i < 2; ++i) ACCORD_CHECK(!client->GetJob("no such job").ok());
        end.arrive_and_wait();
      }
    });
  }
  threads.clear();
  return Median({times.begin() + 20, times.end()});
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
    times.push_back(Time(WallMs, [&] { ACCORD_CHECK(::fdatasync(fd) == 0); }));
  }
  ::close(fd);
  return Median(std::move(times));
}

void Run(const std::filesystem::path& dir, bool json) {
  const std::filesystem::path apps = AppsOfThisBuild();
  Federation federation({.apps = apps,
                         .dir = dir,
                         .nodes = kNodes,
                         .node = [&](const std::string& config, const std::string& state) {
                           return std::vector<std::string>{
                               (apps / "accord-node").string(), "run", "--config", config, "--state", state};
                         }});
  federation.RunJob(JobText("off"));
  const double floor = RoundTripMs(federation.client()) + FdatasyncMs(dir);
  const double exchange = ExchangeMs(federation.member());
  federation.RunJob(JobText("malicious"));
  for (const char* secure : {"off", "malicious"}) {
    const double round = Median(federation.RoundTimesMs(secure));
    const char* metric = secure == std::string("off") ? "round_ms" : "masked_round_ms";
    Report(json, "empty-round", {metric, round, floor, round / floor});
  }
  Report(json, "empty-round", {"exchange_ms", exchange, floor, exchange / floor});
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  accord::rpc::ForceTls13();
  accord::SetupLog(accord::LogFormat::kText, accord::LogLevel::kError);
  const accord::testing::TempDir dir;
  accord::bench::Run(dir.path(), argc > 1 && std::string(argv[1]) == "--json");
  return 0;
}
