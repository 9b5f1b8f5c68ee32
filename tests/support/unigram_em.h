// The EM of a unigram vocabulary over texts in one place, for the tests to compare with: plain
// probabilities, a word at a time, nothing of the code under test but the reader of the seed's file.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/sentencepiece_model.h"

namespace accord::testing {

struct EmStep {
  std::vector<double> counts;  // expected, by id
  double log_likelihood = 0.0;
};

class CentralEm {
 public:
  explicit CentralEm(const data::SentencePieceModel& seed)
      : unknown_(static_cast<std::size_t>(seed.unknown)) {
    for (std::size_t id = 0; id < seed.pieces.size(); ++id) {
      if (seed.pieces[id].type == model::PieceType::kNormal) ids_[seed.pieces[id].text] = id;
    }
    size_ = seed.pieces.size();
  }
  [[nodiscard]] std::size_t size() const { return size_; }

  // Of documents whose words are parted by single spaces, by frequencies on any scale.
  [[nodiscard]] EmStep Step(const std::vector<std::string>& documents,
                            const std::vector<double>& frequencies) const {
    double sum = std::max(0.0, frequencies[unknown_]);
    for (const auto& [text, id] : ids_) sum += std::max(0.0, frequencies[id]);
    std::vector<double> p(size_);
    for (std::size_t id = 0; id < size_; ++id) p[id] = std::max(frequencies[id] / sum, 1e-9);
    EmStep step{.counts = std::vector<double>(size_)};
    for (const std::string& document : documents) {
      for (std::size_t at = 0; at < document.size();) {
        const std::size_t end = std::min(document.find(' ', at), document.size());
        AddWord("\xE2\x96\x81" + document.substr(at, end - at), p, step);
        at = end + 1;
      }
    }
    return step;
  }

 private:
  void AddWord(const std::string& word, const std::vector<double>& p, EmStep& step) const {
    struct Arc {
      std::size_t from, to, id;
      double p;
    };
    std::vector<Arc> arcs;
    const auto begins = [&](std::size_t i) { return i == word.size() || (word[i] & 0xC0) != 0x80; };
    for (std::size_t from = 0; from < word.size(); ++from) {
      if (!begins(from)) continue;
      bool character = true, known = false;  // the shortest part is one character
      for (std::size_t to = from + 1; to <= word.size(); ++to) {
        if (!begins(to)) continue;
        const auto found = ids_.find(word.substr(from, to - from));
        if (found != ids_.end()) arcs.push_back({from, to, found->second, p[found->second]});
        if (character) {
          known = found != ids_.end();
          if (!known) arcs.push_back({from, to, unknown_, p[unknown_] * std::pow(256.0, -double(to - from))});
        }
        character = false;
      }
    }
    std::vector<double> front(word.size() + 1), back(word.size() + 1);
    front[0] = back[word.size()] = 1.0;
    for (const Arc& arc : arcs) front[arc.to] += front[arc.from] * arc.p;
    for (auto arc = arcs.rbegin(); arc != arcs.rend(); ++arc) back[arc->from] += arc->p * back[arc->to];
    for (const Arc& arc : arcs) step.counts[arc.id] += front[arc.from] * arc.p * back[arc.to] / back[0];
    step.log_likelihood += std::log(back[0]);
  }

  std::map<std::string, std::size_t> ids_;
  std::size_t unknown_, size_;
};

}  // namespace accord::testing
