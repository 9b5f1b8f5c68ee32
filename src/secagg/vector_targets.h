// For the kernels of this module alone: one body, compiled several times for wider vectors and chosen at run
// time by what the CPU has (Widths() of encode_kernel.h). Always the same bits.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#define ACCORD_TARGET_512 __attribute__((target("avx512f,avx512dq,avx512vl")))
#else
#define ACCORD_TARGET_512 __attribute__((target("avx512f,avx512dq,avx512vl,prefer-vector-width=512")))
#endif
#define ACCORD_TARGET_256 __attribute__((target("avx2")))
#endif
#define ACCORD_BODY inline __attribute__((always_inline))
