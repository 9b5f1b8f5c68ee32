#include "job/job_id.h"

#include "base/codec.h"
#include "crypto/sha256.h"

namespace accord::job {

JobId MakeJobId(ByteView plan, ByteView token) {
  using namespace std::string_view_literals;
  Writer out;
  out.Raw("accord/job/1\0"sv).Lv(plan).Lv(token);
  return {crypto::Sha256::Of(out.bytes()).bytes};
}

}  // namespace accord::job
