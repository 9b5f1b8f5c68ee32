// Where secrets lie: pages that no core dump holds (MADV_DONTDUMP), and that are not swapped out as far as
// the system lets a process lock them (RLIMIT_MEMLOCK). For ZeroizingBytes, SecretWords and keystreams;
// OpenSSL's own keys lie in its secure heap, which is made here, too. Thread-safe.
#pragma once

#include <cstddef>
#include <memory_resource>

namespace accord::crypto {

// Made at the first call, and there until the process ends. It throws std::bad_alloc when the system has no
// more such pages: a secret never gets others. It keeps what is given back, so that who frees must cleanse.
[[nodiscard]] std::pmr::memory_resource& SecretMemory();

// How much of a process's allowance of locked memory OpenSSL's keys take at once; secrets take more by need.
constexpr std::size_t kSecureHeapBytes = 2U << 20;

// At the start of a program, before any key: false when the system cannot leave pages out of dumps.
[[nodiscard]] bool PrepareSecretMemory();
// Whether all of it is locked so far. What is not may be swapped out.
[[nodiscard]] bool SecretMemoryIsLocked();

}  // namespace accord::crypto
