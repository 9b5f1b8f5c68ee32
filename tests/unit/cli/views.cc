#include "tests/unit/cli/views.h"

#include <algorithm>

#include "secagg/registry.h"

namespace accord::cli {

rpc::RoundResultView CommittedRound(std::uint64_t round) {
  return {.round = {round},
          .committed = true,
          .attempts = 1,
          .cohort = 3,
          .survivors = 3,
          .metrics = {{"loss", 2.3026 / static_cast<double>(round), 0},
                      {"accuracy", 0.1 * static_cast<double>(round), 0}},
          .duration = Millis(4'200),
          .bytes = 1'782'579,
          .model_hash = MakeId<Digest>(static_cast<std::uint8_t>(0x40 + round))};
}

rpc::RoundResultView FailedRound(std::uint64_t round) {
  rpc::RoundResultView view = CommittedRound(round);
  view.committed = false;
  view.reason = {Code::kExhausted, "round.too_few_uploads", "1 of 3 updates came before the deadline.",
                 "Wait."};
  view.attempts = 3;
  view.survivors = 1;
  view.metrics.clear();
  view.model_hash = {};
  return view;
}

rpc::JobView RunningJob() {
  rpc::JobView job{.id = MakeId<JobId>(0x3f),
                   .name = "digits",
                   .state = job::Phase::kRunning,
                   .secure = SecureMode::kOff,
                   .rounds_total = 6,
                   .rounds_done = 2,
                   .parameters = 215'370,
                   .model_hash = MakeId<Digest>(0x42),
                   .submitter = "spiffe://demo.accord/operator/alice",
                   .submitted = kNow - Millis(20'000),
                   .started = kNow - Millis(10'400),
                   .history = {CommittedRound(1), CommittedRound(2)},
                   .time = kNow,
                   .upload = {.bytes = 430'816, .parameters = 215'370}};
  job.current = rpc::RoundView{.round = {3},
                               .phase = round::Phase::kTrain,
                               .since = kNow - Millis(1'900),
                               .deadline = kNow + Millis(7'198'000),
                               .why =
                                   "waiting for 2 nodes to finish training; at the deadline the round goes "
                                   "on if 2 have finished (1 has) (br, no)",
                               .nodes = {{"br", true, "training", 120, 240, 0, 1'782'579, true},
                                         {"ke", true, "uploading", 240, 240, 891'290, 1'782'579},
                                         {"no", false, "training", 60, 240, 0, 1'782'579, true}},
                               .phase_since = kNow - Millis(1'800),
                               .wait_why = "2 x the 59m that the slowest of the last rounds took for it"};
  job.since = job.started;
  return job;
}

rpc::JobView FinishedJob() {
  rpc::JobView job = RunningJob();
  job.state = job::Phase::kFinished;
  job.rounds_done = 6;
  job.current.reset();
  job.finished = kNow - Millis(500);
  job.history.push_back(FailedRound(3));
  rpc::RoundResultView last = CommittedRound(7);
  last.purpose = round::Purpose::kEvaluate;
  last.survivors = 2;
  last.bytes = 96;
  job.history.push_back(last);
  job.final_metrics = {{"loss", 0.3551, 10'000}, {"accuracy", 0.8712, 10'000}};
  return job;
}

rpc::JobView PausedJob() {
  rpc::JobView job = RunningJob();
  job.state = job::Phase::kPaused;
  job.reason = {Code::kUnavailable, "job.no_quorum", "2 of 3 nodes are connected.",
                "It goes on by itself when they are back."};
  job.since = kNow - Millis(300'000);
  job.outlook = "2 of 3 nodes are connected and willing (br, ke); missing: no; it goes on by itself";
  return job;
}

rpc::JobView FailedJob() {
  rpc::JobView job = RunningJob();
  job.state = job::Phase::kFailed;
  job.current.reset();
  job.finished = kNow;
  job.reason = {Code::kCorrupt, "round.sum_invalid", "The sum is out of range in every attempt.",
                "Ask the labs to check their nodes."};
  return job;
}

std::vector<rpc::NodeView> Nodes() {
  return {{.name = "br",
           .spiffe_id = "spiffe://demo.accord/node/br",
           .id = MakeId<NodeId>(0x10),
           .connected = true,
           .since = kNow - Millis(3'700'000),
           .version = "0.1.0",
           .description = "Instituto \x1b[31mnacional",
           .jobs = {"digits", "cells"}},
          {.name = "ke",
           .spiffe_id = "spiffe://demo.accord/node/ke",
           .id = MakeId<NodeId>(0x20),
           .since = kNow - Millis(90'000)},
          {.name = "no",
           .spiffe_id = "spiffe://demo.accord/node/no",
           .id = MakeId<NodeId>(0x30),
           .version = "0.1.0",
           .suspended = true}};
}

std::vector<rpc::MemberView> Members() {
  return {{.name = "alice",
           .role = "operator",
           .spiffe_id = "spiffe://demo.accord/operator/alice",
           .enrolled = kNow - Millis(200'000'000),
           .certificate_expires = kNow + Millis(200'000'000)},
          {.name = "no",
           .role = "node",
           .spiffe_id = "spiffe://demo.accord/node/no",
           .suspended = true,
           .enrolled = kNow - Millis(400'000'000),
           .certificate_expires = kNow - Millis(60'000)}};
}

rpc::RegistryView SomeRegistry() {
  rpc::RegistryView view{.version = 4, .entries = {}};
  const std::uint64_t now = static_cast<std::uint64_t>(kNow.time_since_epoch().count()) / 1'000;
  for (const char* name : {"ke", "no"}) {
    const auto identity = *crypto::SpiffeId::Make("demo.accord", crypto::Role::kNode, name);
    const bool over = identity.name == "no";
    const secagg::RegistryEntry entry{.id = identity.ToNodeId(),
                                      .org = "demo.accord",
                                      .key = MakeId<crypto::Ed25519PublicKey>(over ? 0x50 : 0x10),
                                      .not_after = over ? now - 60 : now + 200'000};
    view.entries.push_back({identity.Format(), entry.Encode(), Bytes(70, 0x30)});
  }
  std::ranges::sort(view.entries, {}, &rpc::RegistryView::Entry::entry);  // ids come first
  return view;
}

std::vector<rpc::ModelView> Models() {
  return {{.hash = MakeId<Digest>(0x42),
           .job = MakeId<JobId>(0x3f),
           .job_name = "digits",
           .round = {6},
           .bytes = 861'608,
           .final = true,
           .secure = SecureMode::kOff},
          {.hash = MakeId<Digest>(0x77),
           .job = MakeId<JobId>(0x60),
           .job_name = "cells",
           .round = {12},
           .bytes = 40'000'123,
           .secure = SecureMode::kMalicious}};
}

std::vector<Context> SomeContexts() {
  return {{.name = "demo",
           .coordinator = "127.0.0.1:7443",
           .spiffe_id = "spiffe://demo.accord/operator/alice",
           .issued = kNow - Millis(3'600'000),
           .expires = kNow + Millis(100'000'000),
           .directory = "/home/alice/.config/accord/contexts/demo"},
          {.name = "health",
           .coordinator = "accord.example.org:7443",
           .spiffe_id = "spiffe://health.example.org/researcher/alice",
           .issued = kNow - Millis(300'000'000),
           .expires = kNow - Millis(1'000'000),
           .directory = "/home/alice/.config/accord/contexts/health"}};
}

}  // namespace accord::cli
