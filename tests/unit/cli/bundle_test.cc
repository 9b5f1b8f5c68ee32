// accord model bundle, endorse and verify, with a coordinator that serves a log.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "charter/release.h"
#include "crypto/sha256.h"
#include "ledger/dsse.h"
#include "ledger/growing_tree.h"
#include "ledger/tile.h"
#include "tests/unit/bundle/fixture.h"
#include "tests/unit/cli/fake_network.h"

namespace accord::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace fs = std::filesystem;

constexpr const char* kWords = "correct horse battery";

struct ModelBundleTest : ::testing::Test {
  Program p;
  bundle::Scene scene;
  const bundle::Release& release = scene.Gather();
  const std::string out = (p.dir / "bundle").string(), words = (p.dir / "words").string();
  const std::string genesis = release.genesis.Hex();

  ModelBundleTest() {
    EXPECT_EQ(p.JoinAlice().code, 0);
    EXPECT_TRUE(WriteFileAtomic(words, AsBytes(kWords), FileMode::kPrivate).ok());
    KeyFileOf("release", "fed.example/release/ke",
              crypto::SoftwareKey(*crypto::P256Key::FromPem(bundle::ReleaseKey().ToPem().view())));
    for (const char* id : {"be", "ke", "np", "pe", "rw"})
      KeyFileOf(id, std::string("fed.example/gov/") + id, crypto::SoftwareKey(charter::GovKeyOf(id)));
    Serve();
    EXPECT_EQ(p.Run({"charter", "pin", genesis}).code, 0);
  }

  [[nodiscard]] std::string KeyPath(const std::string& id) const { return (p.dir / (id + ".key")).string(); }
  void KeyFileOf(const std::string& id, const std::string& name, const crypto::SoftwareKey& key) {
    const ledger::KeyFile file{*ledger::VerifierOf(name, key), "", key.Encrypt(AsBytes(kWords))};
    EXPECT_TRUE(WriteFileAtomic(KeyPath(id), AsBytes(file.Format()), FileMode::kPrivate).ok());
  }

  // Everything that the scene has logged, as files of a log, and further entries of it.
  void Serve(const std::vector<std::string>& more = {}) {
    const bundle::JobRecord& record = release.record;
    std::map<std::uint64_t, std::string> entries;
    const auto put = [&](const charter::LoggedEntry& one) { entries[one.index] = one.entry; };
    for (const auto& one : record.job.charters) put(one);
    put(record.job.proposal);
    for (const auto& one : record.job.votes) put(one);
    for (const auto& one : record.rounds) put(one);
    for (const auto& [id, data] : record.datasets) {
      if (data.logged) put(data.certificate);
    }
    ASSERT_EQ(entries.size(), scene.log.leaves.size());
    for (const std::string& entry : more) entries.emplace(entries.size(), entry);
    ledger::GrowingTree tree;
    charter::TestLog served;
    Bytes content;
    for (const auto& [place, entry] : entries) {
      served.Append(entry);
      tree.Add(crypto::MerkleLeaf(AsBytes(entry)));
      ASSERT_TRUE(ledger::AppendEntry(content, AsBytes(entry)).ok());
    }
    auto& resources = p.coordinator.resources;
    for (const ledger::TileFile& one : tree.TakeTiles()) resources[one.tile.Path()] = one.content;
    resources[ledger::TileAt(entries.size(), std::nullopt, 0)->Path()] = content;
    const std::string note = served.Checkpoint(scene.witnesses, scene.charter);
    resources["checkpoint"] = Bytes(note.begin(), note.end());
    resources["plan/" + scene.proposal.plan.Hex()] = record.plan;
    const std::string_view model = "model";
    p.coordinator.blob = Bytes(model.begin(), model.end());
    p.coordinator.job = FinishedJob();
    p.coordinator.job.id.bytes = crypto::Sha256::Of(Encode(scene.proposal)).bytes;
    p.coordinator.job.model_hash = release.model;
  }

