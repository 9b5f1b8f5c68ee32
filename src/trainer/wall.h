// The wall of this module: no exception of libtorch or std leaves it. Each entry of the seam runs inside
// Guard.
#pragma once

#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "accord/status.h"
#include "base/errors.h"

namespace accord::trainer {

// CUDA has a class of its own for it in newer versions; the CPU's allocator throws a plain c10::Error.
[[nodiscard]] inline bool SaysOutOfMemory(std::string_view what) {
  return what.find("not enough memory") != std::string_view::npos ||
         what.find("out of memory") != std::string_view::npos;
}

// What `body` returns (a Status or Result), or `trainer.memory` or `trainer.failed` for what it throws.
template <class Body>
auto Guard(std::string_view doing, Body&& body) -> decltype(body()) {
  const auto failed = [&](std::string_view what) {
    return Fail(SaysOutOfMemory(what) ? errors::kTrainerMemory : errors::kTrainerFailed,
                std::string(doing) + ": " + std::string(what));
  };
  try {
    return std::forward<Body>(body)();
  } catch (const c10::Error& error) {
    return failed(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return Fail(errors::kTrainerMemory, std::string(doing) + ": out of memory");
  } catch (const std::exception& error) {
    return failed(error.what());
  }
}

}  // namespace accord::trainer
