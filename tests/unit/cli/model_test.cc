// accord model generate, export and card, with the program for models played by the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "base/file.h"
#include "tests/unit/cli/fake_network.h"
#include "tests/unit/cli/golden.h"

namespace accord::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class ModelUseTest : public ::testing::Test {
 protected:
  ModelUseTest() {
    EXPECT_EQ(p.JoinAlice().code, 0);
    p.coordinator.blob = {1, 2, 3};
  }
  Program p;
  const std::string hash = crypto::Sha256::Of(Bytes{1, 2, 3}).Hex();
  const std::string kept = (p.dir / "home/models" / hash).string();
};

TEST_F(ModelUseTest, AModelOfTheFederationIsFetchedOnceAndHandedOn) {
  EXPECT_EQ(p.Run({"model", "generate", "digits", "--prompt", "Once", "--tokens", "7"}).code, 0);
  EXPECT_EQ(p.Run({"model", "generate", "digits", "--json"}).code, 0);
  EXPECT_THAT(p.helped, ElementsAre(ElementsAre("generate", kept + ".safetensors", "--job=" + kept + ".toml",
                                                "--prompt=Once", "--tokens=7"),
                                    ElementsAre("generate", kept + ".safetensors", "--job=" + kept + ".toml",
                                                "--json")));
  EXPECT_EQ(*ReadFile(kept + ".safetensors"), p.coordinator.blob);
  EXPECT_EQ(AsText(*ReadFile(kept + ".toml")), "plan");
  EXPECT_EQ(p.coordinator.blob_offsets.size(), 1U) << "once";
}

TEST_F(ModelUseTest, AModelThatWasChangedOnThisMachineIsFetchedAgain) {
  EXPECT_EQ(p.Run({"model", "generate", "digits"}).code, 0);
  std::ofstream(kept + ".safetensors") << "changed";
  EXPECT_EQ(p.Run({"model", "generate", "digits"}).code, 0);
  EXPECT_EQ(*ReadFile(kept + ".safetensors"), p.coordinator.blob);
  EXPECT_EQ(p.coordinator.blob_offsets.size(), 2U);
}

