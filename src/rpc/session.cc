#include "rpc/session.h"

#include "base/log.h"
#include "rpc/convert.h"

namespace accord::rpc {

bool SessionTable::Put(NodeId node, const std::shared_ptr<SessionStream>& session, std::size_t max) {
  std::shared_ptr<SessionStream> former;
  {
    const MutexLock lock(mutex_);
    const auto found = sessions_.find(node);
    if (found == sessions_.end() && sessions_.size() >= max) return false;
    Entry& entry = sessions_[node];
    former = entry.session.lock();
    entry = {session.get(), session};
  }
  if (former) former->Cut(Fail(errors::kSessionReplaced, "The node opened another session."));
  return true;
}

void SessionTable::Remove(NodeId node, const SessionStream* session) {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(node);
  if (found != sessions_.end() && found->second.key == session) sessions_.erase(found);
}

void SessionStream::Begin(SessionHandler& handler, LiveCalls& calls, std::size_t max_sessions) {
  Hold(calls, peer_);
  const auto self = std::static_pointer_cast<SessionStream>(shared_from_this());
  if (!table_.Put(peer_.node, self, max_sessions)) {
    return Cut(Fail(errors::kNetBusy, std::to_string(max_sessions) + " nodes are connected already."));
  }
  Unless([this] { StartSendInitialMetadata(); });  // tells the node that it is let in
  if (Ending()) return;
  events_ = handler.OnSession(peer_, self);
  Unless([this] { StartRead(&incoming_); });
}

void SessionStream::Send(ToNode message) {
  v1::CoordinatorMessage wire;
  ToProto(message, &wire);
  (void)Push(std::move(wire));
}

void SessionStream::OnReadDone(bool ok) {
  if (!ok) return EndSoon(Cancelled() ? Fail(errors::kNetUnreachable, "The node is gone.") : Status());
  if (Ending()) return;
  Result<FromNode> message = FromProto(incoming_);
  CleanseSecrets(&incoming_);
  if (!message.ok()) {
    LogWarn("session.malformed", {{"node", peer_.name}, {"why", message.status().message()}});
    return Cut(message.status());
  }
  events_->OnMessage(std::move(message).value());
  Unless([this] { StartRead(&incoming_); });
}

void SessionStream::OnEnded(const Status& status) {
  table_.Remove(peer_.node, this);
  if (!events_) return;
  events_->OnEnd(status);
  events_.reset();
}

}  // namespace accord::rpc
