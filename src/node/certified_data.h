// Before a job sees data that a member certified: are they those bytes still (governance.md 2e, step 4)?
#pragma once

#include <string>

#include "accord/clock.h"
#include "accord/status.h"
#include "accord/trainer.h"
#include "config/node_config.h"

namespace accord::node {

// Ok for a data set without a certificate. Else the certificate is signed by one of the keys, in force, and
// for this purpose among others (`dataset.purpose`), every file of the data set lies below the directory that
// was certified, and that directory is what the manifest beside the certificate says: all of it, or names,
// sizes and a sample. Reads the data, so for worker threads. Errors of dataset/verify.h; `dataset.changed`
// for a file elsewhere.
[[nodiscard]] Status CheckCertified(const config::NodeConfig& config, const DatasetConfig& data,
                                    const std::string& purpose, TimePoint now);

}  // namespace accord::node
