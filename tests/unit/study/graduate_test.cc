// A lab tunes the common model on its own text: what it gets, what it is told, and that nothing is half done.
#include "study/graduate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/file.h"
#include "model/frozen.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/partition.h"
#include "model/safetensors.h"
#include "study/trained.h"
#include "tests/support/temp_dir.h"
#include "trainer/torch_trainer.h"
#include "update/global_state.h"

namespace accord::study {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSteps = 25;

class GraduateTest : public ::testing::Test {
 protected:
  GraduateTest() {
    WriteText("die kuh lief um den teich und sah die ente ");
    JobSpec& job = wish_.job;
    job.seed = 3;
    job.model.kind = "llama";
    job.model.llama = {.hidden_size = 16,
                       .intermediate_size = 24,
                       .num_hidden_layers = 2,
                       .num_attention_heads = 2,
                       .max_position_embeddings = 32};
    job.inner.optimizer = OptimizerKind::kAdamW;
    job.inner.lr = 0.02;
    job.inner.batch = 5;
    job.inner.has_local_steps = true;
    job.inner.local_steps = 4;
    job.round.count = 8;
    job.round.synchronous = 8;  // of the federation; a graduate follows no one's schedule
    wish_.data = {.id = "text", .format = "text", .path = directory_ / "train.txt", .holdout = 0.0};
    wish_.data.eval_path = directory_ / "eval.txt";
    wish_.model = directory_ / "common";
    wish_.steps = kSteps;
    wish_.adapter.rank = 4;
    wish_.threads = 1;
    wish_.cache = directory_ / "cache";
    wish_.out = directory_ / "graduate";
    WriteCommon();
  }

  void WriteText(const std::string& words) {
    std::string text, eval;
    while (text.size() < 2'000) text += words + std::to_string(text.size());
    while (eval.size() < 200) eval += words + std::to_string(7 * eval.size());
    std::ofstream(directory_ / "train.txt") << text;
    std::ofstream(directory_ / "eval.txt") << eval;
  }
  // The plan's first model, as the common one of the job as it stands.
  void WriteCommon() {
    const ModelLayout layout = update::GlobalLayout(wish_.job).value();
    common_.resize(layout.size);
    model::InitialWeights(layout, wish_.job.seed, common_);
    ASSERT_TRUE(model::WriteSafetensors(wish_.model, layout, common_).ok());
  }
  // A common model that has learned something: a frozen one of noise has nothing that an adapter could use.
  void LearnALittle() {
    wish_.steps = 60;
    (void)Make();
    wish_.steps = kSteps;
    common_ = File();
    std::filesystem::rename(wish_.out, wish_.model);
  }
  [[nodiscard]] ModelLayout Layout() const { return model::BuildLayout(wish_.job.model).value(); }
  Graduate Make() const {
    const auto made = MakeGraduate(wish_);
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    return made.ok() ? *made : Graduate{};
  }
  // The graduate as it lies on the disk.
  [[nodiscard]] std::vector<float> File() const {
    return model::ReadSafetensors(wish_.out, Layout()).value();
  }
  std::unique_ptr<Trainer> Open(const JobSpec& job) const {
    const auto factory = trainer::MakeTorchTrainerFactory({.threads = 1, .cache = wish_.cache}).value();
    return factory->Create(job, wish_.data).value();
  }
  double LossOf(std::span<const float> weights) const {
    JobSpec plain = wish_.job;
    plain.adapter = {};
    plain.personal = {};
    const EvalOutcome outcome = Open(plain)->Evaluate(weights, {}).value();
    return outcome.loss_sum / static_cast<double>(outcome.examples);
  }
  // One round of the job at this node, which keeps its part.
  std::vector<float> TrainKept(std::span<const float> start) {
    wish_.kept = directory_ / "kept";
    std::vector<float> result(start.size());
    const auto trained =
        Open(wish_.job)->Train({.round = 1, .weights = start, .result = result, .state = wish_.kept});
    EXPECT_TRUE(trained.ok()) << Describe(trained.status());
    return result;
  }
  // The error, and nothing that was left behind.
  std::string Error() const {
    const auto made = MakeGraduate(wish_);
    EXPECT_FALSE(made.ok());
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      const std::string name = entry.path().filename().string();
      EXPECT_TRUE(!name.starts_with("graduate") && !name.starts_with("adapter")) << name;
    }
    return made.status().error();
  }

