#include "secagg/params.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "secagg/graph.h"

namespace accord::secagg {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kNoiseFormat = 1;
constexpr std::uint32_t kLeastSum = 3;  // members see the sum too: of two, each would see the other's input

Status Bad(std::string why) { return Fail(errors::kSecaggBadParams, std::move(why)); }

Status CheckPeople(const Params& params, SecureMode mode) {
  ACCORD_RETURN_IF_ERROR(params.encoding.CheckCohort(mode));
  if (params.corrupt > params.n() - 2) {
    return Fail(errors::kSecaggCohortTooSmall, std::to_string(params.corrupt) + " of " +
                                                   std::to_string(params.n()) +
                                                   " nodes assumed corrupt leave fewer than two");
  }
  return {};
}

Status CheckThresholds(const Params& params, SecureMode mode) {
  const Thresholds rule = Thresholds::Of(params.n(), params.corrupt, mode);
  const auto [t, u_min] = params.thresholds;
  if (t != rule.t) return Bad("the threshold is " + std::to_string(t) + ", not " + std::to_string(rule.t));
  if (u_min < rule.u_min || u_min > params.n()) {
    return Bad("the smallest set to sum has " + std::to_string(u_min) + " nodes, not " +
               std::to_string(rule.u_min) + " to " + std::to_string(params.n()));
  }
  return {};
}

Status CheckGraph(const Params& params, SecureMode mode) {
  if (!params.graph) return {};
  const auto [k, t_k] = *params.graph;
  if (k % 2 != 0 || k < 2 || k >= params.n()) return Bad("a degree of " + std::to_string(k) + " neighbours");
  if (t_k < 1 || t_k > k) return Bad("a share threshold of " + std::to_string(t_k));
  if (mode == SecureMode::kMalicious && 2 * t_k <= k) return Bad("a share threshold below a majority");
  if (!HidesFromCorrupt(*params.graph, params.n(), params.corrupt, mode)) {
    return Bad("a graph in which corrupt neighbours may open a secret");
  }
  return {};
}

Status CheckNoise(const Params& params) {
  if (!params.noise) return {};
  if (params.noise->margin >= params.encoding.Limit()) {
    return Bad("the noise margin leaves no room for the update");
  }
  if (params.encoding.w_max != 1 || params.encoding.headers.size() != 2) {
    return Bad("with noise the largest weight is 1 and there are two headers");
  }
  return {};
}

Status CheckChunk(std::uint32_t words) {
  if (words >= 1 && words <= kMaxChunkWords) return {};
  return Bad("chunks of " + std::to_string(words) + " words");
}

// Reads 7.4 field by field: each group is checked before the next is read, so that the first fault names the
// refusal.
class ParamsReader {
 public:
  ParamsReader(ByteView bytes, SecureMode mode) : reader_(bytes), mode_(mode) {}

  Result<Params> Read() {
    ACCORD_RETURN_IF_ERROR(ReadFormat());
    ACCORD_RETURN_IF_ERROR(ReadThresholds());
    ACCORD_RETURN_IF_ERROR(ReadGraph());
    ACCORD_RETURN_IF_ERROR(ReadWidthAndNumbers());
    ACCORD_RETURN_IF_ERROR(ReadHeaders());
    ACCORD_RETURN_IF_ERROR(ReadNoise());
    if (!reader_.Done()) return Malformed();
    return std::move(params_);
  }

 private:
  static Status Malformed() {
    return Fail(errors::kSecaggBadEncoding, "the parameters are not in their canonical form");
  }
  Status Whole() const { return reader_.ok() ? Status() : Malformed(); }

  Status ReadFormat() {
    const std::uint8_t format = reader_.U8();
    ACCORD_RETURN_IF_ERROR(Whole());
    if (format != kFormat) return Bad("parameters of the format " + std::to_string(format));
    const std::uint8_t verify = reader_.U8();
    const std::uint8_t graph = reader_.U8();
    ACCORD_RETURN_IF_ERROR(Whole());
    if (verify > 1 || graph > 1) return Bad("a flag is neither 0 nor 1");
    params_.verify = verify == 1;
    if (graph == 1) params_.graph.emplace();
    return {};
  }

  Status ReadThresholds() {
    params_.encoding.n = reader_.U32();
    params_.corrupt = reader_.U32();
    ACCORD_RETURN_IF_ERROR(Whole());
    ACCORD_RETURN_IF_ERROR(CheckPeople(params_, mode_));
    params_.thresholds.t = reader_.U32();
    params_.thresholds.u_min = reader_.U32();
    ACCORD_RETURN_IF_ERROR(Whole());
    return CheckThresholds(params_, mode_);
  }

  Status ReadGraph() {
    const NeighbourGraph graph{.degree = reader_.U32(), .threshold = reader_.U32()};
    ACCORD_RETURN_IF_ERROR(Whole());
    if (!params_.graph) return graph == NeighbourGraph{} ? Status() : Bad("a degree without a graph");
    params_.graph = graph;
    return CheckGraph(params_, mode_);
  }

  Status ReadWidthAndNumbers() {
    Encoding& encoding = params_.encoding;
    encoding.bits = reader_.U8();
    encoding.field_bits = reader_.U8();
    ACCORD_RETURN_IF_ERROR(Whole());
    ACCORD_RETURN_IF_ERROR(encoding.CheckWidth());
    encoding.coordinates = reader_.U64();
    encoding.clip = reader_.F64();
    encoding.w_max = reader_.U64();
    params_.chunk_words = reader_.U32();
    ACCORD_RETURN_IF_ERROR(Whole());
    ACCORD_RETURN_IF_ERROR(encoding.CheckNumbers());
    return CheckChunk(params_.chunk_words);
  }

