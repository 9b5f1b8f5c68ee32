// accord data list, accord data submit.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "dataset/croissant.h"
#include "dataset/verify.h"
#include "tests/unit/cli/fake_log.h"
#include "tests/unit/cli/golden.h"

namespace accord::cli {
namespace {

using charter::kDay, charter::kNow;
using nlohmann::json;

struct DataListTest : ::testing::Test {
  ProgramWithLog program;
  dataset::Description about = dataset::ExampleDescription();

  static dataset::Certificate Certificate() {
    dataset::Certificate one = dataset::ExampleCertificate();
    one.not_before = kNow - kDay;
    one.not_after = kNow + kDay;
    return one;
  }
  // Certified by its member, with its description beside the log.
  Digest Put(dataset::Certificate certificate) {
    const std::string text = FormatCroissant(about, {certificate.root, certificate.files, certificate.bytes});
    certificate.croissant = crypto::Sha256::Of(text);
    PutText(program.coordinator, "description/" + certificate.croissant.Hex(), text);
    return program.log.Certify(certificate, certificate.member);
  }
  void PutSome() {
    dataset::Certificate news = Certificate();
    const Digest first = Put(news);
    news.version = "2.0.0";
    news.supersedes = first;
    Put(news);
    dataset::Certificate clinic = Certificate();
    clinic.member = "rw";
    clinic.dataset = "clinic";
    clinic.modalities = {"table"};
    clinic.purposes = {"public-health"};
    clinic.not_after = kNow - 60;
    about.languages = {};
    about.license = "https://example.org/on\x1brequest";
    Put(clinic);
    clinic.dataset = "births";
    clinic.not_after = kNow + kDay;
    clinic.croissant = crypto::Sha256::Of("nowhere");
    const Digest births = program.log.Certify(clinic, "rw");
    charter::Charter next = program.log.charter;
    next.revoked = {{std::string(charter::kRevokedCert), births.Hex(), 3}};
    program.log.Amend(next);
  }
};

TEST_F(DataListTest, ListsAllAndMarksWhatDoesNotHold) {
  EXPECT_EQ(program.Ask({"data", "list"}).out, "No certified data set was found.\n");
  PutSome();
  const auto listed = program.Ask({"data", "list"});
  ASSERT_EQ(listed.code, 0) << listed.err;
  ExpectGolden("data_list.txt", listed.out);
  const json data = json::parse(program.Ask({"data", "list", "--json"}).out)["data"];
  ASSERT_EQ(data.size(), 4U);
  EXPECT_EQ(data[0]["stands"], "superseded");
  EXPECT_EQ(data[0]["superseded_by"], data[1]["certificate_sha256"]);
  EXPECT_EQ(data[1]["stands"], "in force");
  EXPECT_EQ(data[1]["description"]["languages"], json({"sw", "en-KE"}));
  EXPECT_EQ(data[2]["stands"], "revoked");
  EXPECT_TRUE(data[2]["description"].is_null());
  EXPECT_EQ(data[3]["stands"], "out of date");
}

TEST_F(DataListTest, FindsByWhatIsAsked) {
  PutSome();
  const auto found = [&](const std::vector<std::string>& words) {
    std::vector<std::string> all{"data", "list", "--json"};
    all.insert(all.end(), words.begin(), words.end());
    std::string names;
    const json answer = json::parse(program.Ask(all).out);
    for (const json& one : answer["data"])
      names += (names.empty() ? "" : " ") + one["certificate"]["dataset_id"].get<std::string>();
    return names;
  };
  EXPECT_EQ(found({"--language", "en"}), "swahili-news swahili-news");
  EXPECT_EQ(found({"--modality", "table"}), "births clinic");
  EXPECT_EQ(found({"--licence", "by/4.0", "--member", "ke"}), "swahili-news swahili-news");
  EXPECT_EQ(found({"--license", "by/4.0", "--member", "rw"}), "");
  EXPECT_EQ(found({"--purpose", "public-health"}), "births clinic");
  EXPECT_EQ(found({"--text", "broadcaster", "--member", "rw"}), "clinic");
  const auto said = program.Ask({"data", "list", "--language", "fr"});
  EXPECT_NE(said.out.find("1 certificate has no description here"), std::string::npos) << said.out;
}

TEST_F(DataListTest, ABrokenConnectionIsNoMissingDescription) {
  PutSome();
  Serve(program.coordinator, program.log);
  program.coordinator.failures = {
      {}, {}, Fail(errors::kNetUnreachable, "gone")};  // head, entries, description
  const auto ended = program.Run({"data", "list"});
  EXPECT_EQ(ended.code, static_cast<int>(ExitCode::kConnection)) << ended.out;
}

struct DataSubmitTest : DataListTest {
  const std::filesystem::path directory = program.dir / "news.certificate";

  // As `accord data certify` leaves it.
  Digest Write(const std::string& signer, const std::string& croissant_written = "") {
    dataset::Certificate certificate = Certificate();
    const std::string text = FormatCroissant(about, {certificate.root, certificate.files, certificate.bytes});
    certificate.croissant = crypto::Sha256::Of(text);
    const auto envelope = charter::Signed(dataset::kCertificateType, Encode(certificate), {signer});
    std::filesystem::create_directories(directory);
    std::ofstream(directory / dataset::kCertificateFile) << ledger::EncodeEnvelope(envelope) << "\n";
    std::ofstream(directory / dataset::kCroissantFile)
        << (croissant_written.empty() ? text : croissant_written);
    return envelope.Id();
  }
};

TEST_F(DataSubmitTest, PutsACertificateWithItsDescriptionIntoTheLog) {
  const Digest id = Write("ke");
  const auto done = program.Ask({"data", "submit", directory.string()});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.out, "Certificate " + id.Hex() + ": entry 0 of the log.\n");
  ASSERT_EQ(program.coordinator.appended.size(), 1U);
  const auto& [entry, description] = program.coordinator.appended[0];
  EXPECT_EQ(ledger::ParseEnvelope(entry)->Id(), id);
  EXPECT_EQ(description, *ReadFile(directory / dataset::kCroissantFile));

  program.log.Add(entry);
  const auto again = program.Ask({"data", "submit", directory.string(), "--json"});
  EXPECT_EQ(json::parse(again.out)["data"]["index"], "1");
  EXPECT_EQ(program.coordinator.appended.size(), 1U) << "once is enough";
}

TEST_F(DataSubmitTest, RefusesWhatTheLogWouldNotTake) {
  Write("rw");
  EXPECT_NE(program.Ask({"data", "submit", directory.string()}).err.find("dataset.signature"),
            std::string::npos);
  Write("ke", "{}");
  EXPECT_NE(program.Ask({"data", "submit", directory.string()}).err.find("dataset.croissant"),
            std::string::npos);
  std::filesystem::remove(directory / dataset::kCroissantFile);
  EXPECT_NE(program.Ask({"data", "submit", directory.string()}).err.find("cli.file"), std::string::npos);
  EXPECT_TRUE(program.coordinator.appended.empty());
}

}  // namespace
}  // namespace accord::cli
