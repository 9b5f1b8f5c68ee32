// The id of a job before there are proposals (DESIGN 3); computed by the coordinator, checked by every node.
#pragma once

#include "accord/ids.h"
#include "base/text.h"

namespace accord::job {

// SHA-256("accord/job/1" NUL, LV plan, LV token). Neither may be longer than 65,536 bytes.
[[nodiscard]] JobId MakeJobId(ByteView plan, ByteView token);

}  // namespace accord::job
