#include "data/segment.h"

#include <algorithm>
#include <limits>
#include <queue>

#include "data/sentencepiece_normalizer.h"
#include "data/utf8.h"

namespace accord::data {
namespace {

constexpr float kUnknownPenalty = 10.0F;

const model::Piece& PieceOf(const SentencePieceModel& model, std::int32_t id) {
  return model.pieces[static_cast<std::size_t>(id)];
}

// Of a normalised text, which is well-formed.
std::size_t CharacterAt(std::string_view text) { return std::max<std::size_t>(Utf8Size(text), 1); }

}  // namespace

std::vector<PrefixTable::Entry> EntriesOf(const SentencePieceModel& model,
                                          std::initializer_list<model::PieceType> kinds) {
  std::vector<PrefixTable::Entry> entries;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const model::Piece& piece = model.pieces[id];
    if (std::ranges::count(kinds, piece.type) > 0)
      entries.push_back({piece.text, static_cast<std::int32_t>(id)});
  }
  return entries;
}

bool PiecesStayWithinWords(const SentencePieceModel& model) {
  return std::ranges::none_of(model.pieces, [](const model::Piece& piece) {
    const bool cut = piece.type == model::PieceType::kNormal ||
                     piece.type == model::PieceType::kUserDefined || piece.type == model::PieceType::kUnused;
    return cut && piece.text.find(kSpaceMark, 1) != std::string::npos;
  });
}

// A text as a list of symbols, which merge until no two neighbours are a piece together.
struct BpeSegmenter::Symbols {
  static constexpr std::int32_t kNone = -1;
  struct Symbol {
    std::string_view text;  // empty: merged into the one before
    std::int32_t prev = kNone, next = kNone;
    bool frozen = false;
  };
  struct Pair {
    float score;
    std::int32_t left, right;
    std::size_t size;
    bool operator<(const Pair& other) const {
      return score < other.score || (score == other.score && left > other.left);
    }
  };

  const BpeSegmenter& segmenter;
  std::vector<Symbol> symbols;
  std::priority_queue<Pair> agenda;
  // Pieces that only lead to others: what they are taken apart into when they are left.
  std::unordered_map<std::string_view, std::pair<std::string_view, std::string_view>> apart;

  Symbol& At(std::int32_t i) { return symbols[static_cast<std::size_t>(i)]; }

  void Split(std::string_view text) {
    while (!text.empty()) {
      const std::size_t user = segmenter.user_.Longest(text);
      const std::size_t size = user > 0 ? user : CharacterAt(text);
      const auto index = static_cast<std::int32_t>(symbols.size());
      symbols.push_back({text.substr(0, size), index - 1, index + 1, user > 0});
      text.remove_prefix(size);
    }
    if (!symbols.empty()) symbols.back().next = kNone;
  }
  void Consider(std::int32_t left, std::int32_t right) {
    if (left == kNone || right == kNone || At(left).frozen || At(right).frozen) return;
    const std::string_view merged(At(left).text.data(), At(left).text.size() + At(right).text.size());
    const auto found = segmenter.ids_.find(merged);
    if (found == segmenter.ids_.end()) return;
    const model::Piece& piece = PieceOf(segmenter.model_, found->second);
    agenda.push({piece.score, left, right, merged.size()});
    if (piece.type == model::PieceType::kUnused) apart[merged] = {At(left).text, At(right).text};
  }
  void Merge() {
    for (std::int32_t i = 1; i < static_cast<std::int32_t>(symbols.size()); ++i) Consider(i - 1, i);
    while (!agenda.empty()) {
      const Pair top = agenda.top();
      agenda.pop();
      Symbol &left = At(top.left), &right = At(top.right);
      if (left.text.empty() || right.text.empty() || left.text.size() + right.text.size() != top.size)
        continue;
      left.text = {left.text.data(), top.size};
      left.next = right.next;
      if (right.next != kNone) At(right.next).prev = top.left;
      right.text = {};
      Consider(left.prev, top.left);
      Consider(top.left, left.next);
    }
  }
};

