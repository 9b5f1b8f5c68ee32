// Decisions of members out of the log (decisions.h), and what nodes signed of their parts, out of their
// files. Outlived by log and cosigners.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
//
#include <boost/asio/any_io_executor.hpp>

#include "base/mutex.h"
#include "charter/receipt.h"
#include "charter/round_commit.h"
#include "coordinator/cosigners.h"
#include "coordinator/decisions.h"
#include "coordinator/log_keeper.h"
#include "coordinator/receipt_files.h"

namespace accord::coordinator {

class DecidedJobs final : public Decisions {
 public:
  DecidedJobs(LogKeeper& log, Cosigners& cosigners, const std::filesystem::path& state,
              boost::asio::any_io_executor workers)
      : log_(log), cosigners_(cosigners), files_(state), workers_(std::move(workers)) {}

  Status Show(const JobId& job, const NodeName& node,
              const std::function<void(std::shared_ptr<const charter::JobBundle>)>& send) override;
  std::uint64_t DocumentsOf(const JobId& job) override { return log_.DocumentsOf(Digest{job.bytes}); }
  Status ShowRound(const JobId& job, RoundId round, const NodeName& node,
                   const std::function<void(std::shared_ptr<const charter::RoundProof>)>& send) override;
  Status CheckReceipt(const JobId& job, RoundId round, const Digest& model_in, const NodeName& node,
                      const crypto::Ed25519PublicKey& key, std::uint64_t bytes, ByteView receipt) override;
  Status Keep(const KeptReceipts& receipts) override { return files_.Keep(receipts); }
  Result<KeptReceipts> Kept(const JobId& job, RoundId round, std::uint32_t group) override {
    return files_.Find(job, round, group);
  }
  std::uint64_t LoggedRounds(const JobId& job) override;
  void LogRound(const JobId& job, const job::RoundSummary& round,
                const std::optional<Digest>& group_seed) override;
  Result<charter::GroupDraw> DrawOf(const JobId& job) override { return log_.DrawOf(Digest{job.bytes}); }

 private:
  // The receipts of a whole round, in the order of its cohort.
  struct Round {
    charter::RoundCommit commit;
    std::vector<std::string> receipts;
  };
  [[nodiscard]] Status CheckMember(const charter::Receipt& receipt, const NodeName& node) const;
  [[nodiscard]] Result<Round> MakeCommit(const JobId& job, const job::RoundSummary& round) const;

  LogKeeper& log_;
  Cosigners& cosigners_;
  const ReceiptFiles files_;
  const boost::asio::any_io_executor workers_;
};

}  // namespace accord::coordinator
