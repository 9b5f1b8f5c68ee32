// What the parts of the coordinator share. One object, made by Coordinator, outlives them all.
#pragma once

#include <functional>
#include <memory>
#include <utility>
//
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include "accord/clock.h"
#include "accord/ids.h"
#include "config/coordinator_config.h"
#include "coordinator/blob_refs.h"
#include "coordinator/registry_book.h"
#include "coordinator/sessions.h"
#include "coordinator/timing.h"
#include "driver/journal.h"
#include "store/blobs.h"
#include "store/reserve.h"
#include "store/spool.h"
#include "web/metrics.h"

namespace accord::coordinator {

class Decisions;

struct Services {
  const config::CoordinatorConfig& config;
  const Clock& clock;
  Timing& timing;
  boost::asio::io_context& io;           // strands: short, never blocking on the network
  boost::asio::any_io_executor workers;  // threads for sums and models: seconds of CPU
  driver::Journal& journal;
  store::Blobs& blobs;
  store::SpoolPool& spools;
  store::Reserve& reserve;
  Sessions& sessions;
  BlobRefs& refs;
  RegistryBook& registries;
  web::Metrics& metrics;
  std::function<void()> reschedule;          // a job joined the queue, or left its place
  std::function<void(const Status&)> fatal;  // the state cannot be written any more: stop the program
  Decisions* decisions = nullptr;            // of members; null: jobs need none
};

}  // namespace accord::coordinator
