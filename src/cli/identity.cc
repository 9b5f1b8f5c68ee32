#include "cli/identity.h"

#include "base/errors.h"

namespace accord::cli {
namespace {

Millis Life(const Context& context) { return context.expires - context.issued; }

}  // namespace

bool PastHalf(const Context& context, TimePoint now) { return now - context.issued > Life(context) / 2; }

bool Expiring(const Context& context, TimePoint now) { return context.expires - now < Life(context) / 4; }

Status CheckEnrolled(const rpc::Enrolled& enrolled, const crypto::P256Key& key, const std::string& spiffe_id,
                     const Digest* pin, TimePoint now) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::Certificate leaf,
                          crypto::Certificate::FromPem(enrolled.certificate_pem));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<crypto::Certificate> bundle,
                          crypto::Certificate::ChainFromPem(enrolled.ca_pem));
  ACCORD_RETURN_IF_ERROR(crypto::CheckKeyMatches(leaf, key));
  if (leaf.info().uri != spiffe_id) {
    return Fail(errors::kTokenInvalid, "The coordinator issued a certificate for " +
                                           Printable(leaf.info().uri) + " instead of " + spiffe_id + ".");
  }
  Status status = Fail(errors::kNetUntrusted, "The coordinator's answer lacks the CA that signs for it.");
  for (const crypto::Certificate& ca : bundle) {
    if (pin != nullptr && ca.info().fingerprint != *pin) continue;
    status = crypto::VerifyLeaf(leaf, ca, now);
    if (status.ok()) break;
  }
  return status;
}

Status RenewIdentity(const Context& context, Backend& backend, ContextStore& store, TimePoint now) {
  const crypto::P256Key key = crypto::P256Key::Generate();
  ACCORD_ASSIGN_OR_RETURN(const rpc::Enrolled enrolled, backend.Renew(crypto::MakeCsr(key)));
  ACCORD_RETURN_IF_ERROR(CheckEnrolled(enrolled, key, context.spiffe_id, nullptr, now));
  return store.Save(context.name,
                    {.coordinator = context.coordinator,
                     .key = key,
                     .certificate_pem = enrolled.certificate_pem,
                     .ca_pem = enrolled.ca_pem},
                    /*replace=*/true);
}

}  // namespace accord::cli
