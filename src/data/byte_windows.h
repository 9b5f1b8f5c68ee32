// A text of bytes as examples for a vocabulary: about so many bytes each, cut where words begin, so that
// every byte of the text is in one example and no word in two. Used by the trainer on its thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "data/text.h"
#include "data/tokenizer.h"

namespace accord::data {

class ByteWindows {
 public:
  // `source`, of tokens of the byte vocabulary, outlives it. Window i begins at the first space or document
  // at or behind token i * `context` (at least 1); where there is none within a part of the window, at a
  // character.
  ByteWindows(const TokenSource& source, std::uint64_t context);

  // The windows, of which some may be empty.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Calls take(text, place) for each document, or part of one, in window `index`, in their order. Fails with
  // `store.io`.
  [[nodiscard]] Status ForEachText(std::uint64_t index,
                                   const std::function<void(std::string_view, Place)>& take) const;

 private:
  // Where the first window at or behind tokens[at] begins; at > 0. What is behind tokens is behind the
  // text, or too far to matter.
  [[nodiscard]] std::size_t BeginIn(std::span<const std::int32_t> tokens, std::size_t at) const;

  const TokenSource& source_;
  std::uint64_t context_, look_, size_;
};

}  // namespace accord::data
