// What a masked job's nodes bind and sign beyond FSA-1's own bodies: what is computed in a round, and which
// model came out of it. Coordinator and nodes must agree to the byte. Pure.
#pragma once

#include "accord/ids.h"
#include "base/text.h"
#include "round/round.h"

namespace accord::update {

// train_cfg_hash of an Offer (secagg.md 2.1): SHA-256("accord/train-cfg/v1\0" || job id || u8 purpose). The
// job id is a hash over the whole plan; an evaluation is another purpose than training on the same model.
[[nodiscard]] Digest TrainConfigHash(const JobId& job, round::Purpose purpose);

// What a node signs with its protocol key when it has verified a sum and made the outer step:
// "accord/model/v1\0" || ctx || model_hash. t such signatures of a cohort, t > T, hold one of an honest node:
// enough for a node that missed the round to take the model.
[[nodiscard]] Bytes ModelStatement(const Digest& ctx, const Digest& model_hash);

}  // namespace accord::update
