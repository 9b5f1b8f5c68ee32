// A node trains on the bytes that its member certified, or not at all (governance.md 4, test 21).
#include "node/certified_data.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/errors.h"
#include "base/file.h"
#include "dataset/verify.h"
#include "tests/unit/node/lab.h"

namespace accord::node {
namespace {

namespace fs = std::filesystem;

struct CertifiedDataTest : ::testing::Test {
  Lab lab{"ke", 0.1F, "off"};
  const fs::path data = lab.dir / "data", certificate = lab.dir / "data.certificate";
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate();
  const ledger::VerifierKey vkey = ledger::LogKey("fed.example/ke", key.PublicKey());
  int trained = 0;

  CertifiedDataTest() {
    fs::create_directories(data / "more");
    std::ofstream(data / "table.csv") << "a,b\n1,2\n";
    std::ofstream(data / "more/notes.txt") << "some";
    Certify(4'000'000'000);
    lab.config.policy.allow_unmasked = true;
    lab.config.data["d"].path = data / "table.csv";
    lab.config.certificates["d"] = {.file = certificate, .directory = data, .keys = {vkey.Format()}};
    lab.hooks.train = [this](const TrainRequest&) { ++trained; };
  }
  void Certify(std::uint64_t until, const std::string& purpose = "demo") {
    fs::create_directories(certificate);
    const auto made = dataset::WriteManifest(data, certificate / dataset::kManifestFile,
                                             [] { return dataset::Salt{}; }, {});
    ASSERT_TRUE(made.ok()) << Describe(made.status());
    const dataset::Certificate one{.member = "ke",
                                   .dataset = "table",
                                   .version = "1",
                                   .root = made->root,
                                   .files = made->files,
                                   .bytes = made->bytes,
                                   .records = 1,
                                   .modalities = {"table"},
                                   .jurisdiction = "Kenya",
                                   .legal_basis = "a law",
                                   .purposes = {"another", purpose},
                                   .not_before = 1,
                                   .not_after = until};
    ledger::Envelope envelope{std::string(dataset::kCertificateType), Encode(one), {}};
    Sign(envelope, key, "");
    ASSERT_TRUE(WriteFileAtomic(certificate / dataset::kCertificateFile, AsBytes(EncodeEnvelope(envelope)),
                                FileMode::kShared)
                    .ok());
  }
  // What the node says to a job, and that no step was trained of it.
  void ExpectRefused(const std::string& error) {
    lab.Begin();
    lab.Prepare();
    const Status said = lab.Await<rpc::Declined>().error;
    EXPECT_EQ(said.error(), error);
    EXPECT_EQ(said.message().find("table"), std::string::npos) << "names of files stay at the lab";
    EXPECT_EQ(trained, 0);
  }
  void ExpectTaken() {
    lab.Begin();
    lab.Prepare();
    lab.Await<rpc::Prepared>();
  }
};

TEST_F(CertifiedDataTest, WhatWasCertifiedIsTaken) {
  ExpectTaken();
  lab.config.certificates["d"].sample = 1;
  ExpectTaken();
}

TEST_F(CertifiedDataTest, OneByteIsEnoughToRefuse) {
  std::ofstream(data / "more/notes.txt") << "same";
  ExpectRefused("dataset.changed");
  std::ofstream(data / "more/notes.txt") << "some";
  ExpectTaken();
  std::ofstream(data / "more/new.txt") << "x";
  ExpectRefused("dataset.changed");
  fs::remove(data / "more/new.txt");
  fs::remove(data / "more/notes.txt");
  ExpectRefused("dataset.changed");
}

TEST_F(CertifiedDataTest, ACertificateOutOfDateIsNone) {
  Certify(1'600'000'000);
  ExpectRefused("dataset.expired");
}

TEST_F(CertifiedDataTest, ACertificateIsForItsPurposes) {
  Certify(4'000'000'000, "public-health");
  ExpectRefused("dataset.purpose");
}

TEST_F(CertifiedDataTest, ACertificateThatNobodyVouchesForIsNone) {
  const crypto::Ed25519Key other = crypto::Ed25519Key::Generate();
  lab.config.certificates["d"].keys = {ledger::LogKey("fed.example/ke", other.PublicKey()).Format()};
  ExpectRefused("dataset.signature");
  lab.config.certificates["d"].keys = {};
  ExpectRefused("dataset.signature");
}

TEST_F(CertifiedDataTest, DataElsewhereWereNotCertified) {
  std::ofstream(lab.dir / "table.csv") << "a,b\n1,2\n";
  lab.config.data["d"].path = lab.dir / "table.csv";
  ExpectRefused("dataset.changed");
  lab.config.data["d"].path = data / "table.csv";
  lab.config.data["d"].eval_path = data / "more/../../table.csv";
  ExpectRefused("dataset.changed");
  fs::create_symlink(lab.dir / "table.csv", lab.dir / "link.csv");
  lab.config.data["d"].eval_path = lab.dir / "link.csv";
  ExpectRefused("dataset.changed");
}

TEST_F(CertifiedDataTest, WhatIsMissingMeansNo) {
  fs::remove(certificate / dataset::kManifestFile);
  ExpectRefused("dataset.manifest");
  fs::remove(certificate / dataset::kCertificateFile);
  ExpectRefused("store.io");
}

TEST_F(CertifiedDataTest, DataWithoutACertificateAreAsTheyWere) {
  lab.config.certificates.clear();
  std::ofstream(data / "more/notes.txt") << "same";
  ExpectTaken();
}

}  // namespace
}  // namespace accord::node
