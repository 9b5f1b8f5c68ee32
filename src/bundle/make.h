// Makes the bundle of a model. Pure: what the coordinator has is gathered elsewhere (cli/model_bundle.cc).
#pragma once

#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "bundle/bom.h"
#include "bundle/contents.h"
#include "bundle/job_record.h"
#include "ledger/signer.h"

namespace accord::bundle {

struct Release {
  Digest genesis;  // SHA-256 of the first charter
  JobRecord record;
  Digest model;
  std::vector<Figure> figures;
};

// All files but the model, signed by the release key of a member and endorsed by one member, who may be
// another. The bundle is what Verify takes, but for endorsements that are still to come; errors as there:
// nothing is signed for what cannot be shown. Fails as the keys do; `model.unreleased` for keys that the
// charter does not have.
[[nodiscard]] Result<Contents> Make(const Release& what, const ledger::Signer& release_key,
                                    const ledger::Signer& member);

}  // namespace accord::bundle