  Program::Ended Make(const std::vector<std::string>& more = {}) {
    std::vector<std::string> line{"model",
                                  "bundle",
                                  "digits",
                                  "--out",
                                  out,
                                  "--release-key",
                                  KeyPath("release"),
                                  "--key",
                                  KeyPath("ke"),
                                  "--passphrase-file",
                                  words,
                                  "--release-passphrase-file",
                                  words};
    line.insert(line.end(), more.begin(), more.end());
    return p.Run(line);
  }
  Program::Ended PutRelease(const std::string& id) {
    return p.Run({"model", "release", out, "--key", KeyPath(id), "--passphrase-file", words, "--json"});
  }
  // What the log has taken so far.
  [[nodiscard]] std::vector<std::string> Appended() const {
    std::vector<std::string> entries;
    for (const auto& [entry, plan] : p.coordinator.appended) entries.emplace_back(AsText(entry));
    return entries;
  }
  Program::Ended Endorse(const std::string& id) {
    return p.Run({"model", "endorse", out, "--key", KeyPath(id), "--passphrase-file", words});
  }
};

TEST_F(ModelBundleTest, LeavesTheFederationAndIsVerifiedByAnybody) {
  const auto made = Make();
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("endorsed by ke, 1 of 4 that it takes"));
  const auto early = p.Run({"model", "verify", out});
  EXPECT_EQ(early.code, 1);
  EXPECT_THAT(early.err, HasSubstr("provenance.dsse.json: endorsed by 1 of 4"));
  for (const char* id : {"be", "np", "rw"}) {
    const auto more = Endorse(id);
    EXPECT_EQ(more.code, 0) << more.err;
  }
  EXPECT_NE(Endorse("rw").code, 0) << "once";
  p.coordinator.resources.clear();  // nobody is asked
  p.coordinator.failures.assign(100, Fail(errors::kNetUnreachable, "gone"));
  const auto verified = p.Run({"model", "verify", out});
  EXPECT_EQ(verified.code, 0) << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("ok    release-key.pem           the release key of ke"));
  EXPECT_THAT(verified.out, HasSubstr("The bundle shows what it has to."));
  p.variables["ACCORD_HOME"] = (p.dir / "elsewhere").string();
  EXPECT_EQ(p.Run({"model", "verify", out}).code, static_cast<int>(ExitCode::kUsage));
  const auto json = p.Run({"model", "verify", out, "--charter", genesis, "--json"});
  EXPECT_THAT(json.out, StartsWith(R"({"ok":true,"data":{"model":")" + release.model.Hex()));
}

TEST_F(ModelBundleTest, ThatItIsOutGoesIntoTheLogOnceItIsComplete) {
  ASSERT_EQ(Make().code, 0);
  EXPECT_THAT(PutRelease("ke").out, HasSubstr("model.bundle")) << "three members have to endorse it first";
  EXPECT_TRUE(p.coordinator.appended.empty());
  for (const char* id : {"be", "np", "rw"}) ASSERT_EQ(Endorse(id).code, 0);
  const auto done = PutRelease("rw");
  ASSERT_EQ(done.code, 0) << done.err;
  ASSERT_EQ(p.coordinator.appended.size(), 1U);
  const auto envelope = ledger::ParseEnvelope(p.coordinator.appended[0].first);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(envelope->payload_type, charter::kReleaseType);
  const auto logged = charter::ParseModelRelease(envelope->payload);
  ASSERT_TRUE(logged.ok()) << Describe(logged.status());
  EXPECT_EQ(logged->model, release.model);
  EXPECT_EQ(logged->signature, crypto::Sha256::Of(*ReadFile(fs::path(out) / "model.sig")));
  const auto provenance = ledger::ParseEnvelope(*ReadFile(fs::path(out) / "provenance.dsse.json"));
  EXPECT_EQ(logged->provenance, provenance->Id());
  EXPECT_TRUE(charter::HasSigned(*envelope, *scene.charter.Find("rw")));
}

TEST_F(ModelBundleTest, WhetherItIsOutIsAskedOfTheLog) {
  ASSERT_EQ(Make().code, 0);
  for (const char* id : {"be", "np", "rw"}) ASSERT_EQ(Endorse(id).code, 0);
  const auto verify = [&] { return p.Run({"model", "verify", out, "--log"}); };
  EXPECT_THAT(verify().err, HasSubstr("the log has no release of the model"));
  ASSERT_EQ(PutRelease("rw").code, 0);
  Serve(Appended());
  const auto verified = verify();
  EXPECT_EQ(verified.code, 0) << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("of the log, by rw at "));
  EXPECT_EQ(PutRelease("rw").code, 0) << "the log has it, which is what was asked for";
  EXPECT_EQ(p.coordinator.appended.size(), 1U);
  EXPECT_EQ(PutRelease("ke").code, 0);
  EXPECT_EQ(p.coordinator.appended.size(), 2U) << "another member says so, too";
  ASSERT_EQ(Endorse("pe").code, 0);
  EXPECT_EQ(verify().code, 0) << "endorsed once more, it is the same bundle";
}

