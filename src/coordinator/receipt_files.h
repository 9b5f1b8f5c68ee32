// The receipts of committed rounds, for auditors; the log has their root:
//
//   <state>/receipts/<job>/<round>.<group>
//
// Thread-safe as far as no two threads keep the same file; all of it touches the disk.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "coordinator/decisions.h"

namespace accord::coordinator {

[[nodiscard]] Bytes Encode(const KeptReceipts& receipts);
// `store.corrupt` for what is no such file, or was damaged.
[[nodiscard]] Result<KeptReceipts> DecodeReceipts(ByteView bytes);

class ReceiptFiles {
 public:
  explicit ReceiptFiles(const std::filesystem::path& state) : directory_(state / "receipts") {}

  // Durable when it returns; takes the place of an earlier try's.
  [[nodiscard]] Status Keep(const KeptReceipts& receipts) const;
  // `store.io`, `store.corrupt`.
  [[nodiscard]] Result<KeptReceipts> Find(const JobId& job, RoundId round, std::uint32_t group) const;
  // Of all groups of a round, in no order. Errors as of Find; also when there is none.
  [[nodiscard]] Result<std::vector<KeptReceipts>> FindAll(const JobId& job, RoundId round) const;
  // Those of these nodes, in this order; one that is not there is empty.
  [[nodiscard]] Result<std::vector<std::string>> Of(const JobId& job, RoundId round,
                                                    const std::vector<std::string>& nodes) const;

 private:
  [[nodiscard]] std::filesystem::path FileOf(const JobId& job, RoundId round, std::uint32_t group) const;
  const std::filesystem::path directory_;
};

}  // namespace accord::coordinator
