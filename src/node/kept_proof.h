// The proof with which this node took the present model of a masked job, as a file beside the job's others: a
// restarted node can still show it to a coordinator that went back to a backup (job_standing.cc), which may
// need it to tell the model to anybody else.
#pragma once

#include <filesystem>
#include <optional>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "rpc/messages.h"

namespace accord::node {

struct KeptProof {
  Digest model;
  rpc::ModelProof proof;
};

[[nodiscard]] Bytes Encode(const KeptProof& kept);
// `store.corrupt`. Nothing is believed of it: whoever is shown it checks every signature.
[[nodiscard]] Result<KeptProof> DecodeKeptProof(ByteView bytes);

// Durable when it returns; takes the place of an older one.
[[nodiscard]] Status KeepProof(const std::filesystem::path& file, const KeptProof& kept);
// None when there is no file, or it is damaged, which is logged: then another node has one.
[[nodiscard]] std::optional<KeptProof> FindKeptProof(const std::filesystem::path& file);

}  // namespace accord::node
