// The bytes of masks, against those of a federation of real Members in memory.
#include "plan/traffic.h"

#include <gtest/gtest.h>

#include "secagg/graph.h"
#include "tests/support/secagg_federation.h"

namespace accord::plan {
namespace {

std::size_t Size(const secagg::SignedBody& body) { return body.body.size() + body.signature.bytes.size(); }

struct Moved {
  std::size_t up = 0, down = 0;
};

// What the first lab sends and is sent in an attempt in which all stay, without its words.
Moved Measure(std::uint32_t nodes) {
  fsa1::Federation federation({.n = nodes});
  federation.Mask();
  secagg::Member& member = *federation.labs[0].member;
  Moved moved;
  const auto up = [&](const secagg::SignedBody& body) { moved.up += Size(body); };
  for (fsa1::Lab& lab : federation.labs) moved.down += Size(lab.member->Advertise());
  up(member.Advertise());
  up(federation.labs[0].shares.head);
  for (const auto& entry : federation.labs[0].shares.entries) moved.up += entry.bytes.size();
  for (const secagg::InboundShares& in : federation.InboundFor(0))
    moved.down += Size(in.head) + (in.entry ? in.entry->size() : 0);
  up(*member.SealUpload(federation.labs[0].upload.end));
  for (const secagg::SignedBody& end : federation.Ends(federation.All())) moved.down += Size(end);
  up((*federation.TellSurvivors(0, federation.All()))->answer);
  const auto certificate = federation.Certify(federation.All());
  up(*member.OnCertificate(federation.u3_hash, certificate));
  for (const secagg::NodeSignature& signature : certificate)
    moved.down += 2 * (signature.id.bytes.size() + signature.signature.bytes.size());  // and that of the sum
  secagg::ResultSignature result;
  moved.up += result.Encode().size() + sizeof(crypto::Ed25519Signature);
  return moved;
}

// Not every node deals keys of the MAC, which the planner counts for all: never less, and never much more.
TEST(TrafficTest, MasksCostWhatRealMembersSend) {
  for (const std::uint32_t nodes : {3U, 5U, 12U, 40U}) {
    const Moved real = Measure(nodes);
    const ProtocolBytes planned = MaskingBytes(nodes);
    EXPECT_GE(planned.up, real.up) << nodes;
    EXPECT_LE(static_cast<double>(planned.up), 1.3 * static_cast<double>(real.up)) << nodes;
    EXPECT_GE(planned.down, real.down) << nodes;
    EXPECT_LE(static_cast<double>(planned.down), 1.3 * static_cast<double>(real.down)) << nodes;
  }
}

}  // namespace
}  // namespace accord::plan
