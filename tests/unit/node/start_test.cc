// A job that begins from weights which its plan names: the node takes these from the coordinator, and no
// others, whatever hash the coordinator says that they have.
#include <cmath>
#include <map>
#include <span>

#include "base/errors.h"
#include "model/frozen.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "tests/unit/node/lab.h"
#include "update/global_state.h"

namespace accord::node {
namespace {

// Serves blobs under their right hashes.
class Served final : public rpc::Bulk {
 public:
  Status GetBlob(const Digest& hash, std::uint64_t offset, const rpc::BlobSink& sink,
                 const rpc::CallLimits&) override {
    const auto found = blobs.find(hash);
    if (found == blobs.end()) return Fail(errors::kBlobNotFound, hash.Hex());
    const ByteView bytes(found->second);
    return sink(offset, bytes.size(), bytes.subspan(offset));
  }
  Status PutUpdate(const rpc::Upload&, const rpc::CallLimits&) override {
    return Fail(errors::kInternal, "none");
  }
  Result<rpc::UploadState> GetUpload(const rpc::UploadKey&, const rpc::CallLimits&) override {
    return Fail(errors::kInternal, "none");
  }
  std::map<Digest, Bytes> blobs;
};

class StartTest : public ::testing::Test {
 protected:
  StartTest() {
    JobSpec spec = *config::ParseJob(PlanText("off") + "[outer]\nrule = \"diloco\"\n", "job");
    layout_ = *update::GlobalLayout(spec);
    start_.resize(update::ParametersOf(layout_));
    for (std::size_t i = 0; i < start_.size(); ++i) start_[i] = 0.25F * static_cast<float>(i + 1);
    spec.model.start = model::NameOfHash(model::ModelHash(update::ModelOf(layout_), start_));
    first_.resize(layout_.size);
    EXPECT_TRUE(update::FirstState(spec, layout_, start_, first_).ok());
    facts_.spec = std::make_shared<const JobSpec>(spec);
    facts_.layout = std::make_shared<const ModelLayout>(layout_);
  }
  // What the node says to a coordinator that announces and serves this as the first model.
  Result<Weights> Offered(std::span<const float> state) {
    Bytes file = model::SafetensorsPrefix(layout_);
    const ByteView bytes = model::WeightBytes(state);
    file.insert(file.end(), bytes.begin(), bytes.end());
    const Digest hash = model::ModelHash(layout_, state);
    served_.blobs[hash] = std::move(file);
    return FindModel(facts_, {.round = {1}, .model_hash = hash}, &served_, {});
  }
  std::string_view Refusal(std::span<const float> state) { return Offered(state).status().error(); }

  ModelLayout layout_;
  std::vector<float> start_, first_;
  JobFacts facts_;
  Served served_;
};

TEST_F(StartTest, TheNamedWeightsAreFetched) {
  const Result<Weights> found = Offered(first_);
  ASSERT_TRUE(found.ok()) << Describe(found.status());
  EXPECT_EQ(**found, first_);
}

TEST_F(StartTest, OtherWeightsAreRefusedThoughTheirHashIsRight) {
  std::vector<float> other = first_;
  other[2] = std::nextafter(other[2], 9.0F);
  EXPECT_EQ(Refusal(other), "model.mismatch");
  model::InitialWeights(layout_, facts_.spec->seed, other);
  EXPECT_EQ(Refusal(other), "model.mismatch") << "the seed's, as of a job that names none";
}

TEST_F(StartTest, TheOuterStateBeginsAsThatOfAnyJob) {
  std::vector<float> moving = first_;
  moving.back() = 0.5F;
  EXPECT_EQ(Refusal(moving), "model.mismatch");
}

TEST_F(StartTest, WithoutACoordinatorItWaits) {
  EXPECT_EQ(FindModel(facts_, {.round = {1}, .model_hash = {}}, nullptr, {}).status().error(),
            "net.unreachable");
}

TEST_F(StartTest, WithoutANameNothingIsFetched) {
  JobSpec plain = *facts_.spec;
  plain.model.start.clear();
  facts_.spec = std::make_shared<const JobSpec>(plain);
  EXPECT_EQ(Refusal(first_), "model.mismatch");
  model::InitialWeights(layout_, plain.seed, first_);
  const auto found =
      FindModel(facts_, {.round = {1}, .model_hash = model::ModelHash(layout_, first_)}, nullptr, {});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(**found, first_);
}

}  // namespace
}  // namespace accord::node
