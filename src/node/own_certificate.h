// The certificate of the data that a job would read here, against the members' decision on that job: nothing
// is trained on data that this member does not vouch for, or that members did not decide on (governance.md
// 2e).
#pragma once

#include <string>

#include "accord/ids.h"
#include "accord/status.h"
#include "charter/admission.h"
#include "config/node_config.h"
#include "dataset/certificate.h"

namespace accord::node {

struct OwnCertificate {
  Digest id;  // SHA-256 of its payload, as proposals and policies name it
  dataset::Certificate content;
};

// Of the data set `id` of the configuration, when all of it holds: there is one (`dataset.uncertified`); it
// is this member's, by a governance key that any version of the charter lists and none revoked
// (`dataset.signature`), and in date (`dataset.expired`); the proposal names it for this member
// (`dataset.not_named`); the charter in force has not revoked it as far as the log is known
// (`dataset.revoked`); and no other certificate in the configuration that is in force supersedes it
// (`dataset.superseded`). Errors of reading it. Whether the bytes are what it says is CheckCertified's.
[[nodiscard]] Result<OwnCertificate> CheckOwnCertificate(const config::NodeConfig& config,
                                                         const std::string& id,
                                                         const charter::Admitted& admitted,
                                                         charter::UnixSeconds now);

}  // namespace accord::node
