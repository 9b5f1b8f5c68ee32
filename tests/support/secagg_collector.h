// An honest coordinator of one attempt for tests: keeps what the collector accepts, phase by phase, and opens
// the sum. Every message goes through its Check; what is refused is kept in `held` and changes nothing.
#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "secagg/chunk_root.h"
#include "secagg/collector.h"
#include "secagg/recover.h"
#include "secagg/sum.h"
#include "secagg/unmask.h"

namespace accord::fsa1 {

// An upload as it arrived.
struct ArrivedUpload {
  std::vector<Bytes> chunks;
  secagg::SignedBody end;
};

struct OpenedSum {
  std::vector<std::uint64_t> words;
  std::vector<std::uint64_t> tau;
  Digest root;
};

class TestCollector {
 public:
  TestCollector(const secagg::Offer& offer, const std::shared_ptr<const secagg::Registry>& registry)
      : context(*secagg::OpenAttempt(offer, registry)) {}

  bool TakeAdvert(const NodeId& from, const secagg::SignedBody& message) {
    return Keep(secagg::CheckAdvertise(context, from, message), from, message, adverts);
  }
  void CloseAdverts() { roster = secagg::MakeRoster(context, adverts); }

  bool TakeNonce(const NodeId& from, const secagg::SignedBody& message) {
    return Keep(secagg::CheckGraphNonce(context, roster, from, message), from, message, nonces);
  }
  secagg::Verdict CloseNonces() {
    secagg::Checked<secagg::Roster> linked = secagg::LinkRoster(context, roster, nonces);
    if (!linked.ok()) return linked.refusal();
    roster = *std::move(linked);
    return {};
  }

  bool TakeShares(const NodeId& from, const secagg::SharesMessage& message) {
    if (!Keep(secagg::CheckShares(context, roster, from, message), from, message.head, heads)) return false;
    for (const auto& entry : message.entries) entries[{from, entry.receiver}] = entry.bytes;
    return true;
  }
  void CloseShares() { u2 = secagg::FixU2(roster, heads); }

  bool TakeUpload(const NodeId& from, const ArrivedUpload& upload) {
    secagg::ChunkRoot root(context.params.chunk_words);
    for (const Bytes& chunk : upload.chunks) root.Update(chunk);
    const std::uint64_t bytes = root.bytes();
    const auto checked =
        secagg::CheckMaskedEnd(context, u2, {.bytes = bytes, .root = root.Finish()}, from, upload.end);
    if (!Keep(checked, from, upload.end, ends)) return false;
    uploads[from] = upload.chunks;
    return true;
  }
  void CloseUploads() { u3 = secagg::FixU3(u2, ends); }

  bool TakeU3(const NodeId& from, const secagg::SignedBody& message) {
    return Keep(secagg::CheckU3Signature(context, u3, from, message), from, message, u3_signatures);
  }

  bool TakeUnmask(const NodeId& from, const secagg::SignedBody& message) {
    auto checked = secagg::CheckUnmask(context, Sets(), Entries(), from, message);
    if (!checked.ok()) {
      held.push_back(checked.refusal());
      return false;
    }
    held.insert(held.end(), checked->held.begin(), checked->held.end());
    unmasks.push_back(*std::move(checked));
    return true;
  }

  bool TakeZ(const NodeId& from, const secagg::SignedBody& message, const Digest& root) {
    return Keep(secagg::CheckResultSignature(context, u3, root, from, message), from, message, zs);
  }

  // Words and tags of all survivors, added and unmasked.
  [[nodiscard]] secagg::Checked<OpenedSum> Open(unsigned threads = 1,
                                                std::size_t tile_words = secagg::kUnmaskTileWords) const {
    const auto masks = secagg::Recover(context, Sets(), unmasks);
    if (!masks.ok()) return masks.refusal();
    return Open(*masks, threads, tile_words);
  }
  [[nodiscard]] OpenedSum Open(const secagg::OpenedMasks& masks, unsigned threads,
                               std::size_t tile_words) const {
    std::vector<Bytes> whole;
    for (const NodeId& id : u3.Ids()) {
      Bytes& bytes = whole.emplace_back();
      for (const Bytes& chunk : uploads.at(id)) bytes.insert(bytes.end(), chunk.begin(), chunk.end());
    }
    const auto data = masks.DataKeys();
    OpenedSum sum;
    sum.words.resize(context.params.encoding.Words());
    const secagg::UnmaskTask task{
        .uploads = whole.size(),
        .add =
            [&](std::size_t upload, std::uint64_t first, std::span<std::uint64_t> words) {
              secagg::AddBytes(words, 0, ByteView(whole[upload]).subspan(8 * first, words.size_bytes()));
              return Status();
            },
        .masks = data,
        .threads = threads,
        .tile_words = tile_words};
    if (!secagg::UnmaskSum(task, sum.words).ok()) throw std::runtime_error("a view in memory failed");
    sum.tau = secagg::UnmaskTags(u3, masks.TagKeys());
    sum.root = secagg::RootOf(sum.words, context.params.chunk_words);
    return sum;
  }

  [[nodiscard]] secagg::AttemptSets Sets() const { return {roster, u2, u3}; }
  [[nodiscard]] secagg::EntryLookup Entries() const {
    return [this](const NodeId& dealer, const NodeId& receiver) {
      const auto found = entries.find({dealer, receiver});
      return found == entries.end() ? ByteView() : ByteView(found->second);
    };
  }
  [[nodiscard]] std::vector<secagg::InboundShares> InboundOf(const NodeId& to) const {
    return secagg::InboundFor(u2, to, Entries());
  }
  [[nodiscard]] secagg::ResultMessage ResultOf(const OpenedSum& sum) const {
    return {.u3_hash = u3.hash,
            .nwords = sum.words.size(),
            .z_root = sum.root,
            .tau = sum.tau,
            .words = sum.words};
  }

  secagg::AttemptContext context;
  secagg::BodiesByNode adverts, nonces, heads, ends, u3_signatures, zs;
  std::map<std::pair<NodeId, NodeId>, Bytes> entries;  // by dealer and receiver
  std::map<NodeId, std::vector<Bytes>> uploads;        // chunks
  std::vector<secagg::CheckedUnmask> unmasks;
  std::vector<secagg::Refusal> held;
  secagg::Roster roster;
  secagg::U2 u2;
  secagg::U3 u3;

 private:
  template <class Checked>
  bool Keep(const Checked& checked, const NodeId& from, const secagg::SignedBody& message,
            secagg::BodiesByNode& into) {
    if constexpr (std::is_same_v<Checked, secagg::Verdict>) {
      if (checked) held.push_back(*checked);
      if (checked) return false;
    } else {
      if (!checked.ok()) held.push_back(checked.refusal());
      if (!checked.ok()) return false;
    }
    into[from] = message;
    return true;
  }
};

}  // namespace accord::fsa1
