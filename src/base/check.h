// ACCORD_CHECK: a broken invariant is a bug; say where and stop before it can do harm.
#pragma once

#include <cstdio>
#include <cstdlib>

#define ACCORD_CHECK(condition)                                                                         \
  do {                                                                                                  \
    if (!(condition)) {                                                                                 \
      std::fprintf(stderr, "accord: bug at %s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                                     \
    }                                                                                                   \
  } while (false)
