// What every outer rule asks of its parameters. Called by the makers of rules. Pure.
#pragma once

#include "accord/status.h"

namespace accord::strategy {

// `job.invalid` unless `value` is a finite number above 0; `key` is that of the job file.
[[nodiscard]] Status CheckPositive(const char* key, double value);
// `job.invalid` unless 0 <= value < 1.
[[nodiscard]] Status CheckDecay(const char* key, double value);

}  // namespace accord::strategy
