#include "crypto/secret_memory.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace accord::crypto {
namespace {

constexpr std::size_t kLeastSecureBytes = 32;  // a key of X25519
constexpr std::size_t kMostLockedBytes = 1
                                         << 16;  // larger pieces are no keys, and would use up the allowance

// Whole pages, from the system and back to it.
class Pages final : public std::pmr::memory_resource {
 public:
  [[nodiscard]] bool locked() const { return locked_; }
  void NoteUnlocked() { locked_ = false; }

 private:
  static std::size_t Whole(std::size_t size) {
    static const auto kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return (size + kPage - 1) / kPage * kPage;
  }

  void* do_allocate(std::size_t size, std::size_t /*alignment: below a page's*/) override {
    const std::size_t whole = Whole(size);
    void* const pages = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    if (::madvise(pages, whole, MADV_DONTDUMP) != 0) {
      ::munmap(pages, whole);
      throw std::bad_alloc();
    }
    if (whole <= kMostLockedBytes && ::mlock(pages, whole) != 0) locked_ = false;
    return pages;
  }

  void do_deallocate(void* pages, std::size_t size, std::size_t /*alignment*/) override {
    ::munmap(pages, Whole(size));
  }

  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::atomic<bool> locked_ = true;
};

// Never destroyed: secrets may outlive everything else.
struct Heap {
  Pages pages;
  std::pmr::synchronized_pool_resource pool{&pages};
  bool secure = true;  // whether OpenSSL has its own

  Heap() {
    // 1: as asked for; 2: not locked, or not left out of dumps, which PrepareSecretMemory tells apart; 0:
    // none.
    const int made = CRYPTO_secure_malloc_init(kSecureHeapBytes, kLeastSecureBytes);
    secure = made != 0;
    if (made != 1) pages.NoteUnlocked();
  }
};

Heap& TheHeap() {
  static Heap* const kHeap = new Heap;
  return *kHeap;
}

}  // namespace

std::pmr::memory_resource& SecretMemory() { return TheHeap().pool; }

bool PrepareSecretMemory() {
  Heap& heap = TheHeap();
  try {
    heap.pages.deallocate(heap.pages.allocate(1), 1);
    return heap.secure;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool SecretMemoryIsLocked() { return TheHeap().pages.locked(); }

}  // namespace accord::crypto
