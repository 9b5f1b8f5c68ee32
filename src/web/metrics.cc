#include "web/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>

#include "accord/version.h"

namespace accord::web {
namespace {

// A commit takes 0.2 ms on a good disk and seconds on one in trouble; an empty round milliseconds, a real one
// days.
const prometheus::Histogram::BucketBoundaries kCommitSeconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                                             0.005,  0.01,    0.05,   0.25,  1.0};
const prometheus::Histogram::BucketBoundaries kRoundSeconds{0.005, 0.02,  0.1,   0.5,    2.0,    10.0,
                                                            60.0,  300.0, 1800., 7200.0, 43200., 259200.0};

constexpr std::array<const char*, 3> kRoundEnds{"committed", "aborted", "cancelled"};
constexpr std::array<const char*, 3> kUploadFates{"accepted", "rejected", "discarded"};
constexpr std::array<const char*, 3> kJobStates{"queued", "running", "paused"};
constexpr std::array<const char*, 2> kSpoolPlaces{"memory", "file"};

template <class E>
std::size_t Index(E e) {
  return static_cast<std::size_t>(e);
}

}  // namespace

struct Metrics::Impl {
  using Counter = prometheus::Counter;
  using Gauge = prometheus::Gauge;
  using Histogram = prometheus::Histogram;

  Counter& OneCounter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  }
  Gauge& OneGauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }
  Histogram& OneHistogram(const char* name, const char* help, const Histogram::BucketBoundaries& buckets) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
  }
  // One metric for each value of a label, made at once so that a scrape shows zeros rather than nothing.
  template <class T, std::size_t N>
  static std::array<T*, N> Each(prometheus::Family<T>& family, const char* label,
                                const std::array<const char*, N>& values) {
    std::array<T*, N> out{};
    for (std::size_t i = 0; i < N; ++i) out[i] = &family.Add({{label, values[i]}});
    return out;
  }
  template <std::size_t N>
  std::array<Counter*, N> Counters(const char* name, const char* help, const char* label,
                                   const std::array<const char*, N>& values) {
    return Each(prometheus::BuildCounter().Name(name).Help(help).Register(registry), label, values);
  }
  template <std::size_t N>
  std::array<Gauge*, N> Gauges(const char* name, const char* help, const char* label,
                               const std::array<const char*, N>& values) {
    return Each(prometheus::BuildGauge().Name(name).Help(help).Register(registry), label, values);
  }

  prometheus::Registry registry;

  Gauge& nodes_connected = OneGauge("accord_nodes_connected", "Nodes with an open session.");
  std::array<Gauge*, 3> jobs = Gauges("accord_jobs", "Jobs that are not finished.", "state", kJobStates);
  Gauge& uploads_active = OneGauge("accord_uploads_active", "Upload slots in use.");
  std::array<Gauge*, 2> spool_bytes =
      Gauges("accord_spool_bytes", "Bytes of spooled uploads.", "place", kSpoolPlaces);
  std::array<Counter*, 3> rounds = Counters("accord_rounds_total", "Rounds that ended.", "end", kRoundEnds);
  Histogram& round_seconds =
      OneHistogram("accord_round_seconds", "Duration of a round, from gathering to its end.", kRoundSeconds);
  std::array<Counter*, 3> uploads =
      Counters("accord_uploads_total", "Updates that came in whole.", "fate", kUploadFates);
  Counter& upload_bytes = OneCounter("accord_upload_bytes_total", "Bytes of updates received.");
  Counter& download_bytes = OneCounter("accord_download_bytes_total", "Bytes of blobs sent.");
  Counter& enrolments = OneCounter("accord_enrolments_total", "Certificates issued to a join token.");
  Counter& reconnects = OneCounter("accord_reconnects_total", "Sessions of nodes that had one before.");
  Counter& journal_records = OneCounter("accord_journal_records_total", "Records made durable.");
  Histogram& journal_seconds =
      OneHistogram("accord_journal_commit_seconds", "Duration of a commit of the journal.", kCommitSeconds);
  Counter& refused = OneCounter("accord_requests_refused_total", "Requests that the table of roles refused.");
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  prometheus::BuildGauge()
      .Name("accord_build_info")
      .Help("Always 1; the labels tell what runs.")
      .Register(impl_->registry)
      .Add({{"version", std::string(kVersion)}})
      .Set(1);
}
Metrics::~Metrics() = default;

void Metrics::SetNodesConnected(std::uint64_t nodes) {
  impl_->nodes_connected.Set(static_cast<double>(nodes));
}
void Metrics::SetJobs(JobGauge state, std::uint64_t jobs) {
  impl_->jobs[Index(state)]->Set(static_cast<double>(jobs));
}
void Metrics::SetUploadsActive(std::uint64_t uploads) {
  impl_->uploads_active.Set(static_cast<double>(uploads));
}
void Metrics::SetSpoolBytes(std::uint64_t in_memory, std::uint64_t on_disk) {
  impl_->spool_bytes[0]->Set(static_cast<double>(in_memory));
  impl_->spool_bytes[1]->Set(static_cast<double>(on_disk));
}

void Metrics::AddRound(RoundEnd end, double seconds) {
  impl_->rounds[Index(end)]->Increment();
  impl_->round_seconds.Observe(seconds);
}
void Metrics::AddUpload(UploadFate fate, std::uint64_t bytes) {
  impl_->uploads[Index(fate)]->Increment();
  impl_->upload_bytes.Increment(static_cast<double>(bytes));
}
void Metrics::AddDownloadBytes(std::uint64_t bytes) {
  impl_->download_bytes.Increment(static_cast<double>(bytes));
}
void Metrics::AddEnrolment() { impl_->enrolments.Increment(); }
void Metrics::AddReconnect() { impl_->reconnects.Increment(); }
void Metrics::AddJournalCommit(std::uint64_t records, double seconds) {
  impl_->journal_records.Increment(static_cast<double>(records));
  impl_->journal_seconds.Observe(seconds);
}
void Metrics::AddRefusedRequest() { impl_->refused.Increment(); }

std::string Metrics::Expose() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace accord::web
