// Where a log's files come from: a directory, an HTTP server, a gRPC call, a test's map.
#pragma once

#include <string>

#include "accord/status.h"
#include "base/text.h"

namespace accord::ledger {

class FileSource {
 public:
  virtual ~FileSource() = default;
  // The content of the file at this path (tile.h). `log.not_found` when there is none.
  [[nodiscard]] virtual Result<Bytes> Read(const std::string& path) = 0;
};

}  // namespace accord::ledger
