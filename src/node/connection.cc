#include "node/connection.h"

#include <algorithm>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "crypto/random.h"
#include "rpc/enrol.h"

namespace accord::node {

namespace asio = boost::asio;

namespace {

constexpr Millis kFirstBackoff{250};
constexpr Millis kLastBackoff{30'000};
constexpr Millis kBusyBeat{1'000};
constexpr Millis kWelcomeWait{20'000};  // for the answer to Hello
constexpr Millis kRenewalsApart{60'000};

// Half to the whole of `backoff`, so that nodes do not come back all at once.
Millis Jittered(Millis backoff) {
  std::array<std::uint8_t, 2> bytes{};
  crypto::RandomBytes(bytes);
  const auto fraction = (bytes[0] * 256 + bytes[1]) % 1000;
  return backoff / 2 + backoff * fraction / 2000;
}

}  // namespace

// Brings what happens on gRPC threads to the strand.
class Connection::Events final : public rpc::SessionCallbacks {
 public:
  Events(std::weak_ptr<Connection> owner, asio::io_context& io, std::uint64_t dial)
      : owner_(std::move(owner)), io_(io), dial_(dial) {}
  void OnConnected() override {}
  void OnMessage(rpc::ToNode message) override {
    asio::post(io_, [owner = owner_, dial = dial_, message = std::move(message)]() mutable {
      if (auto self = owner.lock()) self->OnMessage(dial, std::move(message));
    });
  }
  void OnClosed(Status status) override {
    asio::post(io_, [owner = owner_, dial = dial_, status = std::move(status)] {
      if (auto self = owner.lock()) self->OnClosed(dial, status);
    });
  }

 private:
  const std::weak_ptr<Connection> owner_;
  asio::io_context& io_;
  const std::uint64_t dial_;
};

Connection::Connection(Identity identity, asio::io_context& io, asio::thread_pool& workers,
                       Callbacks callbacks)
    : identity_(std::move(identity)),
      io_(io),
      workers_(workers),
      callbacks_(std::move(callbacks)),
      dial_timer_(io),
      beat_timer_(io),
      backoff_(kFirstBackoff) {}

void Connection::Start() { Dial(); }

void Connection::Stop() {
  stopping_ = true;
  dial_timer_.cancel();
  beat_timer_.cancel();
  if (session_) session_->Close();
}

void Connection::Restart() {
  if (session_) session_->Close();
}

void Connection::Dial() {
  if (stopping_) return;
  renewed_ = false;
  auto client = rpc::NodeClient::Open(identity_.ClientFiles());
  ++dial_;
  if (!client.ok()) return OnClosed(dial_, client.status());
  client_ = *std::move(client);
  if (identity_.issuer.empty()) return OpenSession();
  asio::post(workers_, [self = shared_from_this(), client = client_, dial = dial_] {
    const Status done = [&]() -> Status {
      ACCORD_ASSIGN_OR_RETURN(const rpc::Introduction introduction, LoadIntroduction(self->identity_));
      return client->Introduce(introduction, {.timeout = kWelcomeWait});
    }();
    asio::post(self->io_, [self, dial, done] { self->OnIntroduced(dial, done); });
  });
}

// A node that its member certified is known to the coordinator from then on.
void Connection::OnIntroduced(std::uint64_t dial, const Status& status) {
  if (dial != dial_ || stopping_) return;
  if (!status.ok()) return OnClosed(dial, status);
  OpenSession();
}

void Connection::OpenSession() {
  session_ = client_->OpenSession(std::make_shared<Events>(weak_from_this(), io_, dial_));
  session_->Send(callbacks_.hello());
  dial_timer_.expires_after(kWelcomeWait);
  dial_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (auto self = weak.lock(); self && !error && !self->up_) self->GiveUp();
  });
}

// Whoever takes the stream and says nothing is no coordinator to wait for.
void Connection::GiveUp() {
  if (!session_) return;
  gave_up_ = Fail(errors::kNetTimeout,
                  "no Welcome within " + std::to_string(kWelcomeWait / std::chrono::seconds(1)) + " s");
  session_->Close();
}

void Connection::DialLater() {
  dial_timer_.expires_after(Jittered(backoff_));
  backoff_ = std::min(backoff_ * 2, kLastBackoff);
  dial_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (auto self = weak.lock(); self && !error) self->Dial();
  });
}

void Connection::OnMessage(std::uint64_t dial, rpc::ToNode message) {
  if (dial != dial_ || stopping_) return;
  if (const auto* welcome = std::get_if<rpc::Welcome>(&message)) {
    up_ = true;
    dial_timer_.cancel();
    backoff_ = kFirstBackoff;
    last_failure_.clear();
    beat_every_ = std::clamp(welcome->heartbeat / 2, Millis(500), Millis(60'000));
    LogInfo("coordinator.connected", {{"address", identity_.coordinator}, {"as", identity_.spiffe_id}});
    callbacks_.on_up();
    Beat();
    return;
  }
  if (std::holds_alternative<rpc::Drain>(message)) {
    LogInfo("coordinator.draining");
    return;
  }
  const bool was_busy = callbacks_.busy();
  callbacks_.on_message(std::move(message));
  if (!was_busy && callbacks_.busy()) ArmBeat();
}

void Connection::OnClosed(std::uint64_t dial, const Status& status) {
  if (dial != dial_) return;
  session_ = nullptr;
  beat_timer_.cancel();
  const bool was_up = std::exchange(up_, false);
  if (was_up) callbacks_.on_down();
  if (stopping_) return;
  const Status gave_up = std::exchange(gave_up_, {});
  const Status& why = gave_up.ok() ? status : gave_up;
  const std::string failure = why.ok() ? "closed" : Describe(why);
  if (failure != last_failure_)
    LogWarn("coordinator.lost", {{"address", identity_.coordinator}, {"why", failure}});
  last_failure_ = failure;
  DialLater();
}

void Connection::Send(rpc::FromNode message) {
  if (session_ && up_) session_->Send(std::move(message));
}

void Connection::Beat() {
  if (!up_) return;
  if (renewed_ && !callbacks_.busy()) return Restart();
  Send(callbacks_.heartbeat());
  RenewIfDue();
  ArmBeat();
}

void Connection::ArmBeat() {
  beat_timer_.expires_after(callbacks_.busy() ? std::min(beat_every_, kBusyBeat) : beat_every_);
  beat_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (auto self = weak.lock(); self && !error) self->Beat();
  });
}

void Connection::RenewIfDue() {
  const auto life = LifeOf(identity_);
  const auto now = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  if (renewing_ || !life.ok() || now < life->renew_at || now < renew_again_at_) return;
  renew_again_at_ = now + kRenewalsApart;
  renewing_ = true;
  asio::post(workers_, [self = shared_from_this()] {
    const Status renewed = [&]() -> Status {
      ACCORD_ASSIGN_OR_RETURN(const Renewal renewal, BeginRenewal(self->identity_));
      ACCORD_ASSIGN_OR_RETURN(const rpc::Enrolled answer,
                              rpc::Renew(self->identity_.IssuerFiles(), renewal.csr_pem, {}));
      return FinishRenewal(self->identity_, renewal, answer);
    }();
    if (renewed.ok()) {
      LogInfo("identity.renewed", {{"as", self->identity_.spiffe_id}});
    } else {
      LogWarn("identity.renewal_failed", {{"why", Describe(renewed)}});
    }
    asio::post(self->io_, [self, ok = renewed.ok()] {
      self->renewing_ = false;
      self->renewed_ = ok;
    });
  });
}

}  // namespace accord::node
