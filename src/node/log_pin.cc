#include "node/log_pin.h"

#include "base/codec.h"
#include "base/errors.h"
#include "base/file.h"
#include "crypto/sha256.h"

namespace accord::node {
namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t kFormat = 1;
constexpr std::uint64_t kMaxPinBytes = 1ULL << 20;

fs::path EvidenceOf(const fs::path& state) { return state / "evidence"; }

}  // namespace

fs::path LogPinFile(const fs::path& state) { return state / "log.pin"; }

Bytes Encode(const LogPin& pin) {
  Writer out;
  out.U8(kFormat).Fixed(pin.pinned.genesis).Lv(pin.pinned.member);
  out.U32(pin.pinned.version).Fixed(pin.pinned.version_hash);
  out.U64(pin.pinned.head.size).Fixed(pin.pinned.head.root).Lv(pin.checkpoint);
  const Bytes& all = out.bytes();
  const Digest sum = crypto::Sha256::Of(all);
  return std::move(out.Fixed(sum)).Take();
}

Result<LogPin> DecodeLogPin(ByteView bytes) {
  const auto damaged = [] {
    return Fail(errors::kStoreCorrupt, "what is pinned of charter and log is damaged");
  };
  if (bytes.size() <= Digest::kSize) return damaged();
  const ByteView content = bytes.first(bytes.size() - Digest::kSize);
  Reader in(content);
  LogPin pin;
  if (in.U8() != kFormat) in.Refuse();
  pin.pinned.genesis = in.Fixed<Digest>();
  pin.pinned.member = in.LvText();
  pin.pinned.version = in.U32();
  pin.pinned.version_hash = in.Fixed<Digest>();
  pin.pinned.head.size = in.U64();
  pin.pinned.head.root = in.Fixed<Digest>();
  pin.checkpoint = in.LvText();
  Reader sum(bytes.last(Digest::kSize));
  if (!in.Done() || sum.Fixed<Digest>() != crypto::Sha256::Of(content)) return damaged();
  return pin;
}

Result<LogPin> LoadLogPin(const fs::path& state, const Digest& genesis, const std::string& member) {
  if (!fs::exists(LogPinFile(state)))
    return LogPin{.pinned = {.genesis = genesis, .member = member}, .checkpoint = {}};
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(LogPinFile(state), kMaxPinBytes));
  ACCORD_ASSIGN_OR_RETURN(LogPin pin, DecodeLogPin(bytes));
  if (pin.pinned.genesis != genesis || pin.pinned.member != member) {
    return Fail(errors::kCharterGenesis, LogPinFile(state).string() + " is of the federation " +
                                             pin.pinned.genesis.Hex() + " and its member " +
                                             pin.pinned.member);
  }
  return pin;
}

Status SaveLogPin(const fs::path& state, const LogPin& pin) {
  return WriteFileAtomic(LogPinFile(state), Encode(pin), FileMode::kPrivate);
}

Status KeepEvidence(const fs::path& state, std::string_view known, std::string_view shown) {
  const std::string name = crypto::Sha256::Of(shown).Hex().substr(0, 16);
  ACCORD_RETURN_IF_ERROR(
      WriteFileAtomic(EvidenceOf(state) / (name + ".known"), AsBytes(known), FileMode::kPrivate));
  return WriteFileAtomic(EvidenceOf(state) / (name + ".shown"), AsBytes(shown), FileMode::kPrivate);
}

Status CheckNoEvidence(const fs::path& state) {
  std::error_code error;
  for (fs::directory_iterator it(EvidenceOf(state), error), end; !error && it != end; it.increment(error)) {
    return Fail(errors::kLogSplit, "this node was shown a log that contradicts the one that it cosigned: " +
                                       it->path().string());
  }
  return {};
}

}  // namespace accord::node
