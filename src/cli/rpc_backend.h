// The real network: Backend over rpc::OperatorClient.
#pragma once

#include "cli/backend.h"

namespace accord::cli {

class RpcNetwork final : public Network {
 public:
  [[nodiscard]] Result<std::unique_ptr<Backend>> Connect(const Context& context) override;
  [[nodiscard]] Result<rpc::Enrolled> Enrol(const crypto::JoinToken& token,
                                            const std::string& csr_pem) override;
};

}  // namespace accord::cli
