// A federation that begins from a Hugging Face checkpoint, bf16 in two files, which accordd import-model gave
// its coordinator: every node trains round 1 from exactly these weights.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <map>
#include <mutex>

#include "base/errors.h"
#include "coordinator/backup.h"
#include "coordinator/fsck.h"
#include "coordinator/start_models.h"
#include "job/job_id.h"
#include "model/float_format.h"
#include "model/frozen.h"
#include "model/hf_config.h"
#include "model/layout.h"
#include "model/llama.h"
#include "model/safetensors.h"
#include "tests/integration/federation/federation.h"
#include "tests/integration/federation/liar.h"
#include "tests/unit/model/checkpoint_files.h"

namespace accord::testing {
namespace {

using coordinator::ModelTable;
using coordinator::StartModels;

const LlamaSpec kLlama = model::ResolveLlama({.hidden_size = 8,
                                              .intermediate_size = 6,
                                              .num_hidden_layers = 2,
                                              .num_attention_heads = 4,
                                              .num_key_value_heads = 2,
                                              .max_position_embeddings = 16,
                                              .rope_theta = 20'000.0})
                             .value();

class StartFederationTest : public ::testing::Test {
 protected:
  StartFederationTest() {
    WriteCheckpoint();
    for (const std::string name : {"ke", "br", "no"}) {
      nodes_.push_back(
          &federation_.AddNode(name, {.step = 0.0F,
                                      .before_round =
                                          [this](std::uint64_t round, const std::stop_token&) {
                                            if (round != 1 || !gated_.exchange(false)) return;
                                            reached_.count_down();
                                            open_.wait();
                                          },
                                      .given =
                                          [this, name](std::uint64_t round, std::span<const float> weights) {
                                            if (round != 1) return;
                                            const std::lock_guard lock(mutex_);
                                            given_[name].assign(weights.begin(), weights.end());
                                          }}));
    }
    federation_.PinAll();
  }
  ~StartFederationTest() override {
    if (!open_.try_wait()) open_.count_down();
    for (TestNode* node : nodes_) federation_.StopNode(*node);  // a job may still train, and write here
  }

  // As transformers saves it: model-0000X-of-00002.safetensors, their index, config.json.
  void WriteCheckpoint() {
    std::map<std::string, std::vector<FileTensor>> files;
    std::string map;
    bool second = false;
    for (const TensorSpec& tensor : layout_.tensors) {
      second = !second;
      const std::string file = std::string("model-0000") + (second ? "2" : "1") + "-of-00002.safetensors";
      std::vector<std::uint32_t> halves;
      for (std::uint64_t i = 0; i < tensor.size; ++i) {
        const std::uint16_t half =
            model::ToBf16(0.003F * static_cast<float>((tensor.offset + i) % 101) - 0.151F);
        halves.push_back(half);
        weights_.push_back(model::FromBf16(half));
      }
      files[file].push_back({tensor.name, "BF16", tensor.shape, Words(halves, 2)});
      map += (map.empty() ? "\"" : ", \"") + tensor.name + "\": \"" + file + "\"";
    }
    ASSERT_EQ(files.size(), 2U);
    for (const auto& [name, tensors] : files) Put(checkpoint_ / name, SafetensorsFile(tensors));
    Put(checkpoint_ / "model.safetensors.index.json", AsBytes("{\"weight_map\": {" + map + "}}"));
    Put(checkpoint_ / "config.json", AsBytes(model::HfConfigJson(kLlama, {})));
  }
  coordinator::ImportedModel Import() {
    const auto made = StartModels(federation_.config().store.state).Import(checkpoint_);
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    return made.ok() ? *made : coordinator::ImportedModel{};
  }
  static std::string Job(const std::string& model, const std::string& secure, const std::string& outer) {
    return "version = 1\nname = \"llama\"\npurpose = \"demo\"\nseed = 7\nsecure = \"" + secure + "\"\n" +
           model +
           "[data]\ndataset = \"toy\"\n[inner]\nlr = 0.1\nlocal_steps = 1\nkeep_state = true\nbatch = 8\n"
           "[outer]\nrule = \"" +
           outer +
           "\"\n[update]\nbits = 16\nclip = 1.0\nmax_examples = 1000\nweights = \"exact\"\n[round]\ncount = "
           "2\n"
           "min_nodes = 3\nmin_survivors = 3\nmax_wait = \"1m\"\n";
  }
  void ExpectAllBeganFromTheCheckpoint() {
    const std::lock_guard lock(mutex_);
    ASSERT_EQ(given_.size(), 3U);
    for (const auto& [name, weights] : given_) EXPECT_EQ(weights, weights_) << name;
  }

  Federation federation_;
  std::vector<TestNode*> nodes_;
  const std::filesystem::path checkpoint_ = federation_.Path("checkpoint");
  const ModelLayout layout_ = model::BuildLayout({.kind = "llama", .llama = kLlama}).value();
  std::vector<float> weights_;
  std::mutex mutex_;
  std::map<std::string, std::vector<float>> given_;
  std::latch reached_{1}, open_{1};
  std::atomic<bool> gated_{false};
};

// Nobody's training changes anything, so the end is the beginning.
TEST_F(StartFederationTest, EveryNodeBeginsWithExactlyTheseWeights) {
  const coordinator::ImportedModel made = Import();
  const auto job = federation_.Submit(Job(ModelTable(made), "off", "fedavg"));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  const rpc::JobView end = federation_.WaitForEnd(*job);
  EXPECT_EQ(end.state, job::Phase::kFinished);
  EXPECT_EQ(end.parameters, layout_.size);
  EXPECT_EQ(end.model_hash, made.hash);
  EXPECT_EQ(made.hash, model::ModelHash(layout_, weights_));
  ExpectAllBeganFromTheCheckpoint();
}

TEST_F(StartFederationTest, ARestartInTheFirstRoundGoesOn) {
  gated_ = true;
  const auto job = federation_.Submit(Job(ModelTable(Import()), "malicious", "diloco"));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  reached_.wait();
  federation_.StopCoordinator();
  federation_.StartCoordinator();
  open_.count_down();
  federation_.RestartNodes();
  EXPECT_EQ(federation_.WaitForEnd(*job).state, job::Phase::kFinished);
  ExpectAllBeganFromTheCheckpoint();
}

TEST_F(StartFederationTest, AJobIsTakenWhenItsWeightsAreThereAndTheModelIsTheirs) {
  const coordinator::ImportedModel later{.hash = model::ModelHash(layout_, weights_), .llama = kLlama};
  const std::string table = ModelTable(later);
  const auto refusal = [&](const std::string& model) {
    return std::string(federation_.Submit(Job(model, "off", "fedavg")).status().error());
  };
  EXPECT_EQ(refusal(table), "model.start_missing");
  (void)Import();
  std::string other = table;
  EXPECT_EQ(refusal(other.replace(other.find("= 20000"), 7, "= 10000")), "model.config_differs");
  const auto notes = federation_.client().ValidateJob(AsBytes(Job(table, "off", "fedavg")));
  ASSERT_TRUE(notes.ok()) << Describe(notes.status());
  EXPECT_NE(notes->notes[0].find(model::NameOfHash(later.hash)), std::string::npos);
  EXPECT_EQ(refusal(table), "");
}

// One that announces, and serves under their right hash, other weights than those of the plan.
TEST_F(StartFederationTest, ANodeTrainsOnNoOtherWeightsWhateverACoordinatorSays) {
  const std::string plan =
      Job(ModelTable({.hash = model::ModelHash(layout_, weights_), .llama = kLlama}), "off", "fedavg");
  TestNode& node = *nodes_[0];
  federation_.StopNode(node);
  federation_.StopCoordinator();
  weights_[7] += 0.25F;
  const Digest other = model::ModelHash(layout_, weights_);
  Bytes file = model::SafetensorsPrefix(layout_);
  const ByteView bytes = model::WeightBytes(weights_);
  file.insert(file.end(), bytes.begin(), bytes.end());
  Liar liar(federation_.config().store.state, "test.accord", other, std::move(file));
  node.config.node.coordinator = liar.address();
  federation_.StartNode(node);
  liar.AwaitNode();
  const Bytes token(16, 1);
  const JobId job = job::MakeJobId(AsBytes(plan), token);
  liar.Tell(rpc::Prepare{.job = job, .plan = Bytes(plan.begin(), plan.end()), .token = token});
  ASSERT_EQ((liar.Await<rpc::Prepared, rpc::Declined>().index()), 0U);
  liar.Tell(rpc::Train{.job = job, .round = {1}, .model_hash = other});
  const auto answer = liar.Await<rpc::Declined, rpc::Trained, rpc::Update>();
  ASSERT_EQ(answer.index(), 0U);
  EXPECT_EQ(std::get<0>(answer).error.error(), "model.mismatch");
  federation_.StopNode(node);
  EXPECT_TRUE(given_.empty());
}

TEST_F(StartFederationTest, ABackupHasTheWeightsAndFsckReadsThem) {
  const coordinator::ImportedModel made = Import();
  const std::filesystem::path backup = federation_.Path("backup");
  const auto copied = coordinator::BackUp(federation_.config().store.state, backup);
  ASSERT_TRUE(copied.ok()) << Describe(copied.status());
  EXPECT_EQ(copied->start_models, 1U);
  const std::filesystem::path file = backup / "models" / made.file.filename();
  EXPECT_EQ(model::HashFile(file).value(), made.hash);
  Put(file, AsBytes("something else"));
  const auto found = coordinator::CheckState(backup);
  ASSERT_TRUE(found.ok()) << Describe(found.status());
  ASSERT_EQ(found->damage.size(), 1U);
  EXPECT_TRUE(found->damage[0].serious);
  EXPECT_EQ(found->damage[0].place, file.string());
}

}  // namespace
}  // namespace accord::testing
