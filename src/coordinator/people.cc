#include "coordinator/people.h"

#include <algorithm>
#include <atomic>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "crypto/spiffe.h"
#include "job/job.h"

namespace accord::coordinator {
namespace {

namespace asio = boost::asio;

// Calls `f` with a job's view, or with why there is none.
template <class F>
void WithJob(const Jobs& jobs, const std::string& ref, const rpc::Reply<rpc::JobView>& reply, F f) {
  const auto job = jobs.Find(ref);
  if (!job.ok()) return reply(job.status());
  f(**job);
}

// The views of all jobs, newest first, gathered from their strands.
class Gathering {
 public:
  Gathering(std::size_t count, rpc::Reply<std::vector<rpc::JobView>> reply)
      : views_(count), left_(count), reply_(std::move(reply)) {}
  void Put(std::size_t at, Result<rpc::JobView> view) {
    if (view.ok()) views_[at] = *std::move(view);
    if (--left_ > 0) return;
    // A job whose end the disk would not take is not known for what it is: it is left out.
    std::erase_if(views_, [](const rpc::JobView& one) { return one.id == JobId{}; });
    reply_(std::move(views_));
  }

 private:
  std::vector<rpc::JobView> views_;  // each place is written by one strand
  std::atomic<std::size_t> left_;
  rpc::Reply<std::vector<rpc::JobView>> reply_;
};

std::optional<rpc::ModelView> ModelOf(const rpc::JobView& job, const store::Blobs& blobs) {
  const auto size = blobs.Size(job.model_hash);
  if (!size.ok()) return std::nullopt;
  return rpc::ModelView{.hash = job.model_hash,
                        .job = job.id,
                        .job_name = job.name,
                        .round = {job.rounds_done},
                        .bytes = *size,
                        .final = job.state == job::Phase::kFinished,
                        .secure = job.secure};
}

}  // namespace

// ---------------------------------------------------------------- jobs

void People::SubmitJob(const rpc::Peer& peer, Bytes plan, Bytes token, rpc::Reply<rpc::JobView> reply) {
  if (log_.HasCharter())
    return reply(
        Fail(errors::kJobUndecided, "this federation has a charter: members propose a job and vote on it"));
  jobs_.Submit(peer, std::move(plan), std::move(token), std::move(reply));
}

void People::ValidateJob(Bytes plan, rpc::Reply<rpc::ValidationView> reply) { reply(jobs_.Validate(plan)); }

void People::GetJob(const std::string& ref, rpc::Reply<rpc::JobView> reply) {
  WithJob(jobs_, ref, reply, [&](JobRunner& job) { job.View(reply); });
}

void People::GetPlan(const std::string& ref, rpc::Reply<rpc::PlanView> reply) {
  const auto job = jobs_.Find(ref);
  if (!job.ok()) return reply(job.status());
  reply(rpc::PlanView{(*job)->plan()});
}

void People::ListJobs(rpc::Reply<std::vector<rpc::JobView>> reply) {
  const auto jobs = jobs_.All();
  if (jobs.empty()) return reply(std::vector<rpc::JobView>{});
  auto gathering = std::make_shared<Gathering>(jobs.size(), std::move(reply));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i]->View([gathering, i](Result<rpc::JobView> view) { gathering->Put(i, std::move(view)); });
  }
}

void People::WatchJob(const std::string& ref, std::shared_ptr<rpc::Sink<rpc::JobView>> sink) {
  const auto job = jobs_.Find(ref);
  if (!job.ok()) return sink->Finish(job.status());
  (*job)->Watch(std::move(sink));
}

void People::CancelJob(const rpc::Peer& peer, const std::string& ref, std::string reason,
                       rpc::Reply<rpc::JobView> reply) {
  WithJob(jobs_, ref, reply,
          [&](JobRunner& job) { job.Cancel(peer.spiffe_id, Printable(reason, 200), std::move(reply)); });
}

void People::PauseJob(const rpc::Peer& peer, const std::string& ref, rpc::Reply<rpc::JobView> reply) {
  WithJob(jobs_, ref, reply, [&](JobRunner& job) { job.Pause(peer.spiffe_id, std::move(reply)); });
}

