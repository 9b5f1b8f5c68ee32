// The journal as the driver sees it: streams of opaque records, appended in order, durable before they have
// an effect. Implemented by src/store (SQLite) and by the simulation (memory with faults). A stream is one
// machine's history
// ("job/<hex>"), or a ledger ("egress").
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accord/status.h"
#include "base/text.h"

namespace accord::driver {

struct Append {
  std::string stream;
  Bytes record;  // encoded by the caller with base/codec: u16 type, u16 schema version, payload
};

// Batches that make sense only one behind the other, as the events of one machine do. Once a Write of the
// line fails, nothing that waits in it reaches the disk any more, before that Write or behind it: what is
// there is what Read says, and whoever goes on from there takes a new line.
struct Line {
  Status failed;  // the journal's own, on the thread that writes
};
using LinePtr = std::shared_ptr<Line>;

class Journal {
 public:
  using Done = std::function<void(Status)>;
  virtual ~Journal() = default;

  // Appends all of `batch` in one transaction, or none of it. `done` is called exactly once, on a thread of
  // the journal: ok means durable (fdatasync returned), a failure means that nothing of the batch was
  // written. Batches become durable in the order of the calls; several may share one sync. Never blocks on
  // the disk.
  virtual void Write(std::vector<Append> batch, Done done, LinePtr line = nullptr) = 0;

  // Appends `batch` like Write, but without a hurry: with the next Write, or within 100 ms. Keeps its place
  // in the order. A failure is not reported; the batch stays queued and goes with the next Write, which then
  // fails or succeeds as a whole. It is given up with its line.
  virtual void WriteSoon(std::vector<Append> batch, LinePtr line = nullptr) = 0;

  // All records of a stream, oldest first. A record whose checksum fails is `store.corrupt` with its place
  // named.
  [[nodiscard]] virtual Result<std::vector<Bytes>> Read(const std::string& stream) = 0;
  // Names of the streams that begin with `prefix`, sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> Streams(const std::string& prefix) = 0;
};

}  // namespace accord::driver
