// What the log adds to sessions: checkpoints for witnesses, and the members' decision on a job. For
// convert_*.cc.
#pragma once

#include "accord/v1/ledger.pb.h"
#include "charter/admission.h"
#include "rpc/messages.h"

namespace accord::rpc {

void Fill(const charter::JobBundle& bundle, v1::JobBundle* out);
void Fill(const AddCheckpoint& message, v1::AddCheckpoint* out);
void Fill(const CheckpointAnswer& message, v1::CheckpointAnswer* out);
// `rpc.malformed`.
[[nodiscard]] Result<charter::JobBundle> ReadBundle(const v1::JobBundle& bundle);
[[nodiscard]] Result<ToNode> ReadAddCheckpoint(const v1::AddCheckpoint& message);
[[nodiscard]] Result<FromNode> ReadCheckpointAnswer(const v1::CheckpointAnswer& message);

}  // namespace accord::rpc