  accord::testing::TempDir directory_;
  GraduateWish wish_;
  std::vector<float> common_;
};

// The fixture's job with an adapter, as a file.
std::string PlanOf(AdapterKind kind, const Digest& base) {
  return std::string(R"(version = 1
name = "test"
purpose = "test"
seed = 3
secure = "off"
data = { dataset = "text" }
inner = { lr = 0.1, local_steps = 1 }
update = { max_examples = 100 }
round = { count = 1, min_nodes = 1, min_survivors = 1, max_wait = "1m" }
model = { kind = "llama", hidden_size = 16, intermediate_size = 24, num_hidden_layers = 2, num_attention_heads = 2, max_position_embeddings = 32 }
[adapter]
rank = 2
alpha = 8.0
projections = ["o_proj"]
)") + "base = \"" +
         model::NameOfHash(base) + "\"\nkind = \"" + (kind == AdapterKind::kLora ? "lora" : "ffa-lora") +
         "\"\n";
}

double Distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(a[i] - b[i], 2);
  return std::sqrt(sum);
}

TEST_F(GraduateTest, FullTuningIsWorthMoreAndIsWhatIsWritten) {
  const Graduate graduate = Make();
  EXPECT_LT(graduate.worth.bits_per_byte, 0.8 * graduate.common->bits_per_byte);
  EXPECT_NEAR(graduate.common->loss, LossOf(common_), 1e-9);
  EXPECT_NEAR(graduate.worth.loss, LossOf(File()), 1e-9);
  EXPECT_EQ(graduate.hash, model::HashFile(wish_.out).value());
  EXPECT_GT(graduate.examples, 0U);
}

TEST_F(GraduateTest, LoraIsMergedAndWrittenForPeft) {
  LearnALittle();
  WriteText("la vache fit le tour de l'etang et vit le canard ");
  wish_.method = GraduateMethod::kLora;
  wish_.adapter.alpha = 8.0;
  wish_.adapter.projections = {"q_proj", "v_proj", "down_proj"};
  wish_.adapter_out = directory_ / "adapter";
  const Graduate graduate = Make();
  EXPECT_LT(graduate.worth.loss, 0.9 * graduate.common->loss);
  const std::vector<float> file = File();
  EXPECT_NEAR(graduate.worth.loss, LossOf(file), 1e-4) << "merged once, or in each step";

  const model::Adapter adapter =
      model::MakeAdapter(
          {.kind = AdapterKind::kLora, .rank = 4, .alpha = 8.0, .projections = wish_.adapter.projections},
          wish_.job.model, Layout())
          .value();
  std::vector<float> merged = common_;
  model::Merge(
      adapter,
      model::ReadSafetensors(wish_.adapter_out / "adapter_model.safetensors", adapter.layout).value(),
      merged);
  EXPECT_EQ(merged, file);
  const Bytes bytes = ReadFile(wish_.adapter_out / "adapter_config.json").value();
  const auto config = nlohmann::json::parse(AsText(bytes));
  EXPECT_EQ(config["peft_type"], "LORA");
  EXPECT_EQ(config["task_type"], "CAUSAL_LM");
  EXPECT_EQ(config["r"], 4);
  EXPECT_EQ(config["lora_alpha"], 8.0);
  EXPECT_EQ(config["target_modules"].size(), 6U) << "three matrices of two layers";
  EXPECT_EQ(config["target_modules"][0], "model.layers.0.mlp.down_proj");
}

TEST_F(GraduateTest, DittoStaysNearerToTheCommonModel) {
  (void)Make();
  const double full = Distance(File(), common_);
  std::filesystem::remove(wish_.out);
  wish_.method = GraduateMethod::kDitto;
  wish_.lambda = 5.0;
  const Graduate graduate = Make();
  EXPECT_LT(Distance(File(), common_), 0.7 * full);
  EXPECT_LT(graduate.worth.loss, graduate.common->loss);
}

