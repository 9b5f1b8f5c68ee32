// The vocabulary of text as its bytes: token b is the byte b, whatever the language and script. It needs no
// file, and every nation pays the same for a character of its own. Read by data, trainer and the exporters.
#pragma once

#include <cstdint>

namespace accord::model {

inline constexpr std::uint32_t kByteBegin = 256;  // "<s>", before every document
inline constexpr std::uint32_t kByteEnd = 257;    // "</s>"
inline constexpr std::uint32_t kByteUnknown =
    258;  // "<unk>": no text becomes it; readers of files expect one
inline constexpr std::uint64_t kByteVocabulary = 259;

}  // namespace accord::model
