// The bytes of one UpdatePart (proto/accord/v1/coordinator.proto), read and written by hand so that its data
// is never copied: 512 KiB arrive as slices of any split, and leave as a head of some bytes and the chunk
// itself. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "rpc/calls.h"

namespace accord::rpc {

struct UpdatePart {
  std::optional<UploadKey> key;  // first part only, together with words
  std::uint64_t words = 0;       // 0: not the first part
  std::uint64_t seq = 0;         // of data
  std::uint32_t crc32c = 0;      // of data
  std::optional<Digest> root;    // last part only
  std::vector<ByteView> data;    // in order; views into the slices that were parsed
  std::uint64_t data_bytes = 0;
};

// Parses one serialized UpdatePart out of `slices`. Strict, in constant memory: each field at most once, no
// unknown field, data last, at most kChunkBytes and whole words of it, key and words together or not at all,
// something in it. `rpc.malformed` names what is wrong. Does not look at the checksum.
[[nodiscard]] Result<UpdatePart> ParseUpdatePart(std::span<const ByteView> slices);

// `upload.checksum` unless the data has its checksum.
[[nodiscard]] Status CheckPartCrc(const UpdatePart& part);

// What precedes the data of `part` on the wire: all its fields, and the tag and length of `data_bytes` of
// data (nothing for 0). part.data is not read; crc32c must be set.
[[nodiscard]] Bytes UpdatePartHead(const UpdatePart& part);

}  // namespace accord::rpc