TEST_F(ModelUseTest, OlderModelsGoWhenThereIsNoRoom) {
  p.variables["ACCORD_MODEL_CACHE_MIB"] = "0";
  EXPECT_EQ(p.Run({"model", "generate", "digits"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(kept + ".safetensors")) << "the one in use stays";
  p.coordinator.blob = {4, 5};
  EXPECT_EQ(p.Run({"model", "generate", "digits"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(kept + ".safetensors"));
  EXPECT_FALSE(std::filesystem::exists(kept + ".toml"));
}

TEST_F(ModelUseTest, AFileNeedsItsJobFileAndNoCoordinator) {
  const std::string file = (p.dir / "model").string();
  std::ofstream(file) << "weights";
  const int connects = p.coordinator.connects;
  const auto ended = p.Run({"model", "export", file, "--out", "m.gguf"});
  EXPECT_EQ(ended.code, 4);
  EXPECT_THAT(ended.err, HasSubstr("--job FILE"));
  p.helper_says = 3;
  EXPECT_EQ(p.Run({"model", "export", file, "--job", "j", "--format", "safetensors", "--out", "m"}).code, 3)
      << "it ends as the helper does";
  EXPECT_THAT(p.helped,
              ElementsAre(ElementsAre("export", file, "--job=j", "--format=hf", "--type=f32", "--out=m")));
  EXPECT_EQ(p.Run({"model", "export", file, "--job", "j", "--format", "sentencepiece", "--tokenizer", "seed",
                   "--pieces", "8", "--out", "m"})
                .code,
            3);
  EXPECT_THAT(p.helped.back(), ElementsAre("export", file, "--job=j", "--format=sentencepiece", "--type=f32",
                                           "--pieces=8", "--out=m", "--tokenizer=seed"));
  EXPECT_EQ(p.coordinator.connects, connects);
}

TEST_F(ModelUseTest, AFileThatIsNotThereIsNoModelOfAFederation) {
  const int connects = p.coordinator.connects;
  for (const std::string& file : {(p.dir / "nosuch.st").string(), p.dir.path().string()}) {
    const auto ended = p.Run({"model", "generate", file, "--job", "j"});
    EXPECT_EQ(ended.code, 4);
    EXPECT_THAT(ended.err, HasSubstr("docs/errors/cli.file.md"));
    EXPECT_THAT(ended.err, HasSubstr("\"" + file + "\""));
  }
  EXPECT_EQ(p.coordinator.connects, connects);
  EXPECT_EQ(p.Run({"model", "generate", hash, "--job", "j"}).code, 0) << "a job file may go with a hash";
  EXPECT_THAT(p.helped.back(), ElementsAre("generate", kept + ".safetensors", "--job=j"));
}

TEST_F(ModelUseTest, WithoutTheHelperItSaysWhatIsMissing) {
  p.helper_says = Fail(errors::kCliNoHelper, "not here");
  const auto ended = p.Run({"model", "generate", "digits"});
  EXPECT_EQ(ended.code, 4);
  EXPECT_THAT(ended.err, HasSubstr("docs/errors/cli.no_helper.md"));
}

TEST_F(ModelUseTest, SamplesAreOfTheJobsNewestModel) {
  const auto ended = p.Run({"job", "samples", "digits"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "round 6  model " + hash.substr(0, 12) + "\n");
  EXPECT_THAT(p.helped,
              ElementsAre(ElementsAre("samples", kept + ".safetensors", "--job=" + kept + ".toml")));
  p.helper_says = 4;
  EXPECT_EQ(p.Run({"job", "samples", "digits", "--tokenizer", "t", "--json"}).code, 4);
  EXPECT_THAT(p.helped.back(), ElementsAre("samples", kept + ".safetensors", "--job=" + kept + ".toml",
                                           "--tokenizer=t", "--json"));
  EXPECT_EQ(p.Run({"job", "samples", "nothing"}).code, 1);
}

TEST_F(ModelUseTest, SamplesAreFollowedFromModelToModel) {
  p.coordinator.watches = {{RunningJob(), RunningJob()}, {RunningJob(), FinishedJob()}};
  p.coordinator.on_watch = [&] { p.coordinator.blob = {4, 5}; };
  const auto ended = p.Run({"job", "samples", "digits", "--follow", "--json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  ASSERT_EQ(p.beside.size(), 2U) << "once for each model";
  EXPECT_EQ(p.beside[0], (std::vector<std::string>{"samples", kept + ".safetensors",
                                                   "--job=" + kept + ".toml", "--more", "--json"}));
  EXPECT_THAT(p.beside[1][1], HasSubstr(crypto::Sha256::Of(Bytes{4, 5}).Hex()));
  EXPECT_THAT(ended.out, HasSubstr("\"model\":\"" + hash + "\"},\"end\":false}"));
  EXPECT_TRUE(ended.out.ends_with("\"end\":true}\n")) << ended.out;
}

// A prompt that is too long is so for every model; the other nations' samples are heard all the same.
TEST_F(ModelUseTest, SamplesAreFollowedPastOneThatFails) {
  p.coordinator.watches = {{RunningJob(), RunningJob()}, {RunningJob(), FinishedJob()}};
  p.coordinator.on_watch = [&] { p.coordinator.blob = {4, 5}; };
  p.helper_says = 4;
  const auto ended = p.Run({"job", "samples", "digits", "--follow", "--json"});
  EXPECT_EQ(ended.code, 4);
  EXPECT_EQ(p.beside.size(), 2U) << "once for each model";
  EXPECT_TRUE(ended.out.ends_with("\"end\":true}\n")) << ended.out;
}

// A round was over before the last one's model was fetched.
TEST_F(ModelUseTest, AModelThatIsReplacedMeanwhileIsAskedForAnew) {
  const Bytes newer{4, 5};
  p.coordinator.no_blob = crypto::Sha256::Of(p.coordinator.blob);
  p.coordinator.on_no_blob = [&] { p.coordinator.blob = newer; };
  EXPECT_EQ(p.Run({"job", "samples", "digits"}).code, 0);
  EXPECT_THAT(p.helped.back()[1], HasSubstr(crypto::Sha256::Of(newer).Hex()));
  p.coordinator.no_blob = crypto::Sha256::Of(newer);
  p.coordinator.on_no_blob = {};
  std::filesystem::remove_all(p.dir / "home/models");
  const auto ended = p.Run({"job", "samples", "digits"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("blob.not_found")) << "it does not try for ever";
}

TEST_F(ModelUseTest, ADamagedModelIsNotKept) {
  p.coordinator.blob_breaks_after = 2;
  p.coordinator.failures.assign(20, {});
  p.coordinator.failures.push_back(Fail(errors::kNetUnreachable, "away"));
  EXPECT_EQ(p.Run({"model", "generate", "nothing"}).code, 1) << "no such model";
  EXPECT_THAT(p.helped, IsEmpty());
}

// A job whose model is an adapter: what it is beside is found by the hash in the plan.
class AdapterUseTest : public ModelUseTest {
 protected:
  static Bytes Base() { return {7, 8, 9, 10}; }
  AdapterUseTest() {
    p.coordinator.plan_text =
        "version = 1\nname = \"heart\"\npurpose = \"demo\"\nsecure = \"off\"\n[model]\nkind = \"mlp\"\n"
        "input = [2]\nhidden = [3]\nclasses = 2\n[data]\ndataset = \"d\"\n[adapter]\nkind = \"lora\"\n"
        "rank = 1\nprojections = [\"layers.0\"]\nbase = \"sha256:" +
        base_hash +
        "\"\n[inner]\nlr = 0.1\nlocal_epochs = 1\n[update]\nbits = 16\nclip = 1.0\n"
        "max_examples = 100\n[round]\ncount = 3\nmin_nodes = 3\nmin_survivors = 3\nmax_wait = \"1m\"\n";
  }
  const std::string base_hash = crypto::Sha256::Of(Base()).Hex();
  const std::string base = (p.dir / "home/models" / (base_hash + ".safetensors")).string();
};

TEST_F(AdapterUseTest, TheFrozenModelComesFromTheCoordinatorThatHasIt) {
  p.coordinator.other_blobs[crypto::Sha256::Of(Base())] = Base();
  EXPECT_EQ(p.Run({"model", "generate", "digits"}).code, 0);
  EXPECT_THAT(p.helped.back(),
              ElementsAre("generate", kept + ".safetensors", "--job=" + kept + ".toml", "--base=" + base));
  EXPECT_EQ(*ReadFile(base), Base());
  EXPECT_EQ(p.Run({"model", "generate", "digits"}).code, 0);
  EXPECT_EQ(p.coordinator.blob_offsets.size(), 2U) << "each once";
  // And of an adapter in a file, what is here.
  const std::string file = (p.dir / "adapter").string();
  std::ofstream(file) << "weights";
  EXPECT_EQ(p.Run({"model", "export", file, "--job", kept + ".toml", "--out", "m"}).code, 0);
  EXPECT_THAT(p.helped.back(), ::testing::Contains("--base=" + base));
}

TEST_F(AdapterUseTest, ThePersonMayNameIt) {
  EXPECT_EQ(p.Run({"model", "generate", "digits", "--base", "there"}).code, 0);
  EXPECT_THAT(p.helped.back(), ::testing::Contains("--base=there"));
  EXPECT_EQ(p.coordinator.blob_offsets.size(), 1U);
}

TEST_F(AdapterUseTest, TheAdapterAloneNeedsNoFrozenModel) {
  EXPECT_EQ(p.Run({"model", "export", "digits", "--adapter", "--out", "a.gguf"}).code, 0);
  EXPECT_THAT(p.helped.back(), ElementsAre("export", kept + ".safetensors", "--job=" + kept + ".toml",
                                           "--format=gguf", "--type=f32", "--out=a.gguf", "--adapter"));
  EXPECT_EQ(p.coordinator.blob_offsets.size(), 1U);
}

TEST_F(AdapterUseTest, WithoutItIsSaidWhichFileIsWanted) {
  p.coordinator.no_blob = crypto::Sha256::Of(Base());
  const auto ended = p.Run({"model", "generate", "digits"});
  EXPECT_EQ(ended.code, 4);
  EXPECT_THAT(ended.err, HasSubstr("the SHA-256 " + base_hash));
  EXPECT_THAT(ended.err, HasSubstr("--base FILE"));
  EXPECT_THAT(ended.err, HasSubstr("docs/errors/model.base.md"));
  EXPECT_THAT(p.helped, IsEmpty());
}

class CardTest : public ModelUseTest {
 protected:
  CardTest() {
    p.coordinator.job = FinishedJob();
    p.coordinator.plan_text = std::string(AsText(*ReadFile("configs/job-fashion.toml")));
  }
};

TEST_F(CardTest, SaysWhatIsKnownAndWhatIsNot) {
  const auto ended = p.Run({"model", "card", "digits"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  ExpectGolden("model_card.txt", ended.out);
}

TEST_F(CardTest, HasTheFiguresThatLabsPublishedOfThisModelAndNoOthers) {
  const std::string worth = (p.dir / "worth.json").string();
  const auto card = [&](const std::string& lines) {
    std::ofstream(worth) << lines << "\n";
    return p.Run({"model", "card", "digits", "--worth", worth});
  };
  const auto line = [](const std::string& model, const std::string& labs) {
    return R"({"after_round":0,"model_hash":")" + model + R"(","worth":{)" + labs + "}}\n";
  };
  const std::string model = p.coordinator.job.model_hash.Hex();
  const std::string german = line(model, R"("de":{"bits_per_byte":1.5,"examples":12345})");
  EXPECT_THAT(card(german + line(model, R"("fr":{"bits_per_byte":2.25})")).out,
              HasSubstr("| de | bits_per_byte 1.5000, examples 12,345 |\n| fr | bits_per_byte 2.2500 |\n"));
  for (const auto& [lines, why] : std::map<std::string, std::string>{
           {line(model, R"("de":["x"])"), "is not what accord-sim eval --json prints"},
           {"round 1  loss 0.5", "is not what accord-sim eval --json prints"},
           {R"({"worth":{"de":{"loss":1.5}}})", "does not say of which model"},
           {line(hash, R"("de":{"loss":1.5})"), "is of another model than the card, " + hash},
           {german + german, "has the lab de twice"}}) {
    const auto ended = card(lines);
    EXPECT_EQ(ended.code, 4) << lines;
    EXPECT_THAT(ended.err, HasSubstr(why));
    EXPECT_THAT(ended.err, HasSubstr("hint:  Make it of the job's model as it is downloaded"));
  }
}

TEST_F(CardTest, ReplacesNoFile) {
  const std::string out = (p.dir / "card.md").string();
  EXPECT_EQ(p.Run({"model", "card", "digits", "--out", out}).code, 0);
  EXPECT_THAT(std::string(AsText(*ReadFile(out))), StartsWith("# "));
  EXPECT_EQ(p.Run({"model", "card", "digits", "--out", out}).code, 4);
}

}  // namespace
}  // namespace accord::cli
