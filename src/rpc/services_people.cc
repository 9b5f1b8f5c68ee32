// Jobs, Members, Nodes, Models: what people's tools dial.
#include "accord/v1/operator.grpc.pb.h"
#include "rpc/services.h"
#include "rpc/unary.h"
#include "rpc/view_stream.h"

namespace accord::rpc {
namespace {

using Context = grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;

constexpr std::size_t kMaxWatchBytes = 64U
                                       << 20;  // one view is written at a time; this only bounds the absurd
constexpr std::size_t kMaxLogBytes = 32U << 20;
constexpr std::size_t kMaxWord = 256;

Status CheckRef(const std::string& ref) { return CheckText(ref, kMaxRefBytes, "ref"); }

// The caller of a stream; the gate has let it in.
Peer CallerOf(const CallEnv& env, const Context& context) {
  const Result<Peer> peer = env.PeerOf(context);
  return peer.ok() ? *peer : Peer{};
}

class JobsService final : public v1::Jobs::CallbackService {
 public:
  explicit JobsService(CallEnv& env) : env_(env), people_(*env.handlers.operators) {}

  Unary* Submit(Context* context, const v1::SubmitJobRequest* request, v1::JobView* reply) override {
    return ServeUnary<JobView>(env_, context, reply, [&](const Peer& peer, Reply<JobView> answer) -> Status {
      ACCORD_ASSIGN_OR_RETURN(Bytes plan, ReadPlan(request->plan()));
      ACCORD_ASSIGN_OR_RETURN(Bytes token, ReadToken(request->token()));
      people_.SubmitJob(peer, std::move(plan), std::move(token), std::move(answer));
      return {};
    });
  }

  Unary* Validate(Context* context, const v1::ValidateJobRequest* request,
                  v1::ValidateJobReply* reply) override {
    return ServeUnary<ValidationView>(env_, context, reply,
                                      [&](const Peer&, Reply<ValidationView> answer) -> Status {
                                        ACCORD_ASSIGN_OR_RETURN(Bytes plan, ReadPlan(request->plan()));
                                        people_.ValidateJob(std::move(plan), std::move(answer));
                                        return {};
                                      });
  }

  Unary* Get(Context* context, const v1::JobRef* request, v1::JobView* reply) override {
    return ServeUnary<JobView>(env_, context, reply, [&](const Peer&, Reply<JobView> answer) -> Status {
      ACCORD_RETURN_IF_ERROR(CheckRef(request->ref()));
      people_.GetJob(request->ref(), std::move(answer));
      return {};
    });
  }

  Unary* Plan(Context* context, const v1::JobRef* request, v1::JobPlan* reply) override {
    return ServeUnary<PlanView>(env_, context, reply, [&](const Peer&, Reply<PlanView> answer) -> Status {
      ACCORD_RETURN_IF_ERROR(CheckRef(request->ref()));
      people_.GetPlan(request->ref(), std::move(answer));
      return {};
    });
  }

  Unary* List(Context* context, const v1::ListJobsRequest*, v1::ListJobsReply* reply) override {
    using Views = std::vector<JobView>;
    return ServeUnary<Views>(env_, context, reply, [&](const Peer&, Reply<Views> answer) -> Status {
      people_.ListJobs(std::move(answer));
      return {};
    });
  }

  grpc::ServerWriteReactor<v1::JobView>* Watch(Context* context, const v1::JobRef* request) override {
    const auto stream = std::make_shared<WatchStream>(context, kMaxWatchBytes);
    stream->Begin(env_.live, CallerOf(env_, *context));
    if (const Status bad = CheckRef(request->ref()); !bad.ok()) {
      stream->Cut(bad);
    } else {
      people_.WatchJob(request->ref(), stream);
    }
    return stream.get();
  }

  Unary* Cancel(Context* context, const v1::CancelJobRequest* request, v1::JobView* reply) override {
    return ServeUnary<JobView>(env_, context, reply, [&](const Peer& peer, Reply<JobView> answer) -> Status {
      ACCORD_RETURN_IF_ERROR(CheckRef(request->ref()));
      ACCORD_RETURN_IF_ERROR(CheckText(request->reason(), kMaxReasonBytes, "reason"));
      people_.CancelJob(peer, request->ref(), request->reason(), std::move(answer));
      return {};
    });
  }

  Unary* Pause(Context* context, const v1::JobRef* request, v1::JobView* reply) override {
    return ServeUnary<JobView>(env_, context, reply, [&](const Peer& peer, Reply<JobView> answer) -> Status {
      ACCORD_RETURN_IF_ERROR(CheckRef(request->ref()));
      people_.PauseJob(peer, request->ref(), std::move(answer));
      return {};
    });
  }

