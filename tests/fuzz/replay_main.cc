// Replays a fuzz target's corpus as an ordinary test: every file of the directory, then seeded mutations of
// them, bounded in number. Linked into each fuzz_*.cc where libFuzzer is not. Single-threaded. A crash names
// the input on stderr; run again with the printed seed to meet it again. usage: fuzz_NAME CORPUS_DIRECTORY
// [SEED]
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kMutations = 4000;  // of the whole corpus together: a few seconds under sanitizers
constexpr std::size_t kMaxBytes = 1 << 16;

char current[512] = "nothing yet";

void OnCrash(int signal) {
  // Best effort in a dying process; fputs is good enough to name the input.
  std::fputs("\nfuzz target failed on: ", stderr);
  std::fputs(current, stderr);
  std::fputs("\n", stderr);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void Run(const Bytes& input, const std::string& name) {
  std::strncpy(current, name.c_str(), sizeof current - 1);
  // An exact heap block, so that a sanitizer sees a read one byte past the end.
  const Bytes exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

// One small change: what a cut, repeated, swapped or damaged message looks like.
void MutateOnce(Bytes& bytes, const std::vector<Bytes>& corpus, std::mt19937_64& random) {
  const auto below = [&random](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  const auto at = [&](std::size_t index) { return bytes.begin() + static_cast<std::ptrdiff_t>(index); };
  switch (below(6)) {
    case 0:
      if (!bytes.empty()) bytes[below(bytes.size())] ^= static_cast<std::uint8_t>(1U << below(8));
      break;
    case 1:
      if (!bytes.empty()) bytes[below(bytes.size())] = random() % 2 == 0 ? 0xFF : 0x00;
      break;
    case 2:
      bytes.resize(below(bytes.size() + 1));
      break;
    case 3:
      bytes.insert(at(below(bytes.size() + 1)), static_cast<std::uint8_t>(random()));
      break;
    case 4: {
      const std::size_t from = below(bytes.size());
      bytes.erase(at(from), at(std::min(bytes.size(), from + 1 + below(8))));
      break;
    }
    default: {  // the head of this one, the tail of another
      const Bytes& other = corpus[below(corpus.size())];
      bytes.resize(below(bytes.size() + 1));
      const std::size_t from = below(other.size() + 1);
      bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY [SEED]\n", argv[0]);
    return 4;
  }
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::signal(SIGABRT, OnCrash);
  std::signal(SIGSEGV, OnCrash);

  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1], error)) files.push_back(entry.path());
  if (files.empty()) {
    std::fprintf(stderr, "no corpus in %s: put at least one input there\n", argv[1]);
    return 1;
  }
  std::sort(files.begin(), files.end());

  std::vector<Bytes> corpus;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    Run(corpus.back(), file.string());
  }
  std::mt19937_64 random(seed);
  for (int i = 0; i < kMutations; ++i) {
    const std::size_t base = static_cast<std::size_t>(i) % corpus.size();
    Bytes mutated = corpus[base];
    for (auto changes = 1 + random() % 4; changes > 0; --changes) MutateOnce(mutated, corpus, random);
    if (mutated.size() > kMaxBytes) mutated.resize(kMaxBytes);
    Run(mutated,
        files[base].string() + ", mutation " + std::to_string(i) + " of seed " + std::to_string(seed));
  }
  std::printf("%zu inputs, %d mutations, seed %llu\n", corpus.size(), kMutations,
              static_cast<unsigned long long>(seed));
  return 0;
}