TEST_F(ModelBundleTest, ALogThatHasReleasedOtherPapersOrHasAnotherPastIsRefused) {
  ASSERT_EQ(Make().code, 0);
  for (const char* id : {"be", "np", "rw"}) ASSERT_EQ(Endorse(id).code, 0);
  const charter::ModelRelease other{
      .job = crypto::Sha256::Of("job"), .model = release.model, .time = charter::kNow};
  const auto envelope = charter::Signed(charter::kReleaseType, Encode(other), {"ke"});
  const auto verify = [&] { return p.Run({"model", "verify", out, "--log"}).err; };
  Serve({EncodeEnvelope(envelope)});
  EXPECT_THAT(verify(), HasSubstr("with other papers than these"));
  const auto unsigned_ = charter::Signed(charter::kReleaseType, Encode(other), {});
  Serve({EncodeEnvelope(unsigned_)});
  fs::remove_all(p.dir / "home" / "logs");
  EXPECT_THAT(verify(), HasSubstr("the log has no release of the model")) << "no member says so";
}

TEST_F(ModelBundleTest, AChangedFileALinkAndAnotherCharterAreRefused) {
  ASSERT_EQ(Make().code, 0);
  for (const char* id : {"be", "np", "rw"}) ASSERT_EQ(Endorse(id).code, 0);
  const auto refusal = [&] {
    const auto ended = p.Run({"model", "verify", out});
    EXPECT_EQ(ended.code, 1);
    return ended.err;
  };
  std::ofstream(fs::path(out) / "model.safetensors") << "modem";
  EXPECT_THAT(refusal(), StartsWith("error: model.safetensors: it is not what was signed"));
  std::ofstream(fs::path(out) / "model.safetensors") << "model";
  EXPECT_EQ(p.Run({"model", "verify", out}).code, 0);
  fs::create_symlink("model.safetensors", fs::path(out) / "more");
  EXPECT_THAT(refusal(), StartsWith("error: more: it is no regular file"));
  fs::remove(fs::path(out) / "more");
  EXPECT_EQ(p.Run({"model", "verify", out, "--charter", std::string(64, '0')}).code, 1);
  EXPECT_EQ(p.Run({"model", "verify", out, "--charter", "x"}).code, static_cast<int>(ExitCode::kUsage));
  fs::remove(fs::path(out) / "model.safetensors");
  EXPECT_THAT(refusal(), StartsWith("error: model.safetensors: it is missing"));
}

TEST_F(ModelBundleTest, CertificatesThatTheLogHasNotAreTakenFromThisMachine) {
  const fs::path mine = p.dir / "rw.certificate";
  const std::string certificate = EncodeEnvelope(scene.CertificateOf("rw"));
  ASSERT_TRUE(WriteFileAtomic(mine / "certificate.json", AsBytes(certificate), FileMode::kShared).ok());
  ASSERT_TRUE(WriteFileAtomic(mine / "croissant.json", AsBytes(scene.croissant), FileMode::kShared).ok());
  const auto made = Make({"--certificate", mine.string()});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("50 records, by the hash that was voted on, with its description"));
  fs::remove_all(out);
  const std::string other = EncodeEnvelope(scene.CertificateOf("pe"));
  ASSERT_TRUE(WriteFileAtomic(mine / "certificate.json", AsBytes(other), FileMode::kShared).ok());
  EXPECT_EQ(Make({"--certificate", mine.string()}).code, static_cast<int>(ExitCode::kUsage));
}

TEST_F(ModelBundleTest, NothingIsLeftOfOneThatCannotBeMade) {
  p.coordinator.job.state = job::Phase::kRunning;
  EXPECT_THAT(Make().err, HasSubstr("the job has not finished"));
  p.coordinator.job.state = job::Phase::kFinished;
  p.coordinator.job.model_hash = crypto::Sha256::Of("another");
  EXPECT_THAT(Make().err, HasSubstr("the rounds in the published log do not lead to"));
  p.coordinator.job.model_hash = release.model;
  p.coordinator.blob = {1};
  EXPECT_NE(Make().code, 0) << "the model is not what it is called by";
  EXPECT_FALSE(fs::exists(out));
  p.coordinator.blob = {'m', 'o', 'd', 'e', 'l'};
  EXPECT_EQ(Make().code, 0);
  EXPECT_THAT(Make().err, HasSubstr("exists"));
}

}  // namespace
}  // namespace accord::cli