void People::ResumeJob(const rpc::Peer& peer, const std::string& ref, bool free,
                       rpc::Reply<rpc::JobView> reply) {
  WithJob(jobs_, ref, reply, [&](JobRunner& job) { job.Resume(peer.spiffe_id, free, std::move(reply)); });
}

void People::JobLogs(const std::string& ref, bool follow, std::shared_ptr<rpc::Sink<rpc::LogLineView>> sink) {
  const auto job = jobs_.Find(ref);
  if (!job.ok()) return sink->Finish(job.status());
  (*job)->Logs(follow, std::move(sink));
}

// ---------------------------------------------------------------- members

void People::Invite(const rpc::Peer& peer, std::string name, std::string role, Millis ttl,
                    rpc::Reply<rpc::InviteView> reply) {
  asio::post(services_.workers,
             [this, by = peer.spiffe_id, name = std::move(name), role = std::move(role), ttl,
              reply = std::move(reply)] { reply(identity_.Invite(by, name, role, ttl)); });
}

void People::ListMembers(rpc::Reply<std::vector<rpc::MemberView>> reply) {
  asio::post(services_.workers, [this, reply = std::move(reply)] { reply(identity_.List()); });
}

void People::SuspendMember(const rpc::Peer& peer, const std::string& spiffe_id, bool suspended,
                           rpc::Reply<rpc::MemberView> reply) {
  if (suspended && peer.spiffe_id == spiffe_id) {
    return reply(Fail(errors::kMemberSelf, "an operator cannot suspend itself; another one must"));
  }
  asio::post(services_.workers, [this, spiffe_id, suspended, reply = std::move(reply)] {
    reply(identity_.Suspend(spiffe_id, suspended));  // who is cut off is out of the open rounds, too
  });
}

// ---------------------------------------------------------------- nodes and models

Result<std::vector<rpc::NodeView>> People::Nodes() {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<rpc::MemberView> members, identity_.List());
  const auto present = services_.sessions.List();
  std::vector<rpc::NodeView> nodes;
  for (const rpc::MemberView& member : members) {
    const auto id = crypto::SpiffeId::Parse(member.spiffe_id);
    if (!id.ok() || id->role != crypto::Role::kNode) continue;
    rpc::NodeView node{.name = member.name,
                       .spiffe_id = member.spiffe_id,
                       .id = id->ToNodeId(),
                       .suspended = member.suspended};
    const auto presence = std::ranges::find(present, node.id, [](const auto& p) { return p.peer.node; });
    if (presence != present.end()) {
      node.connected = presence->connected;
      node.since = presence->since;
      node.version = presence->version;
      node.description = presence->description;
    }
    for (const auto& job : jobs_.All()) {
      if (!job->terminal() && job->IsPrepared(node.id)) node.jobs.push_back(job->name());
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

void People::ListNodes(rpc::Reply<std::vector<rpc::NodeView>> reply) {
  asio::post(services_.workers, [this, reply = std::move(reply)] { reply(Nodes()); });
}

void People::GetNode(const std::string& name, rpc::Reply<rpc::NodeView> reply) {
  asio::post(services_.workers, [this, name, reply = std::move(reply)] {
    const auto nodes = Nodes();
    if (!nodes.ok()) return reply(nodes.status());
    const auto found = std::ranges::find(*nodes, name, &rpc::NodeView::name);
    if (found == nodes->end())
      return reply(Fail(errors::kNodeNotFound, "no node is called '" + Printable(name, 70) + "'"));
    reply(*found);
  });
}

void People::ListModels(rpc::Reply<std::vector<rpc::ModelView>> reply) {
  ListJobs([this, reply = std::move(reply)](Result<std::vector<rpc::JobView>> jobs) {
    if (!jobs.ok()) return reply(jobs.status());
    std::vector<rpc::ModelView> models;
    for (const rpc::JobView& job : *jobs) {
      if (auto model = ModelOf(job, services_.blobs)) models.push_back(*std::move(model));
    }
    reply(std::move(models));
  });
}

}  // namespace accord::coordinator
