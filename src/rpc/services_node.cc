// Enrolment and Coordinator: what nodes dial.
#include "accord/v1/coordinator.grpc.pb.h"
#include "crypto/zeroizing.h"
#include "rpc/blob_stream.h"
#include "rpc/services.h"
#include "rpc/unary.h"
#include "rpc/upload.h"

namespace accord::rpc {
namespace {

// Overwrites the secret in the message, which nobody reads after this.
void CleanseSecret(const v1::EnrolRequest& request) {
  auto& secret = const_cast<std::string&>(request.token_secret());
  crypto::Cleanse({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
}

class EnrolmentService final : public v1::Enrolment::CallbackService {
 public:
  explicit EnrolmentService(CallEnv& env) : env_(env) {}

  grpc::ServerUnaryReactor* Enrol(grpc::CallbackServerContext* context, const v1::EnrolRequest* request,
                                  v1::EnrolReply* reply) override {
    return ServeUnary<Enrolled>(env_, context, reply, [&](const Peer&, Reply<Enrolled> answer) -> Status {
      Result<EnrolRequest> read = FromProto(*request);
      CleanseSecret(*request);
      if (!read.ok()) return read.status();
      env_.handlers.identity->Enrol(std::move(read).value(), std::move(answer));
      return {};
    });
  }

  grpc::ServerUnaryReactor* Renew(grpc::CallbackServerContext* context, const v1::RenewRequest* request,
                                  v1::EnrolReply* reply) override {
    return ServeUnary<Enrolled>(env_, context, reply,
                                [&](const Peer& peer, Reply<Enrolled> answer) -> Status {
                                  ACCORD_ASSIGN_OR_RETURN(std::string csr, ReadCsr(request->csr_pem()));
                                  env_.handlers.identity->Renew(peer, std::move(csr), std::move(answer));
                                  return {};
                                });
  }

  grpc::ServerUnaryReactor* Introduce(grpc::CallbackServerContext* context,
                                      const v1::IntroduceRequest* request,
                                      v1::IntroduceReply* reply) override {
    return ServeUnary<Introduced>(
        env_, context, reply, [&](const Peer& peer, Reply<Introduced> answer) -> Status {
          ACCORD_ASSIGN_OR_RETURN(Introduction read, FromProto(*request));
          env_.handlers.identity->Introduce(peer, std::move(read), std::move(answer));
          return {};
        });
  }

 private:
  CallEnv& env_;
};

// Ends a stream before it began.
template <class Base>
class Refusal final : public Base {
 public:
  explicit Refusal(const Status& status) { this->Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

using CoordinatorBase =
    v1::Coordinator::WithRawCallbackMethod_PutUpdate<v1::Coordinator::WithCallbackMethod_Session<
        v1::Coordinator::WithRawCallbackMethod_GetBlob<v1::Coordinator::WithCallbackMethod_GetRegistry<
            v1::Coordinator::WithCallbackMethod_GetUpload<v1::Coordinator::Service>>>>>;

class CoordinatorService final : public CoordinatorBase {
 public:
  explicit CoordinatorService(CallEnv& env) : env_(env) {}

  grpc::ServerBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>* Session(
      grpc::CallbackServerContext* context) override {
    Result<Peer> peer = env_.PeerOf(*context);
    if (!peer.ok()) {
      return new Refusal<grpc::ServerBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>>(peer.status());
    }
    const auto stream = std::make_shared<SessionStream>(context, std::move(peer).value(), env_.sessions,
                                                        env_.options.session_queue_bytes);
    stream->Begin(*env_.handlers.sessions, env_.live, env_.options.max_sessions);
    return stream.get();
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* GetBlob(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request) override {
    const Result<Peer> peer = env_.PeerOf(*context);
    if (!peer.ok()) return new Refusal<grpc::ServerWriteReactor<grpc::ByteBuffer>>(peer.status());
    const auto stream = std::make_shared<BlobStream>(context, *env_.handlers.bulk);
    stream->Begin(env_.live, peer.value(), *request);
    return stream.get();
  }

  grpc::ServerReadReactor<grpc::ByteBuffer>* PutUpdate(grpc::CallbackServerContext* context,
                                                       grpc::ByteBuffer* reply) override {
    Result<Peer> peer = env_.PeerOf(*context);
    if (!peer.ok()) return new Refusal<grpc::ServerReadReactor<grpc::ByteBuffer>>(peer.status());
    const auto stream =
        std::make_shared<UploadStream>(context, std::move(peer).value(), *env_.handlers.bulk, reply);
    stream->Begin(env_.live, env_.uploads);
    return stream.get();
  }

  grpc::ServerUnaryReactor* GetUpload(grpc::CallbackServerContext* context, const v1::UploadKey* request,
                                      v1::UploadState* reply) override {
    return ServeUnary<UploadState>(env_, context, reply,
                                   [&](const Peer& peer, Reply<UploadState> answer) -> Status {
                                     ACCORD_ASSIGN_OR_RETURN(const UploadKey key, FromProto(*request));
                                     env_.handlers.bulk->GetUpload(peer, key, std::move(answer));
                                     return {};
                                   });
  }

  grpc::ServerUnaryReactor* GetRegistry(grpc::CallbackServerContext* context,
                                        const v1::GetRegistryRequest* request, v1::Registry* reply) override {
    return ServeUnary<RegistryView>(env_, context, reply,
                                    [&](const Peer&, Reply<RegistryView> answer) -> Status {
                                      std::optional<Digest> hash;
                                      if (!request->hash().empty()) {
                                        ACCORD_ASSIGN_OR_RETURN(hash, ReadDigest(request->hash(), "hash"));
                                      }
                                      env_.handlers.identity->GetRegistry(hash, std::move(answer));
                                      return {};
                                    });
  }

 private:
  CallEnv& env_;
};

}  // namespace

void AddNodeServices(CallEnv& env, std::vector<std::unique_ptr<grpc::Service>>* services) {
  services->push_back(std::make_unique<EnrolmentService>(env));
  if (env.handlers.sessions != nullptr) services->push_back(std::make_unique<CoordinatorService>(env));
}

std::vector<std::unique_ptr<grpc::Service>> MakeServices(CallEnv& env) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  AddNodeServices(env, &services);
  if (env.handlers.operators != nullptr) AddPeopleServices(env, &services);
  AddLedgerService(env, &services);
  return services;
}

}  // namespace accord::rpc
