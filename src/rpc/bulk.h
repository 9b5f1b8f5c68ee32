// The large things that a node sends and fetches, as its work sees them: an interface in domain types,
// without grpc. NodeClient is it over the wire; a simulation brings its own.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "accord/status.h"
#include "rpc/calls.h"
#include "rpc/client_options.h"

namespace accord::rpc {

// One upload of this node, whole or from a chunk on.
struct Upload {
  UploadKey key;
  std::uint64_t words = 0;      // in all, at least 1
  std::uint64_t first_seq = 0;  // as GetUpload states; ChunkCount(words) sends the root alone
  // Fills `out`, which has exactly the bytes of chunk `seq` (little-endian words, 16-byte aligned). Asked in
  // ascending order on the calling thread, while earlier chunks are on their way.
  std::function<Status(std::uint64_t seq, std::span<std::uint8_t> out)> fill;
  // RFC 6962 root over all chunks; asked once, after the last fill.
  std::function<Result<Digest>()> root;
  // Bytes of the update that were handed to the connection so far, those before first_seq included. Optional.
  std::function<void(std::uint64_t bytes)> progress;
};

// Takes the bytes at `offset` of a blob with `total` bytes; a failure ends the download with that failure.
using BlobSink = std::function<Status(std::uint64_t offset, std::uint64_t total, ByteView bytes)>;

class Bulk {
 public:
  virtual ~Bulk() = default;
  // Blocks. Streams the blob from `offset` on; every chunk's checksum is verified, and from offset 0 the
  // SHA-256 of the whole (`blob.checksum`). After a failure go on from the last offset that the sink took.
  [[nodiscard]] virtual Status GetBlob(const Digest& hash, std::uint64_t offset, const BlobSink& sink,
                                       const CallLimits& limits) = 0;
  // Blocks until the coordinator has verified and journalled the whole upload, or says why not.
  [[nodiscard]] virtual Status PutUpdate(const Upload& upload, const CallLimits& limits) = 0;
  // Blocks. Where an upload stands.
  [[nodiscard]] virtual Result<UploadState> GetUpload(const UploadKey& key, const CallLimits& limits) = 0;
};

}  // namespace accord::rpc
