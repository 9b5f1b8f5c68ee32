// Certificates of our own making, and those of tests/golden/x509, which `openssl` made.
#include "crypto/x509.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "tests/support/fsa1.h"

namespace accord::crypto {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const TimePoint kNow{std::chrono::seconds(1'800'000'000)};
const SpiffeId kNode{"fed.example", Role::kNode, "lab"};

std::string Golden(const std::string& name) {
  std::ifstream file(std::string(ACCORD_SOURCE_DIR) + "/tests/golden/x509/" + name);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Authority {
  explicit Authority(const std::string& trust_domain = "fed.example")
      : key(P256Key::Generate()),
        certificate(*MakeCa(key, trust_domain, {kNow - minutes(5), kNow + hours(24 * 3650)})) {}
  [[nodiscard]] Result<Certificate> Issue(std::string_view csr, const LeafNames& names) const {
    return IssueLeaf(key, certificate, csr, names, {kNow - minutes(5), kNow + hours(48)});
  }
  P256Key key;
  Certificate certificate;
};

TEST(CertificateTest, ALeafIsWhatAPeerMustBe) {
  const Authority ca;
  const P256Key key = P256Key::Generate();
  const Result<Certificate> leaf = ca.Issue(MakeCsr(key), {.identity = kNode});
  ASSERT_TRUE(leaf.ok()) << leaf.status().message();
  const CertificateInfo& info = leaf->info();
  EXPECT_EQ(info.uri, kNode.Format());
  EXPECT_EQ(info.not_before, kNow - minutes(5));
  EXPECT_EQ(info.not_after, kNow + hours(48));
  EXPECT_EQ(info.spki_hash, key.SpkiHash());
  EXPECT_FALSE(info.is_ca || info.key_cert_sign || info.crl_sign);
  EXPECT_TRUE(info.digital_signature && info.server_auth && info.client_auth);
  EXPECT_TRUE(VerifyLeaf(*leaf, ca.certificate, kNow).ok());
  EXPECT_TRUE(CheckKeyMatches(*leaf, key).ok());
  EXPECT_EQ(CheckKeyMatches(*leaf, ca.key).error(), "cert.key_mismatch");
}

TEST(CertificateTest, TheCaIsACaAndNoPeer) {
  const Authority ca;
  const CertificateInfo& info = ca.certificate.info();
  EXPECT_TRUE(info.is_ca && info.key_cert_sign && info.crl_sign);
  EXPECT_EQ(info.uri, "spiffe://fed.example");
  EXPECT_EQ(VerifyLeaf(ca.certificate, ca.certificate, kNow).error(), "cert.usage");
  EXPECT_EQ(MakeCa(ca.key, "Not A Domain", {kNow, kNow}).status().error(), "spiffe.invalid");
  EXPECT_TRUE(MakeCa(ca.key, std::string(255, 'd'), {kNow, kNow}).ok());
}

TEST(CertificateTest, PemGivesTheSameCertificateBack) {
  const Authority ca;
  const Certificate leaf = *ca.Issue(MakeCsr(P256Key::Generate()), {.identity = kNode});
  const Result<Certificate> again = Certificate::FromPem(leaf.pem());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->info().fingerprint, leaf.info().fingerprint);
  EXPECT_EQ(again->pem(), leaf.pem());
  const auto chain = Certificate::ChainFromPem(leaf.pem() + ca.certificate.pem());
  ASSERT_TRUE(chain.ok());
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ(chain->at(1).info().fingerprint, ca.certificate.info().fingerprint);
  EXPECT_EQ(Certificate::FromPem(leaf.pem() + ca.certificate.pem()).status().error(), "cert.malformed");
}

TEST(CertificateTest, NamesComeFromTheArgumentAndNeverFromTheRequest) {
  const Authority ca;
  const Result<Certificate> leaf = ca.Issue(Golden("asks_more.csr"), {.identity = kNode});
  ASSERT_TRUE(leaf.ok()) << leaf.status().message();
  EXPECT_EQ(leaf->info().uri, kNode.Format());
  EXPECT_FALSE(leaf->info().is_ca);
  // Nothing of the request but its key is in the certificate: one URI, and no DNS name.
  const std::string pem = leaf->pem();
  const auto with_dns = ca.Issue(Golden("asks_more.csr"), {.identity = kNode, .dns_names = {"evil.example"}});
  EXPECT_LT(pem.size(), with_dns->pem().size());
  EXPECT_EQ(leaf->info().spki_hash, *CheckCsr(Golden("asks_more.csr")));
}

TEST(CertificateTest, AServerCertificateAlsoCarriesHostNames) {
  const Authority ca;
  const LeafNames names{.identity = {"fed.example", Role::kCoordinator, "main"},
                        .dns_names = {"localhost", "lab.example"},
                        .ip_addresses = {"127.0.0.1", "::1"}};
  const Result<Certificate> leaf = ca.Issue(MakeCsr(P256Key::Generate()), names);
  ASSERT_TRUE(leaf.ok()) << leaf.status().message();
  EXPECT_TRUE(VerifyLeaf(*leaf, ca.certificate, kNow).ok());
  for (const char* bad : {"", "a b", "a,URI:spiffe://fed.example/operator/eve", "*"}) {
    EXPECT_EQ(ca.Issue(MakeCsr(ca.key), {.identity = kNode, .dns_names = {bad}}).status().error(),
              "cert.malformed");
    EXPECT_EQ(ca.Issue(MakeCsr(ca.key), {.identity = kNode, .ip_addresses = {bad}}).status().error(),
              "cert.malformed");
  }
}

TEST(CertificateTest, SerialsAreLongAndDiffer) {
  const Authority ca;
  const std::string csr = MakeCsr(P256Key::Generate());
  const std::string a = ca.Issue(csr, {.identity = kNode})->info().serial;
  EXPECT_EQ(a.size(), 32U);
  EXPECT_NE(a, ca.Issue(csr, {.identity = kNode})->info().serial);
}

TEST(CertificateTest, OnlyTheCaOfTheTrustDomainMayIssue) {
  const Authority ca;
  const Authority other("other.example");
  const std::string csr = MakeCsr(P256Key::Generate());
  const Certificate leaf = *ca.Issue(csr, {.identity = kNode});
  const Validity validity{kNow, kNow + hours(1)};
  EXPECT_EQ(other.Issue(csr, {.identity = kNode}).status().error(), "cert.usage");
  EXPECT_EQ(IssueLeaf(ca.key, leaf, csr, {.identity = kNode}, validity).status().error(), "cert.usage");
  EXPECT_EQ(IssueLeaf(other.key, ca.certificate, csr, {.identity = kNode}, validity).status().error(),
            "cert.key_mismatch");
}

TEST(CsrTest, RefusesWhatIsNotAP256RequestSignedByItsKey) {
  const P256Key key = P256Key::Generate();
  EXPECT_EQ(*CheckCsr(MakeCsr(key)), key.SpkiHash());
  for (const std::string& bad :
       {Golden("rsa.csr"), Golden("p384.csr"), Golden("bad_signature.csr"), Golden("good.pem"), std::string(),
        std::string("x"), MakeCsr(key).substr(0, 200), std::string(20'000, 'a')}) {
    EXPECT_EQ(CheckCsr(bad).status().error(), "csr.invalid");
    EXPECT_EQ(Authority().Issue(bad, {.identity = kNode}).status().error(), "csr.invalid");
  }
}

TEST(VerifyLeafTest, NamesAnotherCaEvenOneOfTheSameName) {
  const Authority ca;
  const Authority imposter;
  const Certificate leaf = *imposter.Issue(MakeCsr(P256Key::Generate()), {.identity = kNode});
  EXPECT_EQ(VerifyLeaf(leaf, ca.certificate, kNow).error(), "cert.chain");
}

TEST(VerifyLeafTest, NamesALeafThatActsAsACa) {
  const Authority ca;
  const P256Key key = P256Key::Generate();
  const Certificate leaf = *ca.Issue(MakeCsr(key), {.identity = kNode});
  EXPECT_EQ(VerifyLeaf(leaf, leaf, kNow).error(), "cert.chain");
}

TEST(VerifyLeafTest, NamesDatesToTheMillisecond) {
  const Authority ca;
  const Certificate leaf = *ca.Issue(MakeCsr(P256Key::Generate()), {.identity = kNode});
  const CertificateInfo& info = leaf.info();
  EXPECT_TRUE(VerifyLeaf(leaf, ca.certificate, info.not_before).ok());
  EXPECT_TRUE(VerifyLeaf(leaf, ca.certificate, info.not_after).ok());
  EXPECT_EQ(VerifyLeaf(leaf, ca.certificate, info.not_before - Millis(1)).error(), "auth.expired");
  EXPECT_EQ(VerifyLeaf(leaf, ca.certificate, info.not_after + Millis(1)).error(), "auth.expired");
}

TEST(VerifyLeafTest, NamesAnExpiredCa) {
  const P256Key key = P256Key::Generate();
  const Certificate ca = *MakeCa(key, "fed.example", {kNow - hours(2), kNow - hours(1)});
  const Certificate leaf =
      *IssueLeaf(key, ca, MakeCsr(key), {.identity = kNode}, {kNow - hours(2), kNow + hours(1)});
  EXPECT_EQ(VerifyLeaf(leaf, ca, kNow).error(), "auth.expired");
}

TEST(VerifyLeafTest, TakesAndRefusesTheGoldenCertificates) {
  const Certificate ca = *Certificate::FromPem(Golden("ca.pem"));
  EXPECT_TRUE(VerifyLeaf(*Certificate::FromPem(Golden("good.pem")), ca, kNow).ok());
  for (const char* name : {"ca_true", "no_client_auth", "no_extended_usage", "cert_sign", "no_key_usage",
                           "no_digital_signature", "no_identity"}) {
    const Result<Certificate> leaf = Certificate::FromPem(Golden(std::string(name) + ".pem"));
    ASSERT_TRUE(leaf.ok()) << name;
    EXPECT_EQ(VerifyLeaf(*leaf, ca, kNow).error(), "cert.usage") << name;
  }
  EXPECT_EQ(VerifyLeaf(*Certificate::FromPem(Golden("other_domain.pem")), ca, kNow).error(), "cert.chain");
}

TEST(CertificateTest, RefusesWhatIsNoCertificateOfOurs) {
  const std::string good = Golden("good.pem");
  for (const std::string& bad : {Golden("two_uris.pem"), Golden("no_uri.pem"), Golden("p384.pem"),
                                 Golden("rsa.csr"), std::string(), good.substr(0, good.size() / 2),
                                 good + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                                 std::string(100'000, '\n')}) {
    EXPECT_EQ(Certificate::FromPem(bad).status().error(), "cert.malformed");
  }
  std::string chain;
  for (int i = 0; i < 17; ++i) chain += good;
  EXPECT_EQ(Certificate::ChainFromPem(chain).status().error(), "cert.malformed");
}

TEST(P256KeyTest, SignaturesAreVerifiedByTheCertificate) {
  const Authority ca;
  const Bytes signature = ca.key.Sign(AsBytes("message"));
  EXPECT_TRUE(ca.certificate.Verifies(AsBytes("message"), signature));
  EXPECT_FALSE(ca.certificate.Verifies(AsBytes("massage"), signature));
  EXPECT_FALSE(ca.certificate.Verifies(AsBytes("message"), {}));
  EXPECT_FALSE(Authority().certificate.Verifies(AsBytes("message"), signature));
  Bytes longer = signature;
  longer.push_back(0);
  EXPECT_FALSE(ca.certificate.Verifies(AsBytes("message"), longer));
}

TEST(P256KeyTest, AKeyFileIsPrivateAndGivesTheSameKeyBack) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "p256_key_file.pem";
  const P256Key key = P256Key::Generate();
  ASSERT_TRUE(key.Save(path).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(P256Key::Load(path)->SpkiHash(), key.SpkiHash());
  std::filesystem::remove(path);
  EXPECT_EQ(P256Key::FromPem(Ed25519Key::Generate().ToPem().view()).status().error(), "key.malformed");
  EXPECT_EQ(Ed25519Key::FromPem(key.ToPem().view()).status().error(), "key.malformed");
  EXPECT_EQ(P256Key::FromPem(AsBytes("nonsense")).status().error(), "key.malformed");
}

}  // namespace
}  // namespace accord::crypto
