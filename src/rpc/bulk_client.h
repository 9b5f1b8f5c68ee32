// Blocking calls that several clients share: download, upload, renewal. Used by the clients of this
// directory.
#pragma once

#include <memory>
#include <string>

#include "rpc/channel.h"
#include "rpc/node_client.h"

namespace accord::rpc {

// Contracts: NodeClient::GetBlob and PutUpdate.
[[nodiscard]] Status Download(const std::shared_ptr<Channel>& channel, const Digest& hash,
                              std::uint64_t offset, const BlobSink& sink, const CallLimits& limits);
[[nodiscard]] Status PutUpload(const std::shared_ptr<Channel>& channel, const Upload& upload,
                               const CallLimits& limits);

// Contract: NodeClient::Renew (enrol.cc).
[[nodiscard]] Result<Enrolled> RenewCertificate(const Channel& channel, const std::string& csr_pem,
                                                const CallLimits& limits);

}  // namespace accord::rpc
