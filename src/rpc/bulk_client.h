// Blocking calls that several clients share: download, upload, registry, renewal. Used by the clients of this
// directory.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "rpc/channel.h"
#include "rpc/node_client.h"

namespace accord::rpc {

// Contracts: Bulk::GetBlob and PutUpdate.
[[nodiscard]] Status Download(const std::shared_ptr<Channel>& channel, const Digest& hash,
                              std::uint64_t offset, const BlobSink& sink, const CallLimits& limits);
[[nodiscard]] Status PutUpload(const std::shared_ptr<Channel>& channel, const Upload& upload,
                               const CallLimits& limits);

// Contract: NodeClient::GetRegistry. `registry.untrusted` when a hash was asked for and another registry
// came.
[[nodiscard]] Result<RegistryView> FetchRegistry(const Channel& channel, const std::optional<Digest>& hash,
                                                 const CallLimits& limits);

// Contract: NodeClient::Renew (enrol.cc).
[[nodiscard]] Result<Enrolled> RenewCertificate(const Channel& channel, const std::string& csr_pem,
                                                const CallLimits& limits);

}  // namespace accord::rpc
