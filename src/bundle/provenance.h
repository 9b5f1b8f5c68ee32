// provenance.dsse.json: of what a model was made and how, as a SLSA v1 provenance in an in-toto statement,
// signed (DSSE) by as many members as decide on a job. What it says follows from the log and the model, so
// every member signs the same bytes, and whoever reads it makes them again. Pure.
#pragma once

#include <set>
#include <string>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "bundle/contents.h"
#include "bundle/lineage.h"
#include "ledger/signer.h"

namespace accord::bundle {

// The one payload for this lineage and model.
[[nodiscard]] Bytes ProvenancePayload(const Lineage& lineage, const Digest& model);

// Which members signed; they may be fewer than it takes. `model.bundle` names the file: its payload is
// another, or it has a signature that is by no voting member's key, or fails, or is there twice.
[[nodiscard]] Result<std::set<std::string>> Endorsers(ByteView file, const Lineage& lineage,
                                                      const Digest& model);
// Of `present`, how many it takes.
[[nodiscard]] std::size_t EndorsersNeeded(const charter::Charter& present);

// The file with one more signature; `file` is empty when there is none yet. `model.unreleased` when the key
// is not of an active member that may vote, or the member has signed already; fails as the key does.
[[nodiscard]] Result<std::string> Endorse(ByteView file, const Lineage& lineage, const Digest& model,
                                          const ledger::Signer& member);

}  // namespace accord::bundle
