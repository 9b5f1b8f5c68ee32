#include "trainer/generate.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "base/errors.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/trainer/llama_fixture.h"
#include "trainer/sampling.h"
#include "trainer/torchscript.h"

namespace accord::trainer {
namespace {

class GenerateTest : public ::testing::Test {
 protected:
  GenerateTest() : model_(TinyLlama()), prompt_(model_.Tokens(1, 6)) {
    auto made = MakeGenerator(model_.spec.llama, model_.weights, 1);
    EXPECT_TRUE(made.ok()) << Describe(made.status());
    generator_ = std::move(made).value();
  }

  std::vector<std::int32_t> Generate(GenerateRequest request) {
    std::vector<std::int32_t> tokens;
    request.prompt = prompt_;
    request.token = [&](std::int32_t token) {
      tokens.push_back(token);
      return true;
    };
    const auto told = generator_->Generate(request);
    EXPECT_TRUE(told.ok()) << Describe(told.status());
    EXPECT_EQ(told.value(), tokens.size());
    return tokens;
  }

  SmallLlama model_;
  std::vector<std::int32_t> prompt_;
  std::unique_ptr<Generator> generator_;
};

TEST_F(GenerateTest, LogitsAreThoseOfTraining) {
  std::vector<std::int32_t> tokens = model_.Tokens(1, 100);
  Llama llama = model_.Make();
  const at::Tensor theirs = llama.Logits({.tokens = tokens, .windows = 1, .context = 100});
  tokens.pop_back();
  const auto ours = generator_->Logits(tokens);
  ASSERT_TRUE(ours.ok());
  EXPECT_LT((at::tensor(*ours).view_as(theirs) - theirs).abs().max().item<double>(), 1e-4);
}

TEST_F(GenerateTest, GreedyTakesTheMostProbableTokenAfterAllBefore) {
  const std::vector<std::int32_t> tokens = Generate({.max_tokens = 90});
  ASSERT_EQ(tokens.size(), 90U);
  std::vector<std::int32_t> read = prompt_;
  for (const std::int32_t token : tokens) {
    const std::vector<float> logits = generator_->Logits(read).value();
    ASSERT_EQ(SampleToken(std::span(logits).last(19), {}, 0), token) << "after " << read.size();
    read.push_back(token);
  }
}

TEST_F(GenerateTest, EndsAtTheLastPosition) {
  EXPECT_EQ(Generate({.max_tokens = 1'000}).size(), 160 - prompt_.size() + 1);
}

TEST_F(GenerateTest, EndsWhenAskedTo) {
  const std::vector<std::int32_t> tokens = Generate({.max_tokens = 20});
  const auto first = std::find(tokens.begin(), tokens.end(), tokens[5]);
  EXPECT_EQ(Generate({.max_tokens = 20, .end = tokens[5]}),
            (std::vector<std::int32_t>(tokens.begin(), first)));
  std::uint64_t told = 0;
  const auto stopped = generator_->Generate(
      {.prompt = prompt_, .max_tokens = 20, .token = [&](std::int32_t) { return ++told < 3; }});
  EXPECT_EQ(stopped.value(), 3U);
}

TEST_F(GenerateTest, ASeedRepeatsItselfAndAnotherDoesNot) {
  const auto run = [&](std::uint64_t seed) {
    return Generate({.max_tokens = 30, .sampling = {.temperature = 2.0, .seed = seed}});
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST_F(GenerateTest, RefusesWhatItCannotRead) {
  const auto error = [&](std::vector<std::int32_t> prompt, Sampling sampling = {}) {
    return generator_
        ->Generate(
            {.prompt = prompt, .max_tokens = 1, .sampling = sampling, .token = [](auto) { return true; }})
        .status()
        .error();
  };
  EXPECT_EQ(error({}), errors::kJobInvalid.id);
  EXPECT_EQ(error({19}), errors::kJobInvalid.id);
  EXPECT_EQ(error({-1}), errors::kJobInvalid.id);
  EXPECT_EQ(error(std::vector<std::int32_t>(161, 1)), errors::kJobInvalid.id);
  EXPECT_EQ(error({1}, {.temperature = -1.0}), errors::kJobInvalid.id);
  EXPECT_EQ(error({1}, {.top_p = 0.0}), errors::kJobInvalid.id);
  model_.weights.pop_back();
  EXPECT_EQ(MakeGenerator(model_.spec.llama, model_.weights, 1).status().error(), errors::kModelShape.id);
}

TEST(TorchScriptTest, IsWrittenWholeOrNotAtAll) {
  const accord::testing::TempDir directory;
  SmallLlama model(TinyLlama());
  model.weights.pop_back();
  EXPECT_EQ(WriteTorchScript(directory / "module.pt", model.spec.llama, model.weights).error(),
            errors::kModelShape.id);
  model.weights.push_back(0.0F);
  EXPECT_EQ(WriteTorchScript("/dev/full/module.pt", model.spec.llama, model.weights).error(),
            errors::kStoreIo.id);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

// A limit of the size of files instead of a full disk: writes fail in the middle of the file.
TEST(TorchScriptTest, AWriteThatFailsIsAnErrorAndLeavesNothing) {
  const accord::testing::TempDir directory;
  const SmallLlama model(TinyLlama());
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const ::rlimit small{.rlim_cur = 1'000, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = WriteTorchScript(directory / "module.pt", model.spec.llama, model.weights);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.error(), errors::kStoreIo.id) << Describe(status);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

// A tiny file may name any number of positions: they cost nothing until they are read.
TEST(GeneratorMemoryTest, TakesMemoryForTheTokensOfACallAndNotForThePositions) {
  LlamaSpec spec = TinyLlama();
  spec.max_position_embeddings = 1 << 20;
  const SmallLlama model(spec);
  const auto generator = MakeGenerator(model.spec.llama, model.weights, 1, 1 << 20).value();
  const std::vector<std::int32_t> prompt{1, 2, 3};
  const auto run = [&](std::uint64_t tokens) {
    return generator->Generate({.prompt = prompt, .max_tokens = tokens, .token = [](auto) { return true; }});
  };
  EXPECT_EQ(run(20).value(), 20U);
  // 2 layers x (keys, values) x 12, and 6 of the rotation: 54 floats a token.
  const Status much = run(10'000).status();
  EXPECT_EQ(much.error(), errors::kTrainerMemory.id);
  EXPECT_EQ(much.message(), "a text of 10003 tokens takes at least 2.1 MiB, this machine has 1.0 MiB");
  EXPECT_EQ(run(20).value(), 20U);
  EXPECT_EQ(run(~0ULL).status().error(), errors::kTrainerMemory.id);
}

class SamplingTest : public ::testing::Test {
 protected:
  // How often each of four tokens comes, of 4,000 draws.
  static std::vector<double> Shares(const Sampling& sampling) {
    const std::vector<float> logits{0.0F, std::log(4.0F), std::log(2.0F), std::log(3.0F)};  // 1 : 4 : 2 : 3
    std::vector<double> shares(4);
    for (std::uint64_t draw = 0; draw < 4'000; ++draw)
      shares[static_cast<std::size_t>(SampleToken(logits, sampling, draw))] += 1.0 / 4'000;
    return shares;
  }
  static auto Near(std::vector<double> shares) {
    return ::testing::Pointwise(::testing::DoubleNear(0.03), std::move(shares));
  }
};

TEST_F(SamplingTest, FollowsTheProbabilities) {
  EXPECT_THAT(Shares({.temperature = 1.0}), Near({0.1, 0.4, 0.2, 0.3}));
  EXPECT_THAT(Shares({.temperature = 0.5}), Near({1 / 30.0, 16 / 30.0, 4 / 30.0, 9 / 30.0}));
  EXPECT_THAT(Shares({}), Near({0, 1, 0, 0}));
}

TEST_F(SamplingTest, KeepsTheMostProbable) {
  EXPECT_THAT(Shares({.temperature = 1.0, .top_k = 2}), Near({0, 4 / 7.0, 0, 3 / 7.0}));
  EXPECT_THAT(Shares({.temperature = 1.0, .top_p = 0.8}), Near({0, 4 / 9.0, 2 / 9.0, 3 / 9.0}));
  EXPECT_THAT(Shares({.temperature = 1.0, .top_k = 3, .top_p = 0.7}), Near({0, 4 / 7.0, 0, 3 / 7.0}));
  EXPECT_THAT(Shares({.temperature = 1.0, .top_p = 0.01}), Near({0, 1, 0, 0}));
}

TEST_F(SamplingTest, OfEqualsTheLowestComesFirst) {
  const std::vector<float> logits{1.0F, 2.0F, 2.0F};
  EXPECT_EQ(SampleToken(logits, {}, 0), 1);
  EXPECT_EQ(SampleToken(logits, {.temperature = 1.0, .top_k = 1}, 7), 1);
}

}  // namespace
}  // namespace accord::trainer
