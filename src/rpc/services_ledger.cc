// Ledger: the log of the federation.
#include "accord/v1/ledger.grpc.pb.h"
#include "base/errors.h"
#include "rpc/services.h"
#include "rpc/unary.h"

namespace accord::rpc {
namespace {

using Context = grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;

constexpr std::size_t kMaxEntry = 65'535;
constexpr std::size_t kMaxDocument = 1 << 20;
constexpr std::size_t kMaxPath = 256;

class LedgerService final : public v1::Ledger::CallbackService {
 public:
  explicit LedgerService(CallEnv& env) : env_(env), ledger_(*env.handlers.ledger) {}

  Unary* Append(Context* context, const v1::AppendRequest* request, v1::AppendReply* reply) override {
    return ServeUnary<Appended>(
        env_, context, reply, [&](const Peer& peer, Reply<Appended> answer) -> Status {
          ACCORD_RETURN_IF_ERROR(CheckSize(request->entry(), kMaxEntry, "entry"));
          ACCORD_RETURN_IF_ERROR(CheckSize(request->plan(), kMaxDocument, "plan"));
          ledger_.Append(peer, ToBytes(request->entry()), ToBytes(request->plan()), std::move(answer));
          return {};
        });
  }

  Unary* GetResource(Context* context, const v1::GetResourceRequest* request, v1::Resource* reply) override {
    return ServeUnary<Bytes>(env_, context, reply, [&](const Peer&, Reply<Bytes> answer) -> Status {
      ACCORD_RETURN_IF_ERROR(CheckText(request->path(), kMaxPath, "path"));
      ledger_.GetResource(request->path(), std::move(answer));
      return {};
    });
  }

 private:
  static Status CheckSize(const std::string& bytes, std::size_t limit, const std::string& field) {
    if (bytes.size() <= limit) return {};
    return Fail(errors::kRpcMalformed, field + " has more than " + std::to_string(limit) + " bytes");
  }
  static Bytes ToBytes(const std::string& text) { return {text.begin(), text.end()}; }

  CallEnv& env_;
  LedgerHandler& ledger_;
};

}  // namespace

void AddLedgerService(CallEnv& env, std::vector<std::unique_ptr<grpc::Service>>* services) {
  if (env.handlers.ledger != nullptr) services->push_back(std::make_unique<LedgerService>(env));
}

}  // namespace accord::rpc
