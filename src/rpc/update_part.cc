#include "rpc/update_part.h"

#include <array>
#include <limits>

#include "accord/v1/coordinator.pb.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "rpc/convert.h"

namespace accord::rpc {
namespace {

// Tags of the wire format: field number << 3 | wire type. All fit one byte.
constexpr std::uint8_t kVarint = 0, kLength = 2, kFixed32 = 5;
constexpr std::uint8_t Tag(int field, std::uint8_t type) {
  return static_cast<std::uint8_t>(field << 3 | type);
}
constexpr std::uint8_t kKeyTag = Tag(v1::UpdatePart::kKeyFieldNumber, kLength);
constexpr std::uint8_t kWordsTag = Tag(v1::UpdatePart::kWordsFieldNumber, kVarint);
constexpr std::uint8_t kSeqTag = Tag(v1::UpdatePart::kSeqFieldNumber, kVarint);
constexpr std::uint8_t kCrcTag = Tag(v1::UpdatePart::kCrc32CFieldNumber, kFixed32);
constexpr std::uint8_t kRootTag = Tag(v1::UpdatePart::kRootFieldNumber, kLength);
constexpr std::uint8_t kDataTag = Tag(v1::UpdatePart::kDataFieldNumber, kLength);

constexpr std::size_t kMaxKeyBytes = 64;  // 34 of the job, at most 11 and 6 of the numbers

Status Malformed(std::string_view what) {
  return Fail(errors::kRpcMalformed, "UpdatePart" + std::string(what) + ".");
}

// A cursor over slices; every read says whether the bytes were there.
class SliceReader {
 public:
  explicit SliceReader(std::span<const ByteView> slices) : slices_(slices) {
    for (const ByteView& slice : slices) rest_ += slice.size();
  }

  [[nodiscard]] std::uint64_t rest() const { return rest_; }

  bool Byte(std::uint8_t* out) {
    if (rest_ == 0) return false;
    SkipEmpty();
    *out = slices_.front()[at_];
    Advance(1);
    return true;
  }

  // Up to ten bytes; the tenth may only hold the last bit.
  bool Varint(std::uint64_t* out) {
    *out = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      std::uint8_t byte = 0;
      if (!Byte(&byte) || (shift == 63 && byte > 1)) return false;
      *out |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }

  bool Copy(std::span<std::uint8_t> out) {
    if (rest_ < out.size()) return false;
    for (std::uint8_t& byte : out) Byte(&byte);
    return true;
  }

  // Everything that is left, as views.
  std::vector<ByteView> Rest() {
    std::vector<ByteView> out;
    out.reserve(slices_.size());
    while (rest_ != 0) {
      SkipEmpty();
      out.push_back(slices_.front().subspan(at_));
      Advance(out.back().size());
    }
    return out;
  }

 private:
  void SkipEmpty() {
    while (at_ == slices_.front().size()) {
      slices_ = slices_.subspan(1);
      at_ = 0;
    }
  }
  void Advance(std::size_t size) {
    at_ += size;
    rest_ -= size;
  }

