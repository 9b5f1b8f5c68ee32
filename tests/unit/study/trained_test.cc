// A trained language model at work: what it says within its positions.
#include "study/trained.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/file.h"
#include "config/job_file.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/safetensors.h"
#include "tests/support/temp_dir.h"

namespace accord::study {
namespace {

class TrainedTest : public ::testing::Test {
 protected:
  // An untrained model of a job of these lines in [model] and [data].
  Trained Open(const std::string& model = "", const std::string& data = "") {
    std::ofstream(directory_ / "job.toml") << "version = 1\nname = \"words\"\npurpose = \"test\"\n"
                                              "[model]\nkind = \"llama\"\nhidden_size = 8\n"
                                              "intermediate_size = 12\nnum_hidden_layers = 2\n"
                                              "num_attention_heads = 2\nmax_position_embeddings = 16\n"
                                           << model << "[data]\ndataset = \"words\"\n"
                                           << data
                                           << "[inner]\nlr = 0.1\nlocal_steps = 1\n"
                                              "[update]\nmax_examples = 9\n[round]\ncount = 1\n"
                                              "min_nodes = 3\nmin_survivors = 3\nmax_wait = \"1m\"\n";
    const Bytes plan = ReadFile(directory_ / "job.toml").value();
    const JobSpec job = config::ParseJob(AsText(plan), "job").value();
    const ModelLayout layout = model::BuildLayout(job.model).value();
    std::vector<float> weights(layout.size);
    model::InitialWeights(layout, 7, weights);
    EXPECT_TRUE(model::WriteSafetensors(directory_ / "model", layout, weights).ok());
    const auto trained = OpenTrained(directory_ / "job.toml", directory_ / "model");
    EXPECT_TRUE(trained.ok()) << Describe(trained.status());
    return trained.value();
  }
  Said Generate(const Trained& trained, const std::string& prompt, std::uint64_t tokens) {
    const auto said =
        study::Generate(trained, {.prompt = prompt, .max_tokens = tokens, .threads = 1}, [](auto) {});
    EXPECT_TRUE(said.ok()) << Describe(said.status());
    return said.ok() ? *said : Said{};
  }

  accord::testing::TempDir directory_;
};

TEST_F(TrainedTest, SaysWhetherThePositionsEndedIt) {
  Trained trained = Open();
  const std::string prompt = "seven b";  // and <s>: half of the positions
  EXPECT_FALSE(Generate(trained, prompt, 3).cut);
  const Said long_one = Generate(trained, prompt, 5'000);
  EXPECT_TRUE(long_one.cut);
  EXPECT_EQ(long_one.tokens, 9U) << "the last one is told and not read";
  EXPECT_FALSE(Generate(trained, prompt, 9).cut) << "as many as were asked for";
}

}  // namespace
}  // namespace accord::study
