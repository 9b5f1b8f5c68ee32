// What the coordinator counts, as Prometheus metrics named accord_*. One object a program, made once; updates
// are cheap and may come from any thread. Labels are enums of this file, so that their values are
// bounded: no job, node or peer ever becomes a label.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace accord::web {

enum class RoundEnd : std::uint8_t { kCommitted, kAborted, kCancelled };
enum class UploadFate : std::uint8_t { kAccepted, kRejected, kDiscarded };
// Of jobs: how many are in each state now.
enum class JobGauge : std::uint8_t { kQueued, kRunning, kPaused };

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Gauges: the value now.
  void SetNodesConnected(std::uint64_t nodes);
  void SetJobs(JobGauge state, std::uint64_t jobs);
  void SetUploadsActive(std::uint64_t uploads);
  void SetSpoolBytes(std::uint64_t in_memory, std::uint64_t on_disk);

  // Counters: since the program started.
  void AddRound(RoundEnd end, double seconds);  // also observes accord_round_seconds
  void AddUpload(UploadFate fate, std::uint64_t bytes);
  void AddDownloadBytes(std::uint64_t bytes);
  void AddEnrolment();
  void AddReconnect();
  void AddJournalCommit(std::uint64_t records,
                        double seconds);  // also observes accord_journal_commit_seconds
  void AddRefusedRequest();               // by the table of roles

  // The text exposition format, version 0.0.4.
  [[nodiscard]] std::string Expose() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace accord::web
