// Files that the command line names.
#pragma once

#include <utility>

#include "accord/status.h"
#include "base/errors.h"

namespace accord::cli {

// Whoever reads it says `store.io` of a file that cannot be read; the command line is what is wrong:
// `cli.file`.
[[nodiscard]] inline Status OfNamed(const Status& status) {
  return status.error() == errors::kStoreIo.id ? Fail(errors::kCliFile, status.message()) : status;
}
template <class T>
[[nodiscard]] Result<T> OfNamed(Result<T> result) {
  if (result.ok()) return result;
  return OfNamed(result.status());
}

}  // namespace accord::cli
