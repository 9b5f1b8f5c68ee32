#include "data/unigram_lattice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "data/segment.h"
#include "data/utf8.h"

namespace accord::data {
namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();
const double kByteLog = -std::log(256.0);

// log(exp(a) + exp(b)) without overflow.
double LogAdd(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kImpossible ? a : a + std::log1p(std::exp(b - a));
}

}  // namespace

UnigramLattice::UnigramLattice(const SentencePieceModel& model)
    : model_(model), pieces_(EntriesOf(model, {model::PieceType::kNormal, model::PieceType::kUserDefined})) {
  for (const model::Piece& piece : model.pieces) {
    speaks_.push_back(piece.type == model::PieceType::kNormal ||
                      piece.type == model::PieceType::kUserDefined ||
                      piece.type == model::PieceType::kUnknown);
  }
  SetFrequencies(std::vector<float>(model.pieces.size(), 1.0F));
}

void UnigramLattice::SetFrequencies(std::span<const float> frequencies) {
  ACCORD_CHECK(frequencies.size() == speaks_.size());
  double sum = 0.0;
  for (std::size_t id = 0; id < speaks_.size(); ++id) {
    if (speaks_[id]) sum += std::max(0.0F, frequencies[id]);
  }
  logs_.assign(speaks_.size(), 0.0);
  for (std::size_t id = 0; id < speaks_.size(); ++id) {
    const double share = sum > 0.0 ? frequencies[id] / sum : 0.0;
    if (speaks_[id]) logs_[id] = std::log(std::max(share, kLeastProbability));
  }
}

void UnigramLattice::Build(std::string_view text) {
  edges_.clear();
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const std::size_t character = std::max<std::size_t>(Utf8Size(rest), 1);
    bool known = false;
    pieces_.ForEachPrefix(rest, [&](const PrefixTable::Entry& entry) {
      known = known || entry.text.size() == character;
      edges_.push_back({at, at + entry.text.size(), entry.id, LogProbability(entry.id)});
    });
    if (!known) {
      const double bytes = static_cast<double>(character) * kByteLog;
      edges_.push_back({at, at + character, model_.unknown, LogProbability(model_.unknown) + bytes});
    }
    at += character;
  }
}

double UnigramLattice::Count(std::string_view text, double times, std::span<double> expected) {
  ACCORD_CHECK(expected.size() == speaks_.size());
  if (text.empty()) return 0.0;
  Build(text);
  before_.assign(text.size() + 1, kImpossible);
  behind_.assign(text.size() + 1, kImpossible);
  before_.front() = behind_.back() = 0.0;
  for (const Edge& edge : edges_) before_[edge.to] = LogAdd(before_[edge.to], before_[edge.from] + edge.log);
  const double all = before_.back();
  for (auto edge = edges_.rbegin(); edge != edges_.rend(); ++edge) {
    const double through = edge->log + behind_[edge->to];
    behind_[edge->from] = LogAdd(behind_[edge->from], through);
    expected[static_cast<std::size_t>(edge->id)] += times * std::exp(before_[edge->from] + through - all);
  }
  return all;
}

std::optional<std::vector<std::int32_t>> UnigramLattice::BestOther(std::string_view text) {
  Build(text);
  before_.assign(text.size() + 1, kImpossible);
  before_.front() = 0.0;
  std::vector<const Edge*> last(text.size() + 1, nullptr);
  for (const Edge& edge : edges_) {
    const bool whole = edge.from == 0 && edge.to == text.size();
    if (whole || edge.id == model_.unknown || before_[edge.from] + edge.log <= before_[edge.to]) continue;
    before_[edge.to] = before_[edge.from] + edge.log;
    last[edge.to] = &edge;
  }
  if (last.back() == nullptr) return std::nullopt;
  std::vector<std::int32_t> ids;
  for (std::size_t end = text.size(); end > 0; end = last[end]->from) ids.push_back(last[end]->id);
  std::ranges::reverse(ids);
  return ids;
}

}  // namespace accord::data
