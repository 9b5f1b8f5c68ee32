#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "crypto/sha256.h"
#include "secagg/member_attempt.h"

namespace accord::secagg {
namespace {

// Of what was sealed, to tell a repeat from another upload without keeping the tags.
Digest EndDigest(const UploadEnd& end) {
  std::array<std::uint8_t, 16> value{};
  for (std::size_t i = 0; end.tag_value && i < value.size(); ++i) {
    value[i] = static_cast<std::uint8_t>((*end.tag_value)[i / 8] >> (8 * (i % 8)));
  }
  crypto::Sha256 hash;
  hash.Update(Writer().U64(end.nwords).Fixed(end.root).Bool(end.tag_value.has_value()).bytes()).Update(value);
  crypto::Cleanse(value);
  return hash.Finish();
}

}  // namespace

MaskKeyList Member::Attempt::MaskKeysOfU2() {
  MaskKeyList list{.self = SelfMaskKeys(ctx(), own->self_seed.view(), in.id), .data = {}, .tag = {}};
  list.data.push_back({.key = list.self.data.view(), .sign = MaskSign::kAdd});
  list.tag.push_back({.key = list.self.tag.view(), .sign = MaskSign::kAdd});
  for (const Peer& peer : roster) {
    if (!peer.neighbour || !peer.head) continue;
    const MaskSign sign = SignOf(in.id, peer.id);
    list.data.push_back({.key = peer.masks->data.view(), .sign = sign});
    list.tag.push_back({.key = peer.masks->tag.view(), .sign = sign});
  }
  return list;
}

Checked<SignedBody> Member::Attempt::Seal(const UploadEnd& end) {
  const Digest digest = EndDigest(end);
  if (upload) {
    if (upload->message == digest) return upload->answer;
    return Refuse(errors::kSecaggOutOfPhase, "another upload was sealed under the masks of this attempt");
  }
  if (end.nwords != params().encoding.Words() || end.tag_value.has_value() != params().verify) {
    return Refuse(errors::kSecaggWrongLength, "an upload of " + std::to_string(end.nwords) + " words, not " +
                                                  std::to_string(params().encoding.Words()) +
                                                  ", or without the tags of the plan");
  }
  MaskedEnd body{.id = in.id, .u2_hash = u2_hash, .nwords = end.nwords, .root = end.root, .tags = {}};
  if (end.tag_value) {
    const SecretPair tag = AddPad(*end.tag_value, mac->Pad(in.id));
    const TagPair masked = MaskTags({tag[0], tag[1]}, MaskKeysOfU2().tag);
    body.tags.assign(masked.begin(), masked.end());
  }
  upload = {.message = digest, .answer = SignAs(BodyType::kMasked, body.Encode())};
  state = MemberState::kMasked;
  return upload->answer;
}

MaskSet Member::Masks() const {
  ACCORD_CHECK(CanMask());
  return MaskSet(attempt_->MaskKeysOfU2().data);
}

PolyMac Member::Tagger() const {
  ACCORD_CHECK(CanMask() && attempt_->mac);
  return PolyMac(attempt_->params().encoding, attempt_->mac->Alpha());
}

}  // namespace accord::secagg
