#include "node/own_certificate.h"

#include <algorithm>
#include <vector>

#include "base/errors.h"
#include "dataset/verify.h"

namespace accord::node {
namespace {

using charter::Admitted;
using charter::Revocation;
using charter::UnixSeconds;
using charter::Version;

bool IsRevoked(const Admitted& admitted, std::string_view kind, const std::string& id) {
  return std::ranges::any_of(admitted.present.charter.revoked, [&](const Revocation& one) {
    return one.kind == kind && one.id == id && one.from_index < admitted.checkpoint.size;
  });
}

// Keys that ever spoke for the member: a certificate outlives the rotation of the key that signed it, not the
// key's revocation.
std::vector<ledger::VerifierKey> KeysOf(const Admitted& admitted, const std::string& member) {
  std::vector<ledger::VerifierKey> keys;
  for (const Version& version : admitted.chain) {
    const charter::Member* known = version.charter.Find(member);
    if (known == nullptr) continue;
    for (const ledger::VerifierKey& key : known->gov_keys) {
      if (!IsRevoked(admitted, charter::kRevokedGovKey, charter::KeyIdOf(key))) keys.push_back(key);
    }
  }
  return keys;
}

Status CheckInForce(const dataset::Signed& read, const Admitted& admitted, const std::string& member,
                    UnixSeconds now) {
  if (read.certificate.member != member)
    return Fail(errors::kDatasetSignature, read.file.string() + " is a certificate of " +
                                               Printable(read.certificate.member, 64) + ", and not of " +
                                               member);
  return CheckCertificate(read.envelope, read.certificate, KeysOf(admitted, member), now);
}

// By another data set of this lab.
Status CheckNotSuperseded(const config::NodeConfig& config, const Digest& id, const Admitted& admitted,
                          UnixSeconds now) {
  for (const auto& [name, wish] : config.certificates) {
    if (wish.file.empty()) continue;
    const auto read = dataset::ReadCertificate(wish.file);
    if (!read.ok() || read->certificate.supersedes != id) continue;
    if (CheckInForce(*read, admitted, config.governance.member, now).ok())
      return Fail(errors::kDatasetSuperseded,
                  "the certificate of [data." + name + "] takes the place of " + id.Hex());
  }
  return {};
}

}  // namespace

Result<OwnCertificate> CheckOwnCertificate(const config::NodeConfig& config, const std::string& id,
                                           const Admitted& admitted, UnixSeconds now) {
  const std::string& member = config.governance.member;
  const auto wish = config.certificates.find(id);
  if (wish == config.certificates.end() || wish->second.file.empty())
    return Fail(errors::kDatasetUncertified, "[data." + Printable(id, 64) + "] has no certificate");
  ACCORD_ASSIGN_OR_RETURN(const dataset::Signed read, dataset::ReadCertificate(wish->second.file));
  ACCORD_RETURN_IF_ERROR(CheckInForce(read, admitted, member, now));
  OwnCertificate own{read.envelope.Id(), read.certificate};
  if (std::ranges::find(admitted.proposal.datasets, charter::DatasetRef{member, own.id}) ==
      admitted.proposal.datasets.end())
    return Fail(errors::kDatasetNotNamed, "[data." + id + "] has the certificate " + own.id.Hex() +
                                              ", which the proposal does not name for " + member);
  if (IsRevoked(admitted, charter::kRevokedCert, own.id.Hex()))
    return Fail(errors::kDatasetRevoked, "version " + std::to_string(admitted.present.charter.version) +
                                             " of the charter revoked " + own.id.Hex());
  ACCORD_RETURN_IF_ERROR(CheckNotSuperseded(config, own.id, admitted, now));
  return own;
}

}  // namespace accord::node