  Status ReadHeaders() {
    const std::uint8_t count = reader_.U8();
    for (std::uint8_t i = 0; i < count && reader_.ok(); ++i) {
      Header header{.name = reader_.LvText(), .max = 0};
      header.max = reader_.U64();
      params_.encoding.headers.push_back(std::move(header));
    }
    ACCORD_RETURN_IF_ERROR(Whole());
    return params_.encoding.CheckHeaders();
  }

  Status ReadNoise() {
    const ByteView bytes = reader_.Lv();
    ACCORD_RETURN_IF_ERROR(Whole());
    if (bytes.empty()) return {};
    Reader reader(bytes);
    const std::uint8_t format = reader.U8();
    if (format != kNoiseFormat) return Bad("noise of the format " + std::to_string(format));
    NoiseParams noise;
    noise.clip_norm = reader.F64();
    noise.mu = reader.F64();
    noise.margin = reader.U32();
    if (!reader.Done()) return Malformed();
    params_.noise = noise;
    params_.encoding.margin = noise.margin;
    return CheckNoise(params_);
  }

  Reader reader_;
  SecureMode mode_;
  Params params_;
};

std::string Nodes(std::uint32_t count) {
  if (count == 0) return "no node";
  return std::to_string(count) + (count == 1 ? " node" : " nodes");
}

}  // namespace

Thresholds Thresholds::Of(std::uint32_t n, std::uint32_t corrupt, SecureMode mode) {
  ACCORD_CHECK(mode != SecureMode::kOff && n >= 2 && corrupt <= n - 2);
  const std::uint32_t t =
      mode == SecureMode::kMalicious ? (n + corrupt) / 2 + 1 : std::max(corrupt + 1, n / 2 + 1);
  return {.t = t, .u_min = std::max({t, corrupt + 2, kLeastSum})};
}

std::uint32_t DefaultCorrupt(std::uint32_t n) { return n < 5 ? 0 : n / 5; }

std::string DescribeTolerance(std::uint32_t n, std::uint32_t corrupt, SecureMode mode) {
  const auto [t, u_min] = Thresholds::Of(n, corrupt, mode);
  const std::string people =
      Nodes(n) + ", " + (corrupt == 0 ? "none" : std::to_string(corrupt) + " of them") + " assumed corrupt: ";
  const std::uint32_t early = n - u_min;
  const std::uint32_t late = n - t;
  if (early == late) return people + Nodes(early) + " may be lost";
  return people + Nodes(early) + " may be lost before the survivor set is named, " + std::to_string(late) +
         " in all";
}

Result<Params> Params::For(const UpdateSpec& update, const Choice& choice) {
  ACCORD_CHECK(choice.mode != SecureMode::kOff);
  Params params{.verify = choice.verify,
                .graph = choice.graph,
                .corrupt = choice.corrupt,
                .thresholds = {},
                .encoding = {},
                .noise = {}};
  ACCORD_ASSIGN_OR_RETURN(params.encoding,
                          Encoding::For(update, choice.mode, choice.n, choice.coordinates, choice.extras));
  ACCORD_RETURN_IF_ERROR(CheckPeople(params, choice.mode));
  if (!params.graph && choice.n > kFullGraphNodes) {
    params.graph = SmallestGraph({.n = choice.n,
                                  .corrupt = choice.corrupt,
                                  .dropped = choice.dropped.value_or(choice.n / 10),
                                  .mode = choice.mode});
    if (!params.graph) return Bad("no neighbour graph is safe for so many corrupt or lost nodes");
  }
  params.thresholds = Thresholds::Of(choice.n, choice.corrupt, choice.mode);
  params.thresholds.u_min = std::max(params.thresholds.u_min, choice.least_survivors);
  ACCORD_RETURN_IF_ERROR(params.Validate(choice.mode));
  return params;
}

Result<Params> Params::Parse(ByteView bytes, SecureMode mode) { return ParamsReader(bytes, mode).Read(); }

Bytes Params::Encode() const {
  const NeighbourGraph degree = graph.value_or(NeighbourGraph{});
  Writer writer;
  writer.U8(kFormat).Bool(verify).Bool(graph.has_value()).U32(n()).U32(corrupt);
  writer.U32(thresholds.t).U32(thresholds.u_min).U32(degree.degree).U32(degree.threshold);
  writer.U8(static_cast<std::uint8_t>(encoding.bits)).U8(static_cast<std::uint8_t>(encoding.field_bits));
  writer.U64(encoding.coordinates).F64(encoding.clip).U64(encoding.w_max).U32(chunk_words);
  writer.U8(static_cast<std::uint8_t>(encoding.headers.size()));
  for (const Header& header : encoding.headers) writer.Lv(header.name).U64(header.max);
  Writer dp;
  if (noise) dp.U8(kNoiseFormat).F64(noise->clip_norm).F64(noise->mu).U32(noise->margin);
  writer.Lv(dp.bytes());
  return std::move(writer).Take();
}

Status Params::Validate(SecureMode mode) const {
  ACCORD_RETURN_IF_ERROR(CheckPeople(*this, mode));
  ACCORD_RETURN_IF_ERROR(CheckThresholds(*this, mode));
  ACCORD_RETURN_IF_ERROR(CheckGraph(*this, mode));
  ACCORD_RETURN_IF_ERROR(encoding.Validate(mode));
  ACCORD_RETURN_IF_ERROR(CheckChunk(chunk_words));
  if (encoding.margin != (noise ? noise->margin : 0)) return Bad("two noise margins");
  return CheckNoise(*this);
}

}  // namespace accord::secagg
