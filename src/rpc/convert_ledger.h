// What the log adds to sessions: checkpoints for witnesses, the members' decision on a job, and what binds
// its rounds to the log. For convert_*.cc.
#pragma once

#include "accord/v1/ledger.pb.h"
#include "charter/admission.h"
#include "charter/round_proof.h"
#include "rpc/messages.h"

namespace accord::rpc {

void Fill(const charter::JobBundle& bundle, v1::JobBundle* out);
void Fill(const charter::RoundProof& proof, v1::RoundProof* out);
void Fill(const RoundReceipt& message, v1::RoundReceipt* out);
void Fill(const AddCheckpoint& message, v1::AddCheckpoint* out);
void Fill(const CheckpointAnswer& message, v1::CheckpointAnswer* out);
// `rpc.malformed`.
[[nodiscard]] Result<charter::JobBundle> ReadBundle(const v1::JobBundle& bundle);
[[nodiscard]] Result<charter::RoundProof> ReadRoundProof(const v1::RoundProof& proof);
[[nodiscard]] Result<FromNode> ReadRoundReceipt(const v1::RoundReceipt& message);
[[nodiscard]] Result<ToNode> ReadAddCheckpoint(const v1::AddCheckpoint& message);
[[nodiscard]] Result<FromNode> ReadCheckpointAnswer(const v1::CheckpointAnswer& message);

}  // namespace accord::rpc
