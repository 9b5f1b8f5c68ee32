// From documents to the tokens of two parts: leaves out blank documents and repeated ones, and decides for
// each other one whether it is held out. Called by the cache of tokens. Not thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "crypto/sha256.h"
#include "data/documents.h"
#include "data/text.h"
#include "data/token_file.h"
#include "data/tokenizer.h"

namespace accord::data {

// Which documents are held out, beside those of a file given as hold-out.
struct HoldoutRule {
  std::set<std::string, std::less<>> sources;
  std::uint64_t seed = 0;
  std::uint64_t below = 0;  // those whose draw is less; 0: none
};

// A number that looks drawn evenly from 0 to 2^64 - 1, the same for the same document and seed: the first 8
// bytes, big-endian, of SHA-256 over "accord hold-out", the seed as 8 bytes big-endian, and the document's
// SHA-256.
[[nodiscard]] std::uint64_t HoldoutDraw(const Digest& document, std::uint64_t seed);
// HoldoutRule::below for a share of at least 0 and below 1.
[[nodiscard]] std::uint64_t HoldoutBound(double share);

// 64-bit numbers that look random: open addressing, at most 32 bytes for each.
class HashSet {
 public:
  // False when it was there.
  [[nodiscard]] bool Insert(std::uint64_t value);

 private:
  void Place(std::uint64_t value);

  std::vector<std::uint64_t> slots_;  // 0: free
  std::uint64_t used_ = 0;
};

struct CorpusParts {
  TokenWriter train;
  TokenWriter holdout;
};

class CorpusWriter final : public DocumentSink {
 public:
  struct Rules {
    HoldoutRule holdout;
    bool deduplicate = true;
  };
  struct Figures {
    TextCounts train, holdout;
    std::uint64_t duplicates = 0;
    // Of the documents that have a draw.
    std::uint64_t least_draw = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t greatest_draw = 0;
  };

  // All must outlive the writer.
  CorpusWriter(const Tokenizer& tokenizer, Rules rules, CorpusParts& parts)
      : tokenizer_(tokenizer), rules_(std::move(rules)), parts_(parts) {}

  // Whether the documents that follow are all held out.
  void HoldOut(bool all) { all_held_out_ = all; }

  [[nodiscard]] Status Begin(std::string_view source) override;
  [[nodiscard]] Status Append(std::string_view piece) override;
  [[nodiscard]] Status End() override;

  [[nodiscard]] const Figures& figures() const { return figures_; }

 private:
  [[nodiscard]] Status Encode(bool last);
  // Whether the document that just ended is held out.
  [[nodiscard]] bool HeldOut(const Digest& digest);

  const Tokenizer& tokenizer_;
  const Rules rules_;
  CorpusParts& parts_;
  Figures figures_;
  HashSet seen_;
  bool all_held_out_ = false;

  // The document at hand. Its tokens go to the training part, and leave it at its end where they must.
  bool source_held_out_ = false;
  bool blank_ = true;
  bool unread_ = true;  // no token was made of it
  std::uint64_t mark_ = 0;
  std::uint64_t bytes_ = 0;
  crypto::Sha256 hash_;
  std::string pending_;  // not yet tokens
  std::vector<std::int32_t> tokens_;
};

}  // namespace accord::data
