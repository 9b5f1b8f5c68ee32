#include "coordinator/enrolment.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/codec.h"
#include "base/errors.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "crypto/zeroizing.h"
#include "secagg/registry.h"

namespace accord::coordinator {

namespace {

// The end of the entry for this key, in Unix seconds. Never the CA's own end alone, which all entries would
// share.
std::uint64_t EndOf(const Joiner& joiner, const crypto::Ed25519PublicKey& key, const crypto::Certificate& ca,
                    TimePoint now) {
  const auto& before = joiner.before;
  if (before && before->key == key && before->org == joiner.org) return before->not_after;
  const TimePoint end = now + (ca.info().not_after - ca.info().not_before);
  const auto seconds =
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(end).time_since_epoch().count());
  return before ? std::max(seconds, before->not_after + 1) : seconds;
}

}  // namespace

PendingEnrolment::~PendingEnrolment() { crypto::Cleanse(request.token_secret); }

Digest RequestDigest(const rpc::EnrolRequest& request) {
  Writer out;
  out.Lv(request.csr_pem).Lv(request.protocol_key);
  return crypto::Sha256::Of(out.bytes());
}

Bytes EncodeEnrolled(const rpc::Enrolled& answer) {
  Writer out;
  out.Lv(answer.certificate_pem).Lv(answer.ca_pem).Lv(answer.spiffe_id);
  out.Lv(answer.registry_entry).Lv(answer.registry_signature);
  if (!answer.coordinator.empty()) out.Lv(answer.coordinator).Lv(answer.coordinator_ca_pem);
  return std::move(out).Take();
}

Result<rpc::Enrolled> DecodeEnrolled(ByteView bytes) {
  Reader in(bytes);
  rpc::Enrolled answer;
  answer.certificate_pem = in.LvText();
  answer.ca_pem = in.LvText();
  answer.spiffe_id = in.LvText();
  const ByteView entry = in.Lv();
  answer.registry_entry.assign(entry.begin(), entry.end());
  const ByteView signature = in.Lv();
  answer.registry_signature.assign(signature.begin(), signature.end());
  if (in.ok() && in.remaining() > 0) {
    answer.coordinator = in.LvText();
    answer.coordinator_ca_pem = in.LvText();
  }
  if (!in.Done()) return Fail(errors::kStoreCorrupt, "a stored enrolment is malformed");
  return answer;
}

Status VouchFor(const crypto::P256Key& ca_key, const crypto::Certificate& ca, const Joiner& joiner,
                TimePoint now, rpc::Enrolled& answer) {
  const auto key = crypto::Ed25519PublicKey::FromBytes(AsText(joiner.protocol_key));
  if (!key)
    return Fail(errors::kMemberInvite, "a node joins with a protocol key of 32 bytes, this one sent " +
                                           std::to_string(joiner.protocol_key.size()));
  const secagg::VouchedEntry vouched =
      secagg::Vouch(ca_key, joiner.id, joiner.org, *key, EndOf(joiner, *key, ca, now));
  answer.registry_entry = vouched.Encode();
  answer.registry_signature = vouched.signature;
  return {};
}

}  // namespace accord::coordinator
