#include "plan/inputs.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/errors.h"
#include "secagg/encoding.h"
#include "strategy/streaming.h"

namespace accord::plan {
namespace {

constexpr double kTokensPerParameter = 20.0;
constexpr std::uint32_t kFragments = 10;
constexpr double kMostParameters = 1e15;
constexpr double kMost = 1e30;          // of any other figure: the rest stays finite
constexpr double kWidthPerLayer = 128;  // d / L of Llama 2 and 3 lies between 100 and 128

Status Invalid(const std::string& what, const std::string& hint = {}) {
  return Fail(errors::kPlanInvalid, what, hint);
}

Status CheckRanges(const Inputs& s) {
  struct Bound {
    const char* option;
    double value, least, most;
  };
  for (const Bound& b :
       {Bound{"--params", s.parameters, 1, kMostParameters}, Bound{"--tokens", s.tokens, 0, kMost},
        Bound{"--nodes", static_cast<double>(s.nodes), 1, secagg::kMaxCohort},
        Bound{"--gpus-per-node", static_cast<double>(s.devices), 1, 1e6},
        Bound{"--gpu-tflops", s.device_flops / 1e12, 1e-9, kMost},
        Bound{"--gpu-memory", s.device_bytes, 1, kMost}, Bound{"--uplink", s.uplink, 1, kMost},
        Bound{"--batch-tokens", s.batch_tokens, 1, kMost},
        Bound{"--seq", static_cast<double>(s.sequence), 1, 1e9},
        Bound{"--layers", static_cast<double>(s.layers), 0, 1e4},
        Bound{"--hidden", static_cast<double>(s.hidden), 0, 1e9},
        Bound{"--vocab", static_cast<double>(s.vocabulary), 1, 1e9},
        Bound{"--fragments", static_cast<double>(s.fragments), 1, 1e4},
        Bound{"--downlink", s.downlink == 0.0 ? s.uplink : s.downlink, 1, kMost},
        Bound{"--coordinator", s.coordinator_link == 0.0 ? s.uplink : s.coordinator_link, 1, kMost},
        Bound{"--price", s.price ? s.price->amount : 0.0, 0, kMost}, Bound{"--watts", s.watts, 0, kMost},
        Bound{"--h", static_cast<double>(s.local_steps), 1, 1e9}}) {
    if (b.value >= b.least && b.value <= b.most) continue;
    return Invalid(std::string(b.option) + " is missing, or not between " +
                   FormatQuantity(Unit::kCount, b.least) + " and " + FormatQuantity(Unit::kCount, b.most) +
                   ".");
  }
  if (!(s.mfu > 0.0 && s.mfu <= 1.0)) return Invalid("--mfu is a share of the peak: above 0, at most 1.");
  return {};
}

// The most fragments up to ten, and among fewer layers up to these, that divide H.
void ChooseStreaming(Inputs& s) {
  if (s.fragments == 0) {
    s.fragments = kFragments;
    if (s.layers != 0 && s.layers < kFragments) s.fragments = static_cast<std::uint32_t>(s.layers);
    while (s.local_steps % s.fragments != 0) --s.fragments;
  }
  if (!s.overlap) s.overlap = s.local_steps / s.fragments > 1 ? 1 : 0;
}

// As a job does (update/exchange.h): each fragment has a layer, but for the last, which may be what is behind
// the layers. Layers that are guessed refuse nothing.
Status CheckFragments(const Inputs& s) {
  if (s.layers == 0 || s.fragments <= s.layers + 1) return {};
  return Invalid("--fragments " + std::to_string(s.fragments) + " is too many for --layers " +
                     std::to_string(s.layers) + ": nothing is left for some of them.",
                 "A job has at most a fragment a layer, and one for what is behind the layers.");
}

// A Llama-like decoder of about 12 L d^2 weights with d = 128 L.
void GuessShape(Inputs& s) {
  if (s.layers != 0) return;
  const double layers = std::cbrt(s.parameters / (12.0 * kWidthPerLayer * kWidthPerLayer));
  s.layers = static_cast<std::uint64_t>(std::max(1.0, std::round(layers)));
  s.hidden = s.layers * static_cast<std::uint64_t>(kWidthPerLayer);
}

}  // namespace

Result<Inputs> Resolve(Inputs s) {
  ChooseStreaming(s);
  ACCORD_RETURN_IF_ERROR(CheckRanges(s));
  if ((s.layers == 0) != (s.hidden == 0)) return Invalid("--layers and --hidden go together.");
  if (s.secure && s.nodes < 3) {
    return Invalid("With fewer than three nodes a masked sum would show a node's update to another.",
                   "Plan for three nodes or more, or without masks: --secure off");
  }
  const strategy::Streaming streaming{
      .steps = s.local_steps, .fragments = s.fragments, .delay = *s.overlap, .alpha = s.alpha};
  if (const Status status = streaming.Validate(); !status.ok()) {
    return Invalid("Streaming DiLoCo with --h " + std::to_string(s.local_steps) + ", --fragments " +
                       std::to_string(s.fragments) + " and --overlap " + std::to_string(*s.overlap) +
                       " cannot be: " + status.message() + ".",
                   "The fragments divide H, the overlap is below H / P, --alpha is between 0 and 1.");
  }
  ACCORD_RETURN_IF_ERROR(CheckFragments(s));
  if (s.tokens == 0.0) s.tokens = kTokensPerParameter * s.parameters;
  if (s.downlink == 0.0) s.downlink = s.uplink;
  GuessShape(s);
  return s;
}

}  // namespace accord::plan