  std::span<const ByteView> slices_;
  std::size_t at_ = 0;  // inside the first slice
  std::uint64_t rest_ = 0;
};

Status ReadKey(SliceReader& in, UpdatePart* part) {
  std::uint64_t size = 0;
  std::array<std::uint8_t, kMaxKeyBytes> raw;
  if (!in.Varint(&size) || size > raw.size() || !in.Copy(std::span(raw).first(size))) {
    return Malformed(".key has an impossible length");
  }
  v1::UploadKey key;
  if (!key.ParseFromArray(raw.data(), static_cast<int>(size))) return Malformed(".key is not well-formed");
  ACCORD_ASSIGN_OR_RETURN(part->key, FromProto(key));
  return {};
}

Status ReadRoot(SliceReader& in, UpdatePart* part) {
  std::uint64_t size = 0;
  Digest root;
  if (!in.Varint(&size) || size != Digest::kSize || !in.Copy(root.bytes)) {
    return Malformed(".root has not 32 bytes");
  }
  part->root = root;
  return {};
}

Status ReadCrc(SliceReader& in, UpdatePart* part) {
  std::array<std::uint8_t, 4> raw;
  if (!in.Copy(raw)) return Malformed(".crc32c is cut off");
  part->crc32c = static_cast<std::uint32_t>(raw[0]) | static_cast<std::uint32_t>(raw[1]) << 8 |
                 static_cast<std::uint32_t>(raw[2]) << 16 | static_cast<std::uint32_t>(raw[3]) << 24;
  return {};
}

Status ReadData(SliceReader& in, UpdatePart* part) {
  std::uint64_t size = 0;
  if (!in.Varint(&size)) return Malformed(".data has no length");
  if (size > kChunkBytes) {
    return Fail(errors::kUploadTooLong, "A chunk has " + std::to_string(size) + " bytes.");
  }
  if (size % 8 != 0) return Malformed(".data is not made of whole words");
  if (size != in.rest()) return Malformed(".data is cut off, or not the last field");
  part->data = in.Rest();
  part->data_bytes = size;
  return {};
}

Status ReadField(std::uint8_t tag, SliceReader& in, UpdatePart* part) {
  switch (tag) {
    case kKeyTag:
      return ReadKey(in, part);
    case kWordsTag:
      return in.Varint(&part->words) ? Status() : Malformed(".words is cut off");
    case kSeqTag:
      return in.Varint(&part->seq) ? Status() : Malformed(".seq is cut off");
    case kCrcTag:
      return ReadCrc(in, part);
    case kRootTag:
      return ReadRoot(in, part);
    case kDataTag:
      return ReadData(in, part);
    default:
      return Malformed(" has an unknown field");
  }
}

void PutVarint(std::uint64_t value, Bytes* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<std::uint8_t>(value | 0x80));
  out->push_back(static_cast<std::uint8_t>(value));
}

void PutField(std::uint8_t tag, std::uint64_t value, Bytes* out) {
  out->push_back(tag);
  PutVarint(value, out);
}

}  // namespace

Result<UpdatePart> ParseUpdatePart(std::span<const ByteView> slices) {
  SliceReader in(slices);
  UpdatePart part;
  std::uint32_t seen = 0;
  if (in.rest() == 0) return Malformed(" is empty");
  while (in.rest() != 0) {
    std::uint8_t tag = 0;
    in.Byte(&tag);
    if ((tag & 0x80) != 0) return Malformed(" has an unknown field");
    if ((seen & 1U << (tag >> 3)) != 0) return Malformed(" has a field twice");
    seen |= 1U << (tag >> 3);
    ACCORD_RETURN_IF_ERROR(ReadField(tag, in, &part));
  }
  if (part.key.has_value() != (part.words != 0)) return Malformed(" has one of key and words, or no words");
  if (!part.key && !part.root && part.data_bytes == 0) return Malformed(" has nothing in it");
  return part;
}

Status CheckPartCrc(const UpdatePart& part) {
  std::uint32_t crc = 0;
  for (const ByteView& slice : part.data) crc = Crc32c(slice, crc);
  if (crc == part.crc32c) return {};
  return Fail(errors::kUploadChecksum, "Chunk " + std::to_string(part.seq) + " does not match its checksum.");
}

Bytes UpdatePartHead(const UpdatePart& part) {
  Bytes out;
  out.reserve(160);
  if (part.key) {
    v1::UploadKey key;
    ToProto(*part.key, &key);
    const std::string raw = key.SerializeAsString();
    PutField(kKeyTag, raw.size(), &out);
    out.insert(out.end(), raw.begin(), raw.end());
    PutField(kWordsTag, part.words, &out);
  }
  if (part.data_bytes != 0) {
    PutField(kSeqTag, part.seq, &out);
    out.push_back(kCrcTag);
    for (int shift = 0; shift < 32; shift += 8)
      out.push_back(static_cast<std::uint8_t>(part.crc32c >> shift));
  }
  if (part.root) {
    PutField(kRootTag, part.root->bytes.size(), &out);
    out.insert(out.end(), part.root->bytes.begin(), part.root->bytes.end());
  }
  if (part.data_bytes != 0) PutField(kDataTag, part.data_bytes, &out);
  return out;
}

}  // namespace accord::rpc