BpeSegmenter::BpeSegmenter(const SentencePieceModel& model, const PrefixTable& user)
    : model_(model), user_(user), within_words_(PiecesStayWithinWords(model)) {
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const model::PieceType kind = model.pieces[id].type;
    if (kind == model::PieceType::kNormal || kind == model::PieceType::kUserDefined ||
        kind == model::PieceType::kUnused) {
      ids_.emplace(model.pieces[id].text, static_cast<std::int32_t>(id));
    }
  }
}

void BpeSegmenter::Emit(std::string_view text, const Symbols& symbols, std::vector<Segment>& out) const {
  std::vector<std::string_view> rest = {text};
  while (!rest.empty()) {
    const std::string_view at = rest.back();
    rest.pop_back();
    const auto found = ids_.find(at);
    const std::int32_t id = found == ids_.end() ? model_.unknown : found->second;
    const auto parts = symbols.apart.find(at);
    if (PieceOf(model_, id).type == model::PieceType::kUnused && parts != symbols.apart.end()) {
      rest.push_back(parts->second.second);
      rest.push_back(parts->second.first);
    } else {
      out.push_back({at, id});
    }
  }
}

void BpeSegmenter::Segments(std::string_view text, std::vector<Segment>& out) const {
  Symbols symbols{.segmenter = *this};
  while (within_words_ && !text.empty()) {
    const std::string_view word = text.substr(0, text.find(kSpaceMark, 1));
    Merge(word, symbols, out);
    text.remove_prefix(word.size());
  }
  Merge(text, symbols, out);
}

void BpeSegmenter::Merge(std::string_view text, Symbols& symbols, std::vector<Segment>& out) const {
  symbols.symbols.clear();
  symbols.apart.clear();
  symbols.Split(text);
  symbols.Merge();
  for (const Symbols::Symbol& symbol : symbols.symbols) {
    if (!symbol.text.empty()) Emit(symbol.text, symbols, out);
  }
}

UnigramSegmenter::UnigramSegmenter(const SentencePieceModel& model)
    : model_(model), pieces_(EntriesOf(model, {model::PieceType::kNormal, model::PieceType::kUserDefined})) {
  float least = std::numeric_limits<float>::max();
  user_score_ = std::numeric_limits<float>::min();  // as the library has it: the least positive number
  for (const model::Piece& piece : model.pieces) {
    if (piece.type != model::PieceType::kNormal) continue;
    least = std::min(least, piece.score);
    user_score_ = std::max(user_score_, piece.score);
  }
  unknown_score_ = least - kUnknownPenalty;
}

void UnigramSegmenter::Segments(std::string_view text, std::vector<Segment>& out) const {
  struct Node {  // the best path to a place in the text
    float score = 0;
    std::int32_t id = 0;
    std::ptrdiff_t from = -1;
  };
  std::vector<Node> nodes(text.size() + 1);
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const float here = nodes[at].score;
    const std::size_t character = CharacterAt(rest);
    bool known = false;
    const auto reach = [&](std::size_t size, std::int32_t id, float score) {
      Node& node = nodes[at + size];
      if (node.from >= 0 && score + here <= node.score) return;
      node = {score + here, id, static_cast<std::ptrdiff_t>(at)};
    };
    pieces_.ForEachPrefix(rest, [&](const PrefixTable::Entry& entry) {
      const model::Piece& piece = PieceOf(model_, entry.id);
      const std::size_t size = entry.text.size();
      const bool user = piece.type == model::PieceType::kUserDefined;
      reach(size, entry.id,
            user ? static_cast<float>(static_cast<float>(size) * user_score_ - 0.1) : piece.score);
      known = known || size == character;
    });
    if (!known) reach(character, model_.unknown, unknown_score_);
    at += character;
  }
  const auto begun = static_cast<std::ptrdiff_t>(out.size());
  for (std::size_t end = text.size(); end > 0;) {
    const auto from = static_cast<std::size_t>(nodes[end].from);
    out.push_back({text.substr(from, end - from), nodes[end].id});
    end = from;
  }
  std::reverse(out.begin() + begun, out.end());
}

}  // namespace accord::data