TEST_F(GraduateTest, GrowsFromAnAdapterOverAFrozenModel) {
  LearnALittle();
  const std::vector<float> frozen = common_;
  wish_.data.base = directory_ / "base";
  const Digest hash = model::WriteSafetensors(wish_.data.base, Layout(), frozen).value();
  for (const AdapterKind kind : {AdapterKind::kLora, AdapterKind::kFfaLora}) {
    wish_.job.adapter = {
        .kind = kind, .rank = 2, .alpha = 8.0, .projections = {"o_proj"}, .base = model::NameOfHash(hash)};
    const ModelLayout layout = update::GlobalLayout(wish_.job).value();
    std::vector<float> adapter(layout.size);
    for (std::size_t i = 0; i < adapter.size(); ++i) adapter[i] = 0.3F * std::sin(static_cast<float>(i));
    ASSERT_TRUE(model::WriteSafetensors(wish_.model, layout, adapter).ok());
    const double loss = [&] {
      const EvalOutcome outcome = Open(wish_.job)->Evaluate(adapter, {}).value();
      return outcome.loss_sum / static_cast<double>(outcome.examples);
    }();
    std::filesystem::remove(wish_.out);
    const Graduate graduate = Make();
    EXPECT_NEAR(graduate.common->loss, loss, 1e-4);
    EXPECT_GT(std::abs(loss - LossOf(frozen)), 1e-3) << "the adapter makes a difference";
    EXPECT_LT(graduate.worth.loss, graduate.common->loss);
    const std::filesystem::path plan = directory_ / "job.toml";
    std::ofstream(plan) << PlanOf(kind, hash);
    EXPECT_EQ(OpenTrained(plan, wish_.out)->weights, File()) << "the job's own file opens it";
    const Status thin = OpenTrained(plan, wish_.model).status();
    EXPECT_EQ(thin.error(), "model.base");
    EXPECT_THAT(thin.message(), HasSubstr(model::NameOfHash(hash))) << "which file is wanted";
    EXPECT_THAT(thin.hint(), HasSubstr("--base"));

    std::filesystem::remove(wish_.out);
    wish_.method = GraduateMethod::kNone;
    EXPECT_NEAR(Make().worth.loss, loss, 1e-4) << "made whole, and nothing more";
    EXPECT_EQ(OpenTrained(plan, wish_.model, wish_.data.base)->weights, File());
    const Export alone{.out = directory_ / (std::to_string(static_cast<int>(kind)) + ".gguf")};
    EXPECT_EQ(WriteAdapter(plan, wish_.model, alone), Status());
    EXPECT_EQ(AsText(ReadFile(alone.out).value()).substr(0, 4), "GGUF");
    EXPECT_EQ(WriteAdapter(plan, wish_.model, alone).error(), "cli.exists");
    EXPECT_EQ(WriteAdapter(plan, wish_.model, {.values = Values::kQ8, .out = directory_ / "q8"}).error(),
              "model.unknown");
    wish_.method = GraduateMethod::kFull;
  }
}

TEST_F(GraduateTest, DittosOwnModelIsTakenAsTheNodeKeptIt) {
  wish_.job.personal = {.kind = PersonalKind::kDitto, .lambda = 0.1, .local_steps = 20};
  (void)TrainKept(common_);
  wish_.method = GraduateMethod::kNone;
  wish_.steps = 0;
  const Graduate graduate = Make();
  EXPECT_LT(graduate.worth.loss, graduate.common->loss);
  EXPECT_NEAR(graduate.common->loss, LossOf(common_), 1e-9);
  const EvalOutcome outcome =
      Open(wish_.job)->EvaluatePersonal({.round = 2, .weights = common_, .state = wish_.kept}).value();
  EXPECT_NEAR(graduate.worth.loss, outcome.loss_sum / static_cast<double>(outcome.examples), 1e-9);
}

TEST_F(GraduateTest, FedPersModelIsWholeAtANodeAlone) {
  wish_.job.personal = {.kind = PersonalKind::kFedPer, .tensors = {"model.norm", "mlp"}};
  WriteCommon();
  EXPECT_EQ(Error(), "model.personal");
  wish_.kept = directory_ / "nothing";
  EXPECT_EQ(Error(), "model.personal");
  const std::vector<float> shared = TrainKept(common_);
  ASSERT_TRUE(model::WriteSafetensors(wish_.model, update::GlobalLayout(wish_.job).value(), shared).ok());
  wish_.method = GraduateMethod::kNone;
  const Graduate graduate = Make();
  EXPECT_FALSE(graduate.common.has_value());
  const EvalOutcome outcome =
      Open(wish_.job)->EvaluatePersonal({.round = 2, .weights = shared, .state = wish_.kept}).value();
  EXPECT_NEAR(graduate.worth.loss, outcome.loss_sum / static_cast<double>(outcome.examples), 1e-9);
  std::filesystem::remove(wish_.out);
  wish_.method = GraduateMethod::kFull;
  EXPECT_NEAR(Make().common->loss, graduate.worth.loss, 1e-9) << "tuning goes on from there";
}

