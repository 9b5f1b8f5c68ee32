// scripts/bench secure-round: what secure aggregation costs a round of ten nodes and ten million parameters
// (b = 16): real accordd and node processes over mTLS on loopback, which do not train; medians of rounds as
// accordd times them, without masks and with them (malicious mode). Floors of the same run: the plain round's
// bytes (uploads to the coordinator, sums to the nodes) on one bare gRPC stream with the same credentials,
// and the keystream that the masked round draws, by OpenSSL on one thread. The ten nodes share the cores of
// this machine with the coordinator, where those of a federation have their own: so the keystream takes its
// time divided by the cores, and `plain_beyond_nodes` leaves out what the nodes' processes computed beside
// their ends of the stream. CPU times say the same while other work holds the cores. Then fifty nodes in
// masked rounds: the most memory that accordd held, against accumulator + 256 MiB (DESIGN 8). `rounds` or
// `memory` runs one half.
#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "coordinator/identity.h"
#include "rpc/process.h"
#include "tests/bench/bare_stream.h"
#include "tests/bench/federation.h"
#include "tests/bench/masked_update.h"
#include "tests/bench/measure.h"
#include "tests/bench/toy_node.h"
#include "tests/support/temp_dir.h"

namespace accord::bench {
namespace {

constexpr int kTurns = 3;   // plain and masked jobs take turns
constexpr int kRounds = 6;  // of each that are measured, after the first
constexpr int kManyNodes = 50;
constexpr double kMiB = 1024.0 * 1024.0;
constexpr double kAllowedMiB = 256.0;

struct Job {
  std::string name, secure;
  int nodes = 0;
  int rounds = 0;
};

// 999 x 10,000 weights and 10,000 biases.
std::string JobText(const Job& job) {
  const std::string nodes = std::to_string(job.nodes);
  return "version = 1\nname = \"" + job.name + "\"\npurpose = \"bench\"\nseed = 1\nsecure = \"" + job.secure +
         "\"\nmodel = { kind = \"mlp\", input = [999], classes = 10000 }\ndata = { dataset = \"rows\" }\n"
         "inner = { optimizer = \"sgd\", lr = 0.1, local_steps = 1 }\n"
         "update = { bits = 16, clip = 0.1, max_examples = 1000 }\n"
         "[round]\ncount = " +
         std::to_string(job.rounds) + "\nmin_nodes = " + nodes + "\nmin_survivors = " + nodes +
         "\nmax_wait = \"5m\"\n";
}

FederationOptions Options(const testing::TempDir& dir, int nodes) {
  return {.apps = AppsOfThisBuild(), .dir = dir.path(), .nodes = nodes, .node = ToyNodeCommand};
}

std::uint64_t UploadBytes(int nodes) {
  return 8 * secagg::Encoding{.n = static_cast<std::uint32_t>(nodes),
                              .bits = 16,
                              .field_bits = secagg::FieldBits(16, static_cast<std::uint32_t>(nodes)),
                              .coordinates = kCoordinates,
                              .clip = 0.1,
                              .w_max = 1000,
                              .headers = {{"count", 1}, {"omega", secagg::kOmegaOne}}}
                 .Words();
}

// By OpenSSL on one thread.
double KeystreamMs(std::uint64_t bytes) {
  BareKeystream stream;
  constexpr std::uint64_t kPiece = 64ULL << 20;
  std::vector<double> times;
  for (int i = 0; i < 16; ++i) times.push_back(Time(ThreadMs, [&] { stream.Draw(kPiece); }));
  return Median(std::move(times)) * static_cast<double>(bytes) / static_cast<double>(kPiece);
}

// Of one round each.
struct Costs {
  std::vector<double> round_ms, accordd_cpu_ms, nodes_cpu_ms;
};

void Measure(Federation& federation, const std::string& secure, int turn, Costs& costs) {
  const std::string name = secure + std::to_string(turn);
  double accordd = 0;
  double nodes = 0;
  std::uint32_t before = 0;
  // The first round makes the initial model everywhere: CPU time counts from its end.
  federation.RunJob(JobText({name, secure, kNodes, kRounds + 1}), [&](const rpc::JobView& view) {
    if (before > 0 || view.rounds_done == 0) return;
    before = static_cast<std::uint32_t>(view.rounds_done);
    accordd = federation.accordd().CpuMs();
    nodes = federation.NodesCpuMs();
  });
  const std::vector<double> times = federation.RoundTimesMs(name);
  costs.round_ms.insert(costs.round_ms.end(), times.begin() + 1, times.end() - 1);  // nor the evaluation
  const double rounds = kRounds + 1 - static_cast<double>(before);
  costs.accordd_cpu_ms.push_back((federation.accordd().CpuMs() - accordd) / rounds);
  costs.nodes_cpu_ms.push_back((federation.NodesCpuMs() - nodes) / rounds);
}

void MeasureRounds(bool json) {
  const testing::TempDir dir;
  Federation federation(Options(dir, kNodes));
  Costs plain, masked;
  for (int turn = 0; turn < kTurns; ++turn) {
    Measure(federation, "off", turn, plain);
    Measure(federation, "malicious", turn, masked);
  }
  const auto& settings = federation.settings();
  const std::uint64_t upload = UploadBytes(kNodes);
  const StreamCost stream =
      BareStream(coordinator::IdentityPaths(settings.store.state).ServerFiles(),
                 settings.federation.trust_domain, federation.member(), 2 * kNodes * upload);
  // Each node masks for itself and with each other; the coordinator takes away each node's own.
  const double keystream_ms = KeystreamMs((kNodes * kNodes + kNodes) * upload);
  const double cores = std::max(1U, std::thread::hardware_concurrency());
  const double plain_ms = Median(plain.round_ms);
  const double masked_ms = Median(masked.round_ms);
  const double plain_accordd = Median(plain.accordd_cpu_ms);
  const double masked_accordd = Median(masked.accordd_cpu_ms);
  const double plain_nodes = Median(plain.nodes_cpu_ms);
  const double plain_cpu = plain_accordd + plain_nodes;
  const double masked_cpu = masked_accordd + Median(masked.nodes_cpu_ms);
  const double beside_stream = std::max(0.0, plain_nodes - stream.cpu_ms / 2);
  const auto report = [&](const char* metric, double value, double floor) {
    Report(json, "secure-round", {metric, value, floor, value / floor});
  };
  report("plain_round_ms", plain_ms, stream.wall_ms);
  report("plain_beyond_nodes_ms", plain_ms - beside_stream / cores, stream.wall_ms);
  report("masked_round_ms", masked_ms, stream.wall_ms);
  report("keystream_ms", keystream_ms, keystream_ms / cores);
  report("masked_beyond_keystream_ms", masked_ms - keystream_ms / cores, plain_ms);
  report("plain_cpu_ms", plain_cpu, stream.cpu_ms);
  report("masked_beyond_keystream_cpu_ms", masked_cpu - keystream_ms, plain_cpu);
  report("plain_accordd_cpu_ms", plain_accordd, stream.cpu_ms / 2);
  report("masked_accordd_cpu_ms", masked_accordd, stream.cpu_ms / 2);
}

void MeasureMemory(bool json) {
  const testing::TempDir dir;
  Federation federation(Options(dir, kManyNodes));
  federation.RunJob(JobText({"many", "malicious", kManyNodes, 2}));
  const double peak = static_cast<double>(federation.accordd().PeakBytes()) / kMiB;
  const double allowed = static_cast<double>(UploadBytes(kManyNodes)) / kMiB + kAllowedMiB;
  Report(json, "secure-round", {"peak_mib_50_nodes", peak, allowed, peak / allowed, "MiB"});
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  accord::rpc::ForceTls13();
  if (const auto node = accord::bench::RunIfToyNode(argc, argv)) return *node;
  accord::SetupLog(accord::LogFormat::kText, accord::LogLevel::kError);
  bool json = false;
  std::string part;  // rounds | memory; empty: both
  for (int i = 1; i < argc; ++i) (std::string(argv[i]) == "--json" ? json = true : !(part = argv[i]).empty());
  if (part != "memory") accord::bench::MeasureRounds(json);
  if (part != "rounds") accord::bench::MeasureMemory(json);
  return 0;
}
