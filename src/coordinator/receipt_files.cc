#include "coordinator/receipt_files.h"

#include <algorithm>
#include <map>

#include "base/codec.h"
#include "base/errors.h"
#include "base/file.h"
#include "crypto/sha256.h"

namespace accord::coordinator {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "accord/receipts/1";

void PutList(Writer& writer, const std::vector<std::string>& list) {
  writer.U32(static_cast<std::uint32_t>(list.size()));
  for (const std::string& one : list) writer.Lv(one);
}

std::vector<std::string> TakeList(Reader& reader) {
  std::vector<std::string> list(reader.Count(sizeof(std::uint32_t)));
  for (std::string& one : list) one = reader.LvText();
  return list;
}

}  // namespace

// Its SHA-256 at the end.
Bytes Encode(const KeptReceipts& receipts) {
  Writer writer;
  writer.Raw(kMagic).Fixed(receipts.job).U64(receipts.round.value);
  writer.U32(receipts.attempt.value).U32(receipts.group);
  writer.Fixed(receipts.model_in);
  PutList(writer, receipts.nodes);
  PutList(writer, receipts.receipts);
  PutList(writer, receipts.dropped);
  writer.Fixed(crypto::Sha256::Of(writer.bytes()));
  return std::move(writer).Take();
}

Result<KeptReceipts> DecodeReceipts(ByteView bytes) {
  const auto corrupt = [] { return Fail(errors::kStoreCorrupt, "this is no file of receipts, or damaged"); };
  if (bytes.size() < Digest::kSize) return corrupt();
  const ByteView content = bytes.first(bytes.size() - Digest::kSize);
  Reader sum(bytes.last(Digest::kSize));
  if (sum.Fixed<Digest>() != crypto::Sha256::Of(content)) return corrupt();
  Reader reader(content);
  const bool ours = AsText(reader.Raw(kMagic.size())) == kMagic;
  KeptReceipts out{.job = reader.Fixed<JobId>(), .round = {reader.U64()}, .attempt = {reader.U32()}};
  out.group = reader.U32();
  out.model_in = reader.Fixed<Digest>();
  out.nodes = TakeList(reader);
  out.receipts = TakeList(reader);
  out.dropped = TakeList(reader);
  if (!ours || !reader.Done() || out.nodes.size() != out.receipts.size()) return corrupt();
  return out;
}

fs::path ReceiptFiles::FileOf(const JobId& job, RoundId round, std::uint32_t group) const {
  return directory_ / job.Hex() / (std::to_string(round.value) + "." + std::to_string(group));
}

Status ReceiptFiles::Keep(const KeptReceipts& receipts) const {
  return WriteFileAtomic(FileOf(receipts.job, receipts.round, receipts.group), Encode(receipts),
                         FileMode::kPrivate);
}

Result<KeptReceipts> ReceiptFiles::Find(const JobId& job, RoundId round, std::uint32_t group) const {
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(FileOf(job, round, group)));
  return DecodeReceipts(bytes);
}

Result<std::vector<KeptReceipts>> ReceiptFiles::FindAll(const JobId& job, RoundId round) const {
  std::vector<KeptReceipts> groups;
  std::error_code error;
  const std::string prefix = std::to_string(round.value) + ".";
  for (fs::directory_iterator entry(directory_ / job.Hex(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->path().filename().string().starts_with(prefix)) continue;
    ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(entry->path()));
    ACCORD_ASSIGN_OR_RETURN(KeptReceipts one, DecodeReceipts(bytes));
    groups.push_back(std::move(one));
  }
  if (error) return ErrnoStatus(error.value(), "cannot list", directory_ / job.Hex());
  if (!groups.empty()) return groups;
  return Fail(errors::kStoreCorrupt, "there are no receipts of round " + std::to_string(round.value));
}

Result<std::vector<std::string>> ReceiptFiles::Of(const JobId& job, RoundId round,
                                                  const std::vector<std::string>& nodes) const {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<KeptReceipts> groups, FindAll(job, round));
  std::map<std::string, std::string> by_name;
  for (const KeptReceipts& group : groups) {
    for (std::size_t i = 0; i < group.nodes.size(); ++i) by_name[group.nodes[i]] = group.receipts[i];
  }
  std::vector<std::string> receipts;
  for (const std::string& name : nodes) receipts.push_back(by_name[name]);
  return receipts;
}

}  // namespace accord::coordinator