TEST_F(GraduateTest, ItsAdapterIsWrittenAsLlamaCppReadsIt) {
  wish_.method = GraduateMethod::kLora;
  wish_.adapter_out = directory_ / "adapter.gguf";
  Make();
  const Bytes file = ReadFile(wish_.adapter_out).value();
  EXPECT_NE(AsText(file).find("blk.1.ffn_down.weight.lora_b"), std::string_view::npos);
  EXPECT_EQ(std::filesystem::status(wish_.adapter_out).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
      << "it is of the lab's text, and for the lab";
}

TEST_F(GraduateTest, WishesWithoutSenseAreRefused) {
  wish_.steps = 0;
  EXPECT_EQ(Error(), "job.invalid");
  wish_.steps = 1;
  wish_.adapter_out = directory_ / "adapter";
  EXPECT_EQ(Error(), "job.invalid") << "full tuning has no adapter";
  wish_.method = GraduateMethod::kLora;
  wish_.adapter.rank = 17;
  EXPECT_EQ(Error(), "job.invalid");
  wish_.adapter = {.rank = 2, .projections = {"embed_tokens"}};
  EXPECT_EQ(Error(), "job.invalid");
  wish_.method = GraduateMethod::kNone;
  wish_.adapter_out.clear();
  wish_.kept = directory_ / "kept";
  EXPECT_EQ(Error(), "job.invalid") << "nothing of this job is kept";
  wish_.kept.clear();
  wish_.method = GraduateMethod::kFull;
  wish_.lr = -1.0;
  EXPECT_EQ(Error(), "job.invalid");
}

TEST_F(GraduateTest, NothingIsReplaced) {
  std::ofstream(wish_.out) << "mine";
  EXPECT_EQ(MakeGraduate(wish_).status().error(), "cli.exists");
  EXPECT_EQ(AsText(ReadFile(wish_.out).value()), "mine");
}

TEST_F(GraduateTest, BadFilesAreNamed) {
  std::filesystem::resize_file(wish_.model, 1'000);
  EXPECT_EQ(Error(), "safetensors.truncated");
  WriteCommon();
  wish_.data.eval_path.clear();
  EXPECT_EQ(Error(), "data.empty") << "a graduate whose worth nobody can say";
  wish_.data.path = directory_ / "none";
  EXPECT_EQ(Error(), "data.missing");
}

TEST_F(GraduateTest, ATuningThatDivergesLeavesNothing) {
  wish_.lr = 1e30;
  wish_.job.inner.optimizer = OptimizerKind::kSgd;
  EXPECT_EQ(Error(), "update.not_finite");
}

TEST_F(GraduateTest, AStopLeavesNothing) {
  for (const GraduateMethod method : {GraduateMethod::kFull, GraduateMethod::kLora}) {
    std::stop_source source;
    wish_.method = method;
    wish_.adapter_out = method == GraduateMethod::kLora ? directory_ / "adapter" : std::filesystem::path();
    wish_.progress = [&](std::uint64_t, std::uint64_t) { source.request_stop(); };
    wish_.steps = 1'000'000;
    wish_.stop = source.get_token();
    EXPECT_EQ(Error(), "task.stopped");
  }
}

TEST_F(GraduateTest, AFileThatCannotBeWrittenTakesTheAdapterWithIt) {
  wish_.method = GraduateMethod::kLora;
  wish_.steps = 1;
  std::ofstream(directory_ / "plain") << "no directory";
  wish_.out = directory_ / "plain" / "graduate";
  wish_.adapter_out = directory_ / "adapter";
  EXPECT_EQ(Error(), "store.io");
}

}  // namespace
}  // namespace accord::study
