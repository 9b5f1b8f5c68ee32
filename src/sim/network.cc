#include "sim/network.h"

#include <algorithm>
#include <utility>

namespace accord::sim {

class Network::Link final : public rpc::SessionLink {
 public:
  Link(Network& network, const std::shared_ptr<Session>& session) : network_(network), session_(session) {}

  void Send(rpc::ToNode message) override {
    const auto session = session_.lock();
    if (!session || !session->at_coordinator || !network_.ends_.OnSaid(session->node, message)) return;
    network_.Carry(session, session->to_node, [this_ = &network_, weak = session_, message] {
      const auto s = weak.lock();
      if (s && s->at_node) this_->ends_.ToNode(s->node, s->number, message);
    });
  }
  void Close(Status) override {
    const auto session = session_.lock();
    if (!session) return;
    network_.world_.After(Millis(1), [this_ = &network_, session] {
      this_->EndAtNode(session);
      this_->EndAtCoordinator(session);
    });
  }

 private:
  Network& network_;
  const std::weak_ptr<Session> session_;
};

std::uint64_t Network::Dial(std::size_t node) {
  if (!Reachable(node)) return 0;
  auto session = std::make_shared<Session>();
  session->node = node;
  session->number = next_++;
  for (const auto& weak : at_coordinator_) {  // a node has one session, as rpc/session.h has it
    const auto former = weak.lock();
    if (former && former->node == node) EndAtCoordinator(former);
  }
  session->events = ends_.Accept(node, std::make_shared<Link>(*this, session));
  if (!session->events) return 0;
  current_[node] = session;
  std::erase_if(at_coordinator_, [](const auto& old) { return old.expired(); });
  at_coordinator_.push_back(session);
  return session->number;
}

// One way of a session: late, twice, or overtaken by what was said after it. A stream loses no single word:
// it may die with one, and then all that follows is lost until the two sides notice.
void Network::Carry(const std::shared_ptr<Session>& session, Millis& last,
                    const std::function<void()>& deliver) {
  const Weather& w = weather[session->node];
  if (session->dead) return;
  if (random_.Chance(w.dies)) {
    session->dead = true;
    world_.After(random_.Time(Millis(1), kKeepAlive), [this, session] { EndAtNode(session); });
    world_.After(random_.Time(Millis(1), kKeepAlive), [this, session] { EndAtCoordinator(session); });
    return;
  }
  const int copies = random_.Chance(w.doubled) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    Millis at = std::max(world_.now(), w.cut_until) + random_.Time(w.least, w.most);
    if (!random_.Chance(w.overtaken)) {
      at = std::max(at, last);
      last = at;
    }
    // The copy that the session keeps alive ends with the delivery.
    world_.After(at - world_.now(), [session, deliver] { deliver(); });
  }
}

void Network::FromNode(std::size_t node, std::uint64_t number, rpc::FromNode message) {
  const auto session = current_[node];
  if (!session || session->number != number || !session->at_node) return;
  Carry(session, session->to_coordinator,
        [weak = std::weak_ptr<Session>(session), message = std::move(message)] {
          const auto s = weak.lock();
          if (s && s->at_coordinator) s->events->OnMessage(message);
        });
}

void Network::EndAtNode(const std::shared_ptr<Session>& session) {
  if (!std::exchange(session->at_node, false)) return;
  ends_.ClosedAtNode(session->node, session->number);
}

void Network::EndAtCoordinator(const std::shared_ptr<Session>& session) {
  if (!std::exchange(session->at_coordinator, false)) return;
  const auto events = std::exchange(session->events, nullptr);
  if (events) events->OnEnd({});
}

void Network::CloseNode(std::size_t node, Millis notice) {
  const auto session = std::exchange(current_[node], nullptr);
  if (!session) return;
  session->at_node = false;
  world_.After(notice, [this, session] { EndAtCoordinator(session); });
}

void Network::CloseCoordinator(Millis notice) {
  for (const auto& weak : std::exchange(at_coordinator_, {})) {
    const auto session = weak.lock();
    if (!session) continue;
    session->at_coordinator = false;
    session->events = nullptr;
    world_.After(notice, [this, session] { EndAtNode(session); });
  }
}

void Network::Break(std::size_t node, Millis at_node, Millis at_coordinator) {
  const auto session = current_[node];
  if (!session) return;
  world_.After(at_node, [this, session] { EndAtNode(session); });
  world_.After(at_coordinator, [this, session] { EndAtCoordinator(session); });
}

}  // namespace accord::sim
