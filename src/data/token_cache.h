// The tokens of a corpus on disk, made once. A directory holds one corpus's: the files `train` and `holdout`
// (token_file.h), and `meta`, which is written last and says for which corpus they are, how long they are,
// and their checksums. Called by LoadText, from any thread and process: a lock lets one at a time look and
// write. Whoever has the files open keeps them, also when they are replaced.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "data/corpus.h"
#include "data/text.h"

namespace accord::data {

// Fills the two parts, and says what is in them.
using CorpusBuilder = std::function<Result<CorpusWriter::Figures>(CorpusParts& parts)>;

// What is in `directory` when its key is `key` and its checksums hold; otherwise what `build` makes, which is
// then in `directory`. After a failure nothing of it is there. Fails as `build` does, and with `store.io`
// and `store.disk_full`.
[[nodiscard]] Result<TextDataset> OpenOrBuild(const std::filesystem::path& directory, const Digest& key,
                                              std::uint32_t width, const CorpusBuilder& build);

}  // namespace accord::data
