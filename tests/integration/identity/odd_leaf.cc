#include "tests/integration/identity/odd_leaf.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "base/check.h"
#include "base/text.h"
#include "crypto/openssl_internal.h"

namespace accord::coordinator::testing {
namespace {

using Key = crypto::PkeyPtr;
using Cert = crypto::X509Ptr;
using Bio = crypto::BioPtr;
using Extension = std::unique_ptr<X509_EXTENSION, crypto::OpensslFree<X509_EXTENSION_free>>;

Bio Reading(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
Key ToOpenssl(const crypto::P256Key& key) {
  const crypto::ZeroizingBytes pem = key.ToPem();
  return Key(PEM_read_bio_PrivateKey(Reading(AsText(pem.view())).get(), nullptr, nullptr, nullptr));
}
void Add(X509* leaf, int nid, const std::string& value) {
  if (value.empty()) return;
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  ACCORD_CHECK(extension != nullptr && X509_add_ext(leaf, extension.get(), -1) == 1);
}
std::time_t Seconds(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::string OddLeaf(const LeafShape& shape, const crypto::P256Key& key, const crypto::P256Key& ca_key,
                    const crypto::Certificate& ca) {
  const Cert issuer(PEM_read_bio_X509(Reading(ca.pem()).get(), nullptr, nullptr, nullptr));
  const Key own = ToOpenssl(key), signer = ToOpenssl(ca_key);
  const Cert leaf(X509_new());
  ACCORD_CHECK(X509_set_version(leaf.get(), 2) == 1);
  ACCORD_CHECK(ASN1_INTEGER_set(X509_get_serialNumber(leaf.get()), 4711) == 1);
  ACCORD_CHECK(ASN1_TIME_set(X509_getm_notBefore(leaf.get()), Seconds(shape.begins)) != nullptr);
  ACCORD_CHECK(ASN1_TIME_set(X509_getm_notAfter(leaf.get()), Seconds(shape.ends)) != nullptr);
  ACCORD_CHECK(X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer.get())) == 1);
  ACCORD_CHECK(X509_set_pubkey(leaf.get(), own.get()) == 1);
  Add(leaf.get(), NID_basic_constraints, shape.basic_constraints);
  Add(leaf.get(), NID_key_usage, shape.key_usage);
  Add(leaf.get(), NID_ext_key_usage, shape.extended_key_usage);
  std::string names;
  for (const std::string& uri : shape.uris) names += (names.empty() ? "URI:" : ",URI:") + uri;
  Add(leaf.get(), NID_subject_alt_name, names);
  if (shape.padding > 0) Add(leaf.get(), NID_netscape_comment, std::string(shape.padding, 'x'));
  ACCORD_CHECK(X509_sign(leaf.get(), signer.get(), EVP_sha256()) > 0);
  const Bio out(BIO_new(BIO_s_mem()));
  ACCORD_CHECK(PEM_write_bio_X509(out.get(), leaf.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace accord::coordinator::testing
