// The gRPC services of proto/accord/v1: each method checks the fields of its message and calls one method of
// an interface in handlers.h. No decisions here.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <vector>

#include "rpc/call_env.h"

namespace accord::rpc {

// Those that there are handlers for, to be registered with one server. `env` outlives them.
[[nodiscard]] std::vector<std::unique_ptr<grpc::Service>> MakeServices(CallEnv& env);

// By file: enrolment and coordinator (services_node.cc), jobs, members, nodes, models (services_people.cc),
// ledger (services_ledger.cc).
void AddNodeServices(CallEnv& env, std::vector<std::unique_ptr<grpc::Service>>* services);
void AddPeopleServices(CallEnv& env, std::vector<std::unique_ptr<grpc::Service>>* services);
// None where nobody keeps a log.
void AddLedgerService(CallEnv& env, std::vector<std::unique_ptr<grpc::Service>>* services);

}  // namespace accord::rpc
