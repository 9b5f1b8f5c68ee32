// Journal writes as a test wants them: in one call that waits until they are durable or refused.
#pragma once

#include <future>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "driver/journal.h"

namespace accord::testing {

inline Bytes ToBytes(std::string_view text) { return {text.begin(), text.end()}; }

inline Status WriteAndWait(driver::Journal& journal, std::vector<driver::Append> batch) {
  std::promise<Status> done;
  journal.Write(std::move(batch), [&done](Status status) { done.set_value(std::move(status)); });
  return done.get_future().get();
}

inline Status WriteAndWait(driver::Journal& journal, const std::string& stream, std::string_view record) {
  return WriteAndWait(journal, {{stream, ToBytes(record)}});
}

}  // namespace accord::testing
