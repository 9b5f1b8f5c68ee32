// What a corrupt member of a Federation tells a corrupt coordinator: every secret it drew and every share it
// was dealt, of both kinds. It runs the real code; this reads the same secrets from the same seed.
#pragma once

#include <stdexcept>
#include <utility>
#include <vector>

#include "crypto/x25519.h"
#include "secagg/share_channel.h"
#include "tests/support/secagg_federation.h"

namespace accord::fsa1 {

inline crypto::X25519Key MaskKeyOf(const Federation& federation, std::size_t colluder) {
  const Lab& lab = federation.labs[colluder];
  VectorSecrets secrets(lab.seed, federation.Context(), lab.id);
  return secagg::MaskKeyPair(secrets.Draw(secagg::SecretName::kMaskSeed).view());
}

// Both shares that `dealer`, whose attempt is not over, sealed for `colluder` in P2: the 112 bytes of
// SplitShares.
inline crypto::ZeroizingBytes SharesOfColluder(const Federation& federation, std::size_t colluder,
                                               std::size_t dealer) {
  const Lab& mine = federation.labs[colluder];
  const Lab& other = federation.labs[dealer];
  const Digest ctx = federation.Context();
  VectorSecrets secrets(mine.seed, ctx, mine.id);
  const auto key = crypto::X25519Key::FromSecret(secrets.Draw(secagg::SecretName::kChannelKey).view());
  const auto head = *secagg::SharesHead::Parse(other.shares.head.body);
  const auto advert = *secagg::Advertise::Parse(other.member->Advertise().body);
  const auto channel =
      secagg::DeriveChannel(ctx, {.id = mine.id, .key = key}, {.id = other.id, .key = advert.channel_key});
  for (const auto& sealed : other.shares.entries) {
    if (sealed.receiver != mine.id) continue;
    const auto entry = *secagg::ShareEntry::Parse(sealed.bytes);
    const secagg::ShareRoute route{
        .ctx = ctx, .from = other.id, .to = mine.id, .roster_hash = head.roster_hash};
    return *secagg::OpenFromPeer(channel->receive.share.view(), route, entry.shares);
  }
  throw std::runtime_error("nothing was dealt to the colluder");
}

}  // namespace accord::fsa1
