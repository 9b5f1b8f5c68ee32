// The jobs under a charter that this node was offered, as they came, and what people of the lab said of them:
// <state>/offers.db (SQLite, WAL, synchronous=FULL). A rule of the lab's policy may leave a job to a person;
// it then waits here. The lab's commands write beside a running node, so both open the file, and see what the
// other committed. A book belongs to one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "node/log_pin.h"
#include "rpc/messages.h"

namespace accord::node {

// What a person said. The numbers are those of the file.
enum class Approval : std::uint8_t { kNotAsked = 0, kWaiting = 1, kApproved = 2, kDenied = 3 };
[[nodiscard]] std::string_view Name(Approval approval);  // "waiting"
// What it makes of a job that has passed its checks: `policy.denied` after a no, also where nobody had to be
// asked; `policy.awaits_approval` where somebody has to, and nobody has decided.
[[nodiscard]] Status ApprovedOrNot(const JobId& job, bool is_asked, Approval approval);

// With what this node knew of charter and log when it came: proofs start there.
struct KeptOffer {
  rpc::Prepare message;  // with a bundle, without a token
  LogPin pin;
};
[[nodiscard]] Bytes Encode(const KeptOffer& offer);
// `store.corrupt`.
[[nodiscard]] Result<KeptOffer> DecodeKeptOffer(ByteView bytes);

struct OfferLine {
  JobId job;
  std::string name;  // of the plan
  TimePoint offered;
  std::string outcome;  // what this node made of it; empty: it took part
  Approval approval = Approval::kNotAsked;
};

class OfferBook {
 public:
  // Offers that nobody waits for, the newest: a coordinator cannot fill the disk with them.
  static constexpr std::size_t kMostKept = 64;
  static constexpr std::size_t kMaxOfferBytes = 8 << 20;  // a larger one is not kept

  // Opens or makes the file. `store.*`.
  [[nodiscard]] static Result<std::unique_ptr<OfferBook>> Open(const std::filesystem::path& state);
  // For the lab's commands: `job.not_found` where no node of a federation with a charter has run.
  [[nodiscard]] static Result<std::unique_ptr<OfferBook>> OpenKnown(const std::filesystem::path& state);
  ~OfferBook();

  // In place of what was kept of the job. An offer that is too large, or without a bundle, is forgotten.
  [[nodiscard]] Status Keep(const KeptOffer& offer, const OfferLine& line);
  // `job.not_found`.
  [[nodiscard]] Result<KeptOffer> Find(const JobId& job);
  // The newest first.
  [[nodiscard]] Result<std::vector<OfferLine>> List();
  // By id, prefix of it, or name: `job.not_found`, `job.ambiguous`.
  [[nodiscard]] Result<OfferLine> Named(const std::string& ref);

  [[nodiscard]] Result<Approval> Said(const JobId& job);
  // The job waits for a person from now on, unless one has decided; what holds then.
  [[nodiscard]] Result<Approval> Ask(const JobId& job, TimePoint now);
  // A person's word, durable. A later one replaces it.
  [[nodiscard]] Status Decide(const JobId& job, bool approve, TimePoint now);

 private:
  struct State;
  explicit OfferBook(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace accord::node
