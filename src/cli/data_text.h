// A certificate of data as people read it. Pure (golden tests in tests/golden/cli).
#pragma once

#include <string>

#include "accord/ids.h"
#include "dataset/certificate.h"

namespace accord::cli {

// A line a fact. `id` is the SHA-256 of the certificate's payload.
[[nodiscard]] std::string CertificateText(const Digest& id, const dataset::Certificate& certificate);

}  // namespace accord::cli
