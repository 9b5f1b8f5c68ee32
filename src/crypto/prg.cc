#include "crypto/prg.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <optional>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "crypto/openssl_internal.h"
#include "crypto/prg_vaes.h"
#include "crypto/secret_memory.h"

namespace accord::crypto {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kBlockBytes = 16;
constexpr std::size_t kTileWords = 1024;  // what Add works on at a time; on the stack
// What is encrypted: never written, so all threads share it.
constexpr std::array<std::uint8_t, 1 << 16> kZeros{};

const EVP_CIPHER* Algorithm() {
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr);
  ACCORD_CHECK(kCipher != nullptr);
  return kCipher;
}

// Stream bytes are little-endian; on a big-endian host the values are turned in place.
template <class T>
void ToHost(std::span<T> values) {
  if constexpr (std::endian::native == std::endian::big) {
    for (T& value : values) {
      auto* bytes = reinterpret_cast<std::uint8_t*>(&value);
      std::reverse(bytes, bytes + sizeof value);
    }
  }
}

template <class T>
std::span<std::uint8_t> BytesOf(std::span<T> values) {
  return {reinterpret_cast<std::uint8_t*>(values.data()), values.size_bytes()};
}

// OpenSSL's, which goes on from where it stands.
class EvpKeystream {
 public:
  explicit EvpKeystream(ByteView key) {
    ACCORD_CHECK(key.size() == kKeyBytes && ctx_ != nullptr);
    const std::array<std::uint8_t, kBlockBytes> iv{};
    ACCORD_CHECK(EVP_EncryptInit_ex2(ctx_.get(), Algorithm(), key.data(), iv.data(), nullptr) == 1);
  }

  void Fill(std::uint64_t first, std::span<std::uint8_t> out) {
    Seek(first);
    while (!out.empty()) {
      const std::size_t count = std::min(out.size(), kZeros.size());
      Encrypt(out.data(), count);
      place_ += count;
      out = out.subspan(count);
    }
  }

 private:
  void Encrypt(std::uint8_t* out, std::size_t size) {
    int written = 0;
    ACCORD_CHECK(EVP_EncryptUpdate(ctx_.get(), out, &written, kZeros.data(), static_cast<int>(size)) == 1);
  }

  // Setting an IV costs as much as some hundred bytes of stream: a reader that goes straight on never does.
  void Seek(std::uint64_t first) {
    if (first == place_) return;
    std::array<std::uint8_t, kBlockBytes> iv{};
    const std::uint64_t block = first / kBlockBytes;
    for (std::size_t i = 0; i < 8; ++i) iv[15 - i] = static_cast<std::uint8_t>(block >> (8 * i));
    ACCORD_CHECK(EVP_EncryptInit_ex2(ctx_.get(), nullptr, nullptr, iv.data(), nullptr) == 1);
    std::array<std::uint8_t, kBlockBytes> skipped;
    if (const std::size_t within = first % kBlockBytes; within != 0) Encrypt(skipped.data(), within);
    Cleanse(skipped);
    place_ = first;
  }

  CipherCtxPtr ctx_{EVP_CIPHER_CTX_new()};
  std::uint64_t place_ = 0;  // of the next byte that the cipher gives
};

// Same bytes as OpenSSL, for some keys at some places: odd ones, long ones, and over the carry of block 2^32.
bool VaesPasses() {
  constexpr std::uint64_t kCarry = (1ULL << 32) * kBlockBytes;
  std::array<std::uint8_t, kKeyBytes> key{};
  std::vector<std::uint8_t> want(5000);
  std::vector<std::uint8_t> got(5000);
  for (const std::uint8_t seed : {0, 1, 0xFF}) {
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(seed * (2 * i + 1));
    EvpKeystream evp(key);
    const VaesKeystream vaes(key);
    for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{77}, kCarry - 2000}) {
      evp.Fill(first, want);
      vaes.Fill(first, got);
      if (want != got) return false;
    }
  }
  return true;
}

KeystreamBackend FastestBackend() {
  static const KeystreamBackend kFastest = !HasVaes()     ? KeystreamBackend::kEvp
                                           : VaesPasses() ? KeystreamBackend::kVaes
                                                          : KeystreamBackend::kEvpVaesFails;
  return kFastest;
}

std::atomic<bool> evp_only = false;

}  // namespace

KeystreamBackend CurrentKeystreamBackend() { return evp_only ? KeystreamBackend::kEvp : FastestBackend(); }

std::string_view Name(KeystreamBackend backend) {
  switch (backend) {
    case KeystreamBackend::kVaes:
      return "vaes-512";
    case KeystreamBackend::kEvpVaesFails:
      return "openssl (VAES failed its self-test)";
    case KeystreamBackend::kEvp:
      break;
  }
  return "openssl";
}

bool UseKeystreamBackend(KeystreamBackend backend) {
  evp_only = backend != KeystreamBackend::kVaes;
  return backend == KeystreamBackend::kEvp || FastestBackend() == backend;
}

struct Keystream::State {
  // Round keys are keys.
  static void* operator new(std::size_t size) { return SecretMemory().allocate(size, alignof(State)); }
  static void operator delete(void* state, std::size_t size) {
    SecretMemory().deallocate(state, size, alignof(State));
  }

  std::optional<VaesKeystream> vaes;
  std::optional<EvpKeystream> evp;

  template <class Op>
  static void Apply(Keystream& stream, std::uint64_t first, std::span<std::uint64_t> words, Op op) {
    std::array<std::uint64_t, kTileWords> tile;
    while (!words.empty()) {
      const std::size_t count = std::min(words.size(), kTileWords);
      stream.FillWords(first, std::span(tile).first(count));
      for (std::size_t i = 0; i < count; ++i) words[i] = op(words[i], tile[i]);
      first += count;
      words = words.subspan(count);
    }
    Cleanse(BytesOf(std::span<std::uint64_t>(tile)));
  }
};

Keystream::Keystream(ByteView key) : state_(std::make_unique<State>()) {
  if (CurrentKeystreamBackend() == KeystreamBackend::kVaes) {
    state_->vaes.emplace(key);
  } else {
    state_->evp.emplace(key);
  }
}
Keystream::~Keystream() = default;
Keystream::Keystream(Keystream&&) noexcept = default;
Keystream& Keystream::operator=(Keystream&&) noexcept = default;

void Keystream::FillBytes(std::uint64_t first, std::span<std::uint8_t> out) {
  state_->vaes ? state_->vaes->Fill(first, out) : state_->evp->Fill(first, out);
}

void Keystream::FillWords(std::uint64_t first, std::span<std::uint64_t> out) {
  ACCORD_CHECK(first < (1ULL << 61));
  FillBytes(first * sizeof(std::uint64_t), BytesOf(out));
  ToHost(out);
}

void Keystream::FillU32(std::uint64_t first, std::span<std::uint32_t> out) {
  ACCORD_CHECK(first < (1ULL << 62));
  FillBytes(first * sizeof(std::uint32_t), BytesOf(out));
  ToHost(out);
}

void Keystream::Add(std::uint64_t first, std::span<std::uint64_t> words) {
  State::Apply(*this, first, words, [](std::uint64_t a, std::uint64_t b) { return a + b; });
}

void Keystream::Subtract(std::uint64_t first, std::span<std::uint64_t> words) {
  State::Apply(*this, first, words, [](std::uint64_t a, std::uint64_t b) { return a - b; });
}

}  // namespace accord::crypto
