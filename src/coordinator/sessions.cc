#include "coordinator/sessions.h"

#include <algorithm>
#include <atomic>

#include "accord/version.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/overloaded.h"

namespace accord::coordinator {

// src/rpc calls it in order, for one stream.
class Sessions::Session final : public rpc::SessionEvents, public std::enable_shared_from_this<Session> {
 public:
  Session(Sessions& owner, rpc::Peer peer, std::shared_ptr<rpc::SessionLink> link)
      : owner_(owner), peer_(std::move(peer)), link_(std::move(link)) {}

  void OnMessage(rpc::FromNode message) override {
    if (const auto* hello = std::get_if<rpc::Hello>(&message)) return OnHello(*hello);
    if (!welcomed_) return link_->Close(Fail(errors::kRpcOrder, "a node must say Hello first"));
    owner_.listener_->OnNodeMessage(peer_, std::move(message));
  }

  void OnEnd(Status status) override {
    if (!welcomed_) return;
    LogInfo("node.down", {{"node", peer_.name}, {"why", status.ok() ? "closed" : Describe(status)}});
    owner_.Forget(*this);
  }

  [[nodiscard]] const rpc::Peer& peer() const { return peer_; }
  [[nodiscard]] const std::shared_ptr<rpc::SessionLink>& link() const { return link_; }

 private:
  void OnHello(const rpc::Hello& hello) {
    if (welcomed_) return link_->Close(Fail(errors::kRpcOrder, "a second Hello on one stream"));
    const std::uint32_t common = std::min(hello.protocol_newest, kProtocolNewest);
    if (common < std::max(hello.protocol_oldest, kProtocolOldest)) {
      const bool node_is_older = hello.protocol_newest < kProtocolOldest;
      return link_->Close(Fail(errors::kProtocolVersion,
                               "node " + peer_.name + " (" + Printable(hello.version, 40) +
                                   ") speaks protocol " + std::to_string(hello.protocol_oldest) + " to " +
                                   std::to_string(hello.protocol_newest) + ", this coordinator (" +
                                   std::string(kVersion) + ") " + std::to_string(kProtocolOldest) + " to " +
                                   std::to_string(kProtocolNewest),
                               node_is_older ? "Upgrade accord-node." : "Upgrade accordd."));
    }
    welcomed_ = true;
    link_->Send(rpc::Welcome{common, peer_.node, owner_.heartbeat_, owner_.clock_.Now()});
    owner_.Open(shared_from_this(), hello);
  }

  Sessions& owner_;
  const rpc::Peer peer_;
  const std::shared_ptr<rpc::SessionLink> link_;
  bool welcomed_ = false;
};

std::shared_ptr<rpc::SessionEvents> Sessions::OnSession(const rpc::Peer& peer,
                                                        std::shared_ptr<rpc::SessionLink> link) {
  return std::make_shared<Session>(*this, peer, std::move(link));
}

void Sessions::Open(const std::shared_ptr<Session>& session, const rpc::Hello& hello) {
  {
    const MutexLock lock(mutex_);
    nodes_[session->peer().node] = {{session->peer(), true, clock_.Now(), Printable(hello.version, 40),
                                     Printable(hello.description, 200)},
                                    session};
  }
  LogInfo("node.up", {{"node", session->peer().name}, {"version", Printable(hello.version, 40)}});
  listener_->OnNodeUp(session->peer(), hello);
}

void Sessions::Forget(const Session& session) {
  {
    const MutexLock lock(mutex_);
    const auto entry = nodes_.find(session.peer().node);
    if (entry == nodes_.end() || entry->second.session.get() != &session)
      return;  // a newer session took its place
    entry->second.session = nullptr;
    entry->second.presence.connected = false;
    entry->second.presence.since = clock_.Now();
  }
  listener_->OnNodeDown(session.peer());
}

void Sessions::Send(NodeId node, rpc::ToNode message) {
  std::shared_ptr<Session> session;
  {
    const MutexLock lock(mutex_);
    if (const auto entry = nodes_.find(node); entry != nodes_.end()) session = entry->second.session;
  }
  if (session) session->link()->Send(std::move(message));
}

void Sessions::SendToAll(const rpc::ToNode& message) {
  for (const rpc::Peer& peer : Connected()) Send(peer.node, message);
}

std::vector<Sessions::Presence> Sessions::List() const {
  const MutexLock lock(mutex_);
  std::vector<Presence> all;
  for (const auto& [id, entry] : nodes_) all.push_back(entry.presence);
  return all;
}

std::vector<rpc::Peer> Sessions::Connected() const {
  const MutexLock lock(mutex_);
  std::vector<rpc::Peer> peers;
  for (const auto& [id, entry] : nodes_) {
    if (entry.session) peers.push_back(entry.presence.peer);
  }
  return peers;
}

}  // namespace accord::coordinator