  Unary* Resume(Context* context, const v1::ResumeRequest* request, v1::JobView* reply) override {
    return ServeUnary<JobView>(env_, context, reply, [&](const Peer& peer, Reply<JobView> answer) -> Status {
      ACCORD_RETURN_IF_ERROR(CheckRef(request->ref()));
      people_.ResumeJob(peer, request->ref(), request->free(), std::move(answer));
      return {};
    });
  }

  grpc::ServerWriteReactor<v1::LogLine>* Logs(Context* context, const v1::LogsRequest* request) override {
    const auto stream = std::make_shared<LogStream>(context, kMaxLogBytes);
    stream->Begin(env_.live, CallerOf(env_, *context));
    if (const Status bad = CheckRef(request->ref()); !bad.ok()) {
      stream->Cut(bad);
    } else {
      people_.JobLogs(request->ref(), request->follow(), stream);
    }
    return stream.get();
  }

 private:
  CallEnv& env_;
  OperatorHandler& people_;
};

class MembersService final : public v1::Members::CallbackService {
 public:
  explicit MembersService(CallEnv& env) : env_(env), people_(*env.handlers.operators) {}

  Unary* Invite(Context* context, const v1::InviteRequest* request, v1::InviteReply* reply) override {
    return ServeUnary<InviteView>(
        env_, context, reply, [&](const Peer& peer, Reply<InviteView> answer) -> Status {
          ACCORD_RETURN_IF_ERROR(CheckText(request->name(), kMaxWord, "name"));
          ACCORD_RETURN_IF_ERROR(CheckText(request->role(), kMaxWord, "role"));
          ACCORD_ASSIGN_OR_RETURN(const Millis ttl, ReadTtl(request->ttl_ms()));
          people_.Invite(peer, request->name(), request->role(), ttl, std::move(answer));
          return {};
        });
  }

  Unary* List(Context* context, const v1::ListMembersRequest*, v1::ListMembersReply* reply) override {
    using Views = std::vector<MemberView>;
    return ServeUnary<Views>(env_, context, reply, [&](const Peer&, Reply<Views> answer) -> Status {
      people_.ListMembers(std::move(answer));
      return {};
    });
  }

  Unary* Suspend(Context* context, const v1::SuspendRequest* request, v1::MemberView* reply) override {
    return ServeUnary<MemberView>(
        env_, context, reply, [&](const Peer& peer, Reply<MemberView> answer) -> Status {
          ACCORD_RETURN_IF_ERROR(CheckText(request->spiffe_id(), kMaxSpiffeBytes, "spiffe_id"));
          people_.SuspendMember(peer, request->spiffe_id(), request->suspended(), std::move(answer));
          return {};
        });
  }

 private:
  CallEnv& env_;
  OperatorHandler& people_;
};

class NodesService final : public v1::Nodes::CallbackService {
 public:
  explicit NodesService(CallEnv& env) : env_(env), people_(*env.handlers.operators) {}

  Unary* List(Context* context, const v1::ListNodesRequest*, v1::ListNodesReply* reply) override {
    using Views = std::vector<NodeView>;
    return ServeUnary<Views>(env_, context, reply, [&](const Peer&, Reply<Views> answer) -> Status {
      people_.ListNodes(std::move(answer));
      return {};
    });
  }

  Unary* Get(Context* context, const v1::NodeRef* request, v1::NodeView* reply) override {
    return ServeUnary<NodeView>(env_, context, reply, [&](const Peer&, Reply<NodeView> answer) -> Status {
      ACCORD_RETURN_IF_ERROR(CheckText(request->name(), kMaxWord, "name"));
      people_.GetNode(request->name(), std::move(answer));
      return {};
    });
  }

 private:
  CallEnv& env_;
  OperatorHandler& people_;
};

class ModelsService final : public v1::Models::CallbackService {
 public:
  explicit ModelsService(CallEnv& env) : env_(env) {}

  Unary* List(Context* context, const v1::ListModelsRequest*, v1::ListModelsReply* reply) override {
    using Views = std::vector<ModelView>;
    return ServeUnary<Views>(env_, context, reply, [&](const Peer&, Reply<Views> answer) -> Status {
      env_.handlers.operators->ListModels(std::move(answer));
      return {};
    });
  }

 private:
  CallEnv& env_;
};

}  // namespace

void AddPeopleServices(CallEnv& env, std::vector<std::unique_ptr<grpc::Service>>* services) {
  services->push_back(std::make_unique<JobsService>(env));
  services->push_back(std::make_unique<MembersService>(env));
  services->push_back(std::make_unique<NodesService>(env));
  services->push_back(std::make_unique<ModelsService>(env));
}

}  // namespace accord::rpc
