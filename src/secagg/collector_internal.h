// What the collector's phases share. Inside of secagg only.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "secagg/collector.h"

namespace accord::secagg {

// A refusal in one node's name: "<id> <what>".
[[nodiscard]] inline Refusal Against(const NodeId& node, const ErrorInfo& error, const std::string& what) {
  return Refuse(error, node.Hex() + " " + what, node);
}

// Whether `sender` signed `message` as a Body of this attempt, in its own name; then the body.
template <class Body>
[[nodiscard]] Checked<Body> OpenBody(const AttemptContext& context, const NodeId& sender,
                                     const SignedBody& message) {
  const RegistryEntry* const entry = context.registry->Find(sender);
  if (entry == nullptr) return Against(sender, errors::kSecaggUnknownNode, "is not in the registry");
  if (!Verify(entry->key, Body::kType, context.ctx, message)) {
    return Against(sender, errors::kSecaggBadSignature, "did not sign what it sent for this attempt");
  }
  Result<Body> body = Body::Parse(message.body);
  if (!body.ok()) return Refuse(body.status(), sender);
  if (body->id != sender) {
    return Against(sender, errors::kSecaggBadSignature, "signed a message in another's name");
  }
  return std::move(body).value();
}

// The parsed body of a message that passed its check.
template <class Body>
[[nodiscard]] Body AcceptedBody(const NodeId& sender, const SignedBody& message) {
  Result<Body> body = Body::Parse(message.body);
  ACCORD_CHECK(body.ok() && body->id == sender);
  return std::move(body).value();
}

template <class Node>
[[nodiscard]] std::vector<NodeId> IdsOf(const std::vector<Node>& nodes) {
  std::vector<NodeId> ids;
  ids.reserve(nodes.size());
  for (const Node& node : nodes) ids.push_back(node.id);
  return ids;
}

// The node of that id in an ascending list, or nullptr.
template <class Node>
[[nodiscard]] const Node* FindById(const std::vector<Node>& nodes, const NodeId& id) {
  const auto at = std::ranges::lower_bound(nodes, id, {}, &Node::id);
  return at != nodes.end() && at->id == id ? &*at : nullptr;
}

// How many of `ids` are in `set`; both ascending.
[[nodiscard]] inline std::size_t CountIn(std::span<const NodeId> ids, std::span<const NodeId> set) {
  return static_cast<std::size_t>(
      std::ranges::count_if(ids, [&](const NodeId& id) { return std::ranges::binary_search(set, id); }));
}

// "3 nodes shared; it takes 4".
[[nodiscard]] inline std::string TooFew(std::size_t have, const char* what, std::size_t want) {
  return std::to_string(have) + " " + what + "; it takes " + std::to_string(want);
}

// The certificate of accepted signatures over one body each.
[[nodiscard]] Checked<std::vector<NodeSignature>> Certify(const AttemptContext& context,
                                                          const BodiesByNode& signatures);

}  // namespace accord::secagg
