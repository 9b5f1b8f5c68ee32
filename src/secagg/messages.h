// What travels between a node and the coordinator beside single signed bodies (secagg.md 2.2, 7.6): plain
// values, no checks. Messages of the coordinator are unsigned; nothing in them is believed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "secagg/signed_body.h"

namespace accord::secagg {

// P2, from a node: its head, and an entry for each receiver that the head lists, in the same order.
struct SharesMessage {
  struct Entry {
    NodeId receiver;
    Bytes bytes;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  SignedBody head;
  std::vector<Entry> entries;

  friend bool operator==(const SharesMessage&, const SharesMessage&) = default;
};

// P2, to a node: the head of each node of U2 and the entry of that node for the reader, if there is one.
struct InboundShares {
  SignedBody head;
  std::optional<Bytes> entry;

  friend bool operator==(const InboundShares&, const InboundShares&) = default;
};

// A signature of a certificate, over a body that the reader builds for itself.
struct NodeSignature {
  NodeId id;
  crypto::Ed25519Signature signature;

  friend bool operator==(const NodeSignature&, const NodeSignature&) = default;
};

// P6, to all. `words` are the chunks, put together; they are cut at chunk_words again to check z_root.
struct ResultMessage {
  Digest u3_hash;
  std::uint64_t nwords = 0;
  Digest z_root;
  std::vector<std::uint64_t> tau;        // two with the MAC, else none
  std::span<const std::uint64_t> words;  // borrowed for the call
};

}  // namespace accord::secagg
