#include "plan/plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/errors.h"

namespace accord::plan {
namespace {

Inputs Large() {
  Inputs s;
  s.parameters = 70e9;
  s.nodes = 12;
  s.uplink = 1e9;
  s.device_flops = 400e12;
  s.price = Price{.amount = 2.0};
  return s;
}

Plan Make(const Inputs& inputs) {
  const Result<Plan> plan = MakePlan(inputs);
  EXPECT_TRUE(plan.ok()) << Describe(plan.status());
  return plan.ok() ? *plan : Plan{};
}

const Option& Find(const Plan& plan, Method method, std::uint32_t bits) {
  for (const Option& option : plan.options)
    if (option.method == method && option.codec.bits == bits) return option;
  ADD_FAILURE() << "no such option";
  return plan.options.front();
}

TEST(PlanTest, PacksAsAccordDoes) {
  const auto words = [](const Codec& codec, std::uint32_t nodes) {
    const Result<Packing> packing = PackingOf(codec, 8'192'000, nodes, true);
    EXPECT_TRUE(packing.ok());
    return *packing;
  };
  const Packing six = words(kCodecs[3], 6);  // 4 + 3 bits, nine to a word
  EXPECT_EQ(six.field_bits, 7U);
  EXPECT_EQ(six.fields_per_word, 9U);
  EXPECT_EQ(six.words, 3U + (8'192'000 + 8) / 9);
  EXPECT_EQ(words(kCodecs[3], 12).fields_per_word, 8U);
  EXPECT_EQ(words(kCodecs[0], 12).fields_per_word, 1U);  // 36 bits
  EXPECT_EQ(words(kCodecs[1], 12).fields_per_word, 3U);  // 20 bits
  EXPECT_EQ(PackingOf(kCodecs[3], 1, 6, true)->words, 3U + 456) << "one parameter is rotated as 4096";
  EXPECT_EQ(PackingOf(kCodecs[2], 1'000, 2, true).status().error(), "plan.invalid");
  EXPECT_TRUE(PackingOf(kCodecs[2], 1'000, 2, false).ok());
}

TEST(PlanTest, MasksCostLittleBesideALargeUpdate) {
  const ProtocolBytes three = MaskingBytes(3);
  const ProtocolBytes many = MaskingBytes(100);
  EXPECT_GT(three.up, 500U);
  EXPECT_LT(many.up, 64U << 10);
  EXPECT_LT(many.down, 2U << 20);
  EXPECT_GT(many.down, three.down);
  EXPECT_LT(MaskingBytes(1'000).up, 20 * many.up) << "above 200 nodes along a graph";
}

TEST(PlanTest, TheWorkIsThatOfTheFormulas) {
  Inputs s = Large();
  s.layers = 80;
  s.hidden = 8'192;
  const Plan plan = Make(s);
  EXPECT_DOUBLE_EQ(plan.inputs.tokens, 1.4e12);
  const double flops = 6 * 70e9 + 12.0 * 80 * 8'192 * 2'048;
  EXPECT_DOUBLE_EQ(plan.work.flops_per_token, flops);
  EXPECT_DOUBLE_EQ(plan.work.step_s, 524'288 * flops / (8 * 400e12 * 0.4));
  EXPECT_DOUBLE_EQ(plan.work.steps, std::ceil(1.4e12 / (12 * 524'288.0)));
  const Option& diloco = Find(plan, Method::kDiloco, 8);
  EXPECT_NEAR(diloco.days, plan.work.days / diloco.utilisation, 1e-9);
  EXPECT_NEAR(*diloco.cost, diloco.days * 24 * 12 * 8 * 2, 1e-3);
  EXPECT_FALSE(diloco.energy_wh);
  EXPECT_EQ(plan.options.size(), 12U);
}

TEST(PlanTest, StreamingNeedsOneFragmentthOfTheRate) {
  for (const std::uint32_t fragments : {2U, 5U, 10U, 20U}) {
    Inputs s = Large();
    s.secure = false;                             // masks cost each fragment the same
    s.parameters = 4096.0 * 72 * 20 * fragments;  // whole blocks and words
    s.fragments = fragments;
    const Plan plan = Make(s);
    for (const Codec& codec : kCodecs) {
      const Option& whole = Find(plan, Method::kDiloco, codec.bits);
      const Option& part = Find(plan, Method::kStreaming, codec.bits);
      EXPECT_NEAR(part.peak_rate * fragments / whole.peak_rate, 1.0, 1e-4) << codec.name;
      EXPECT_NEAR(part.round_bytes / whole.round_bytes, 1.0, 1e-4);
    }
  }
}

TEST(PlanTest, RarerExchangesAndWiderLinksNeverTakeLonger) {
  double before = 1e300;
  for (const std::uint64_t h : {10U, 50U, 100U, 200U, 500U, 1'000U}) {
    Inputs s = Large();
    s.local_steps = h;
    s.fragments = 5;
    const double days = Find(Make(s), Method::kDiloco, 4).days;
    EXPECT_LE(days, before);
    before = days;
  }
  std::vector<double> last(12, 1e300);
  for (double rate = 1e6; rate < 1e13; rate *= 3) {
    Inputs s = Large();
    s.uplink = rate;
    const Plan plan = Make(s);
    for (std::size_t i = 0; i < plan.options.size(); ++i) {
      const Option& o = plan.options[i];
      EXPECT_LE(o.days, last[i]);
      EXPECT_GT(o.utilisation, 0.0);
      EXPECT_LE(o.utilisation, 1.0);
      last[i] = o.days;
    }
  }
}

TEST(PlanTest, ANarrowCoordinatorIsShared) {
  Inputs s = Large();
  const double wide = Find(Make(s), Method::kDiloco, 8).exchange_s;
  s.coordinator_link = 12e9;
  EXPECT_DOUBLE_EQ(Find(Make(s), Method::kDiloco, 8).exchange_s, wide);
  s.coordinator_link = 6e9;
  EXPECT_NEAR(Find(Make(s), Method::kDiloco, 8).exchange_s, 2 * wide, 2);
}

TEST(PlanTest, MemoryIsSharedOutAmongDevices) {
  Inputs s = Large();
  const Memory eight = Make(s).memory;
  EXPECT_DOUBLE_EQ(eight.bytes_per_parameter, 22.0);
  EXPECT_DOUBLE_EQ(eight.State(), 22.0 * 70e9 / 8);
  s.devices = 16;
  EXPECT_DOUBLE_EQ(Make(s).memory.State(), eight.State() / 2);
  EXPECT_LT(eight.checkpointed, eight.activations);
  s.devices = static_cast<std::uint32_t>(eight.least_devices);
  Memory fits = Make(s).memory;
  EXPECT_LE(fits.State() + fits.checkpointed, 0.9 * s.device_bytes);
  s.devices -= 1;
  fits = Make(s).memory;
  EXPECT_GT(fits.State() + fits.checkpointed, 0.9 * s.device_bytes);
  s.device_bytes = 1e9;
  EXPECT_EQ(Make(s).memory.least_devices, 0U);
}

// At the ends of what is allowed, each figure in turn: a plan whose numbers are numbers.
TEST(PlanTest, ExtremesStayFinite) {
  const std::vector<std::function<void(Inputs&)>> extremes{
      [](Inputs& s) { s.parameters = 1; },
      [](Inputs& s) { s.parameters = 1e15; },
      [](Inputs& s) { s.tokens = 1; },
      [](Inputs& s) { s.tokens = 1e30; },
      [](Inputs& s) { s.nodes = 3; },
      [](Inputs& s) { s.nodes = 65'535; },
      [](Inputs& s) { s.device_flops = 1e3; },
      [](Inputs& s) { s.device_flops = 1e30; },
      [](Inputs& s) { s.uplink = 1; },
      [](Inputs& s) { s.downlink = s.coordinator_link = 1e30; },
      [](Inputs& s) { s.latency_s = 1e9; },
      [](Inputs& s) { s.layers = 10'000, s.hidden = 1'000'000'000, s.sequence = 1'000'000'000; },
      [](Inputs& s) { s.local_steps = s.fragments = 10'000, s.overlap = 0, s.overlap_backward = true; },
      [](Inputs& s) { s.batch_tokens = 1; },
      [](Inputs& s) { s.batch_tokens = 1e30; },
      [](Inputs& s) { s.device_bytes = 1e30; }};
  for (std::size_t i = 0; i < extremes.size(); ++i) {
    Inputs s = Large();
    extremes[i](s);
    const Result<Plan> plan = MakePlan(s);
    ASSERT_TRUE(plan.ok()) << i << Describe(plan.status());
    EXPECT_TRUE(std::isfinite(plan->memory.activations)) << i;
    for (const Option& o : plan->options) {
      for (const double figure : {o.exchange_s, o.days, o.round_bytes, o.day_bytes, o.total_bytes,
                                  o.token_bytes, o.peak_rate, o.coordinator_rate, *o.cost}) {
        EXPECT_TRUE(std::isfinite(figure) && figure >= 0.0) << i;
      }
      EXPECT_TRUE(o.utilisation >= 0.0 && o.utilisation <= 1.0) << i;
      EXPECT_GT(o.rate_for_share, 0.0) << i;
    }
  }
}

TEST(PlanTest, FragmentsAndTheirDelayFitAnyNumberOfSteps) {
  struct Case {
    std::uint64_t steps;
    std::uint32_t fragments;
    std::uint64_t overlap;
  };
  for (const Case& c : {Case{1, 1, 0},
                        {5, 5, 0},
                        {7, 7, 0},
                        {62, 2, 1},
                        {64, 8, 1},
                        {100, 10, 1},
                        {128, 8, 1},
                        {512, 8, 1}}) {
    Inputs s = Large();
    s.local_steps = c.steps;
    const Inputs made = Make(s).inputs;
    EXPECT_EQ(made.fragments, c.fragments) << c.steps;
    EXPECT_EQ(made.overlap, c.overlap) << c.steps;
  }
}

TEST(PlanTest, HasNoMoreFragmentsThanAJobHas) {
  const auto fragments = [](std::uint64_t layers, std::uint32_t wanted) {
    Inputs s = Large();
    s.layers = layers;
    s.hidden = layers == 0 ? 0 : 64;
    s.fragments = wanted;
    return Make(s).inputs.fragments;
  };
  EXPECT_EQ(fragments(0, 0), 10U);
  EXPECT_EQ(fragments(80, 0), 10U);
  EXPECT_EQ(fragments(4, 0), 4U);
  EXPECT_EQ(fragments(3, 0), 2U) << "three do not divide a hundred steps";
  EXPECT_EQ(fragments(4, 5), 5U) << "the last is the norm behind the layers";
}

TEST(PlanTest, RefusesWhatCannotBe) {
  const auto refused = [](const std::function<void(Inputs&)>& change) {
    Inputs s = Large();
    change(s);
    const Status status = MakePlan(s).status();
    EXPECT_EQ(status.error(), "plan.invalid");
    return status.message() + status.hint();
  };
  EXPECT_NE(refused([](Inputs& s) { s.nodes = 0; }).find("--nodes"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.parameters = 0; }).find("--params"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.uplink = 0; }).find("--uplink"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.device_flops = 0; }).find("--gpu-tflops"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.mfu = 1.1; }).find("--mfu"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.nodes = 2; }).find("three nodes"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.downlink = 1e-300; }).find("--downlink"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.layers = 100'000, s.hidden = 1; }).find("--layers"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.fragments = 7; }).find("--fragments 7"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.layers = 3, s.hidden = 64, s.fragments = 5; }).find("--layers 3"),
            std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.overlap = 10; }).find("--overlap 10"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.alpha = -1; }).find("--alpha"), std::string::npos);
  EXPECT_NE(refused([](Inputs& s) { s.layers = 80; }).find("--hidden"), std::string::npos);
}

}  // namespace
}  // namespace accord::plan
