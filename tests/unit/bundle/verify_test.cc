// What a bundle shows, and the attacks on it of governance.md section 4, 24.
#include "bundle/verify.h"

#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "bundle/model_signature.h"
#include "bundle/provenance.h"
#include "tests/unit/bundle/fixture.h"

namespace accord::bundle {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct BundleTest : ::testing::Test {
  Scene scene;
  const Release& release = scene.Gather();
  const Contents whole = Whole(release);

  [[nodiscard]] Verdict Of(const Contents& contents) const { return Verify(contents, release.genesis); }
  // The refusal of the bundle that `change` makes of the whole one; "" when it is taken.
  [[nodiscard]] std::string After(const std::function<void(Contents&)>& change) const {
    Contents contents = whole;
    change(contents);
    const Verdict verdict = Of(contents);
    EXPECT_TRUE(verdict.status.ok() || verdict.status.error() == "model.bundle") << verdict.status.error();
    return verdict.status.message();
  }
  // Everything as it should be, signed anew by the holder of the release key.
  static void SignAnew(Contents& contents) {
    FileList list{.name = "digits", .ignored = IgnoredFiles(), .files = {}};
    for (const auto& [file, digest] : SignedFiles(contents)) list.files.push_back({file, digest});
    Sign(contents, list);
  }
  static void Sign(Contents& contents, const FileList& list) {
    const auto signature = SignFiles(list, ReleaseSigner());
    contents.files[std::string(kSignatureFile)] = Bytes(signature->begin(), signature->end());
  }
};

TEST_F(BundleTest, AWholeBundleIsTakenAndSaysWhatWasChecked) {
  const Verdict verdict = Of(whole);
  ASSERT_TRUE(verdict.status.ok()) << verdict.status.message();
  std::map<std::string, std::string> said;
  std::size_t open = 0;
  for (const Line& line : verdict.lines) {
    said[line.file] += line.text + "\n";
    open += line.holds ? 0 : 1;
  }
  EXPECT_THAT(said["charter.json"], HasSubstr("1 version of the charter of maternal, from the pinned"));
  EXPECT_THAT(said["release-key.pem"], HasSubstr("the release key of ke"));
  EXPECT_THAT(said["job-bundle.json"], HasSubstr("proposed by ke, approved by be, ke, np, rw"));
  EXPECT_THAT(said["job-bundle.json"], HasSubstr("2 rounds lead"));
  EXPECT_THAT(said["*.tlog-proof"], HasSubstr("cosigned by be, ke, np, rw by 2027-01-15T08:00:00"));
  EXPECT_THAT(said["provenance.dsse.json"], HasSubstr("endorsed by be, ke, np, rw"));
  EXPECT_THAT(said["datasets/" + scene.CertificateOf("ke").Id().Hex() + ".json"],
              HasSubstr("50 records, in the log, with its description"));
  EXPECT_EQ(open, 1U) << "the certificate of np is not there";
}

TEST_F(BundleTest, OneFlippedBitInAnyFileIsFoundInThatFile) {
  for (const auto& [file, bytes] : whole.files) {
    const std::size_t stride = bytes.size() < 600 ? 1 : 41;
    for (std::size_t at = 0; at < bytes.size(); at += stride) {
      const std::string refusal = After(
          [&, &name = file](Contents& c) { c.files[name][at] ^= static_cast<std::uint8_t>(1U << (at % 8)); });
      ASSERT_THAT(refusal, StartsWith(file + ": ")) << "byte " << at;
    }
  }
  EXPECT_THAT(After([](Contents& c) { c.model.bytes[31] ^= 1; }), StartsWith("model.safetensors: "));
}

TEST_F(BundleTest, FilesThatAreMissingOrTooManyAreNamed) {
  for (const auto& [file, bytes] : whole.files) {
    EXPECT_EQ(After([&, &name = file](Contents& c) { c.files.erase(name); }), file + ": it is missing");
  }
  EXPECT_THAT(After([](Contents& c) { c.files["notes.txt"] = {1}; }),
              StartsWith("notes.txt: it is not among"));
}

TEST_F(BundleTest, AnotherCharterIsRefused) {
  const Verdict verdict = Verify(whole, crypto::Sha256::Of("another"));
  EXPECT_THAT(verdict.status.message(), StartsWith("charter.json: "));
  EXPECT_TRUE(verdict.lines.empty());
}

// Even where the holder of the release key does it: what the members signed is not its to change.
TEST_F(BundleTest, WhoHoldsTheReleaseKeyCannotChangeWhatMembersSaid) {
  const auto signed_anew = [&](const std::function<void(Contents&)>& change) {
    return After([&](Contents& c) {
      change(c);
      SignAnew(c);
    });
  };
  EXPECT_EQ(signed_anew([](Contents&) {}), "");
  EXPECT_THAT(signed_anew([](Contents& c) { c.model = crypto::Sha256::Of("swapped"); }),
              StartsWith("model.safetensors: it is not the model that the last round led to"));
  EXPECT_EQ(signed_anew([](Contents& c) { c.files.erase("vote-1.tlog-proof"); }),
            "vote-1.tlog-proof: it is missing");
  EXPECT_EQ(signed_anew([](Contents& c) { c.files["vote-5.tlog-proof"] = c.files["vote-1.tlog-proof"]; }),
            "vote-5.tlog-proof: it is no part of a bundle");
  EXPECT_THAT(
      signed_anew([](Contents& c) { std::swap(c.files["vote-1.tlog-proof"], c.files["vote-2.tlog-proof"]); }),
      StartsWith("job-bundle.json: a vote is not proven"));
  EXPECT_THAT(signed_anew([](Contents& c) {
                std::swap(c.files["round-1.tlog-proof"], c.files["round-2.tlog-proof"]);
              }),
              StartsWith("round-1.tlog-proof: "));
  EXPECT_THAT(signed_anew([](Contents& c) { c.files["job.toml"].push_back('\n'); }),
              StartsWith("job-bundle.json: "));
  EXPECT_THAT(signed_anew([](Contents& c) { c.files["tlog-policy"].push_back('\n'); }),
              StartsWith("tlog-policy: "));
  const std::string ke = "datasets/" + scene.CertificateOf("ke").Id().Hex();
  EXPECT_THAT(signed_anew([&](Contents& c) { c.files[ke + ".croissant.json"].push_back('\n'); }),
              StartsWith(ke + ".croissant.json: "));
  EXPECT_THAT(signed_anew([&](Contents& c) {
                c.files[ke + ".json"] = c.files["datasets/" + scene.CertificateOf("rw").Id().Hex() + ".json"];
              }),
              StartsWith(ke + ".json: it is not the certificate"));
}

TEST_F(BundleTest, ABillOfOtherMaterialsIsRefused) {
  const auto edited = [&](const std::function<void(nlohmann::json&)>& edit) {
    return After([&](Contents& c) {
      Bytes& file = c.files[std::string(kBomFile)];
      auto bom = nlohmann::json::parse(file.begin(), file.end());
      edit(bom);
      const std::string text = bom.dump();
      file = Bytes(text.begin(), text.end());
      SignAnew(c);
    });
  };
  EXPECT_THAT(edited([](auto& bom) { bom["specVersion"] = "1.5"; }), StartsWith("bom.cdx.json: "));
  EXPECT_THAT(edited([](auto& bom) { bom["components"].erase(0); }), StartsWith("bom.cdx.json: "));
  EXPECT_THAT(edited([](auto& bom) { bom["components"][1]["hashes"][0]["content"] = 7; }),
              StartsWith("bom.cdx.json: "));
  EXPECT_THAT(edited([](auto& bom) { bom["metadata"]["component"].erase("hashes"); }),
              StartsWith("bom.cdx.json: "));
}

TEST_F(BundleTest, TheFilesOfASignatureAreTakenInItsOwnOrderAlone) {
  FileList list{.name = "digits", .ignored = IgnoredFiles(), .files = {}};
  for (const auto& [file, digest] : SignedFiles(whole)) list.files.push_back({file, digest});
  std::swap(list.files[0], list.files[1]);
  const Bytes reordered = EncodeStatement(list);
  const std::string refusal = After([&](Contents& c) {
    ModelSignature signature = *ParseModelSignature(c.files["model.sig"]);
    signature.payload = reordered;
    const std::string text = EncodeModelSignature(signature);
    c.files["model.sig"] = Bytes(text.begin(), text.end());
  });
  EXPECT_THAT(refusal, StartsWith("model.sig: the release key did not sign"));
  list.ignored.emplace_back("bom.cdx.json");
  EXPECT_THAT(After([&](Contents& c) { Sign(c, list); }), StartsWith("model.sig: it leaves out"));
}

TEST_F(BundleTest, AsManyMembersEndorseAsDecideOnAJob) {
  const auto signers = [&](const std::function<void(std::vector<ledger::DsseSignature>&)>& change) {
    return After([&](Contents& c) {
      Bytes& file = c.files[std::string(kProvenanceFile)];
      ledger::Envelope envelope = *ledger::ParseEnvelope(file);
      change(envelope.signatures);
      const std::string text = ledger::EncodeEnvelope(envelope) + "\n";
      file = Bytes(text.begin(), text.end());
    });
  };
  EXPECT_EQ(signers([](auto& all) { std::swap(all[0], all[1]); }), "") << "who signed first does not matter";
  EXPECT_EQ(signers([](auto& all) { all.pop_back(); }),
            "provenance.dsse.json: endorsed by 3 of 4 that it takes: be, ke, np");
  EXPECT_EQ(signers([](auto& all) { all[3] = all[0]; }), "provenance.dsse.json: ke has signed it twice");
  EXPECT_EQ(signers([](auto& all) { std::swap(all[0].signature, all[1].signature); }),
            "provenance.dsse.json: the signature of ke fails");
  EXPECT_THAT(signers([](auto& all) { all[1].keyid = "fed.example/gov/xx+00000000"; }),
              HasSubstr("may not vote"));
}

}  // namespace
}  // namespace accord::bundle
