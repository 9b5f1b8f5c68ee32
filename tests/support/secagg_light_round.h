// A round of light nodes with an honest coordinator, in which each node is lost before a phase of its choice.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "tests/support/secagg_light.h"

namespace accord::fsa1 {

enum class Loss : std::uint8_t { kAdvertise, kShares, kMasked, kUnmask, kNever };

// How a round ended: with a sum, or before it.
struct RoundEnd {
  secagg::Verdict refusal;
  OpenedSum sum;
  std::set<std::size_t> survivors;
};

class LightRound {
 public:
  LightRound(const LightOptions& options, std::vector<Loss> losses)
      : federation(options), collector(federation.offer, federation.registry), losses_(std::move(losses)) {
    losses_.resize(options.n, Loss::kNever);
  }

  RoundEnd Run(unsigned threads = 1, std::size_t tile_words = secagg::kUnmaskTileWords) {
    RoundEnd end;
    end.refusal = RunToUnmask();
    if (end.refusal) return end;
    for (const std::size_t i : Alive(Loss::kUnmask)) {
      collector.TakeUnmask(Id(i), federation.Reveal(i, collector.Sets()));
    }
    auto opened = collector.Open(threads, tile_words);
    if (!opened.ok()) {
      end.refusal = opened.refusal();
      return end;
    }
    end.sum = *std::move(opened);
    end.survivors = Alive(Loss::kMasked);
    return end;
  }

  // Up to and with the survivor set.
  secagg::Verdict RunToUnmask() {
    for (const std::size_t i : Alive(Loss::kAdvertise)) collector.TakeAdvert(Id(i), federation.Advertise(i));
    collector.CloseAdverts();
    if (auto bad = secagg::EnoughU1(collector.context, collector.roster)) return bad;
    if (collector.context.params.graph) {
      for (const std::size_t i : Alive(Loss::kAdvertise)) {
        collector.TakeNonce(Id(i), federation.OpenNonce(i, collector.roster));
      }
      if (auto bad = collector.CloseNonces()) return bad;
    }
    for (const std::size_t i : Alive(Loss::kShares)) {
      collector.TakeShares(Id(i), federation.Deal(i, collector.roster));
    }
    collector.CloseShares();
    if (auto bad = secagg::EnoughU2(collector.context, collector.roster, collector.u2)) return bad;
    for (const std::size_t i : Alive(Loss::kMasked)) {
      collector.TakeUpload(Id(i), federation.Mask(i, collector.roster, collector.u2));
    }
    collector.CloseUploads();
    return secagg::EnoughU3(collector.context, collector.Sets());
  }

  // Those that are not lost before `phase` or in it.
  [[nodiscard]] std::set<std::size_t> Alive(Loss phase) const {
    std::set<std::size_t> alive;
    for (std::size_t i = 0; i < losses_.size(); ++i) {
      if (losses_[i] > phase) alive.insert(i);
    }
    return alive;
  }
  [[nodiscard]] const NodeId& Id(std::size_t i) const { return federation.nodes[i].id; }

  LightFederation federation;
  TestCollector collector;

 private:
  std::vector<Loss> losses_;
};

}  // namespace accord::fsa1
