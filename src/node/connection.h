// A node's link to the coordinator: dials, says Hello, beats, and dials again with backoff for ever. Renews
// the certificate at half of its life and dials again with it when it is not busy, since the coordinator ends
// what was opened with the old one. All on the node's one strand; the owner hears of it through callbacks
// there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>
//
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "node/identity.h"
#include "rpc/messages.h"
#include "rpc/node_client.h"

namespace accord::node {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Callbacks {
    std::function<rpc::Hello()> hello;
    std::function<rpc::Heartbeat()> heartbeat;
    std::function<bool()> busy;   // beats once a second while true, so that people see work go on
    std::function<void()> on_up;  // welcomed
    std::function<void()> on_down;
    std::function<void(rpc::ToNode)> on_message;
  };

  // `io` is run by one thread: that is the strand. `workers` take the calls that block.
  Connection(Identity identity, boost::asio::io_context& io, boost::asio::thread_pool& workers,
             Callbacks callbacks);

  void Start();
  // No more dialling; ends the session.
  void Stop();
  // Ends the session and dials again.
  void Restart();

  // Lost when not connected: the coordinator tells the duty again.
  void Send(rpc::FromNode message);
  // The client of the present certificate; null before the first dial.
  [[nodiscard]] std::shared_ptr<rpc::NodeClient> client() const { return client_; }
  [[nodiscard]] bool up() const { return up_; }

 private:
  class Events;
  void Dial();
  void DialLater();
  void OnIntroduced(std::uint64_t dial, const Status& status);
  void OpenSession();
  void GiveUp();
  void OnMessage(std::uint64_t dial, rpc::ToNode message);
  void OnClosed(std::uint64_t dial, const Status& status);
  void Beat();
  void ArmBeat();
  void RenewIfDue();

  const Identity identity_;
  boost::asio::io_context& io_;
  boost::asio::thread_pool& workers_;
  const Callbacks callbacks_;
  boost::asio::steady_timer dial_timer_, beat_timer_;
  std::shared_ptr<rpc::NodeClient> client_;
  std::shared_ptr<rpc::NodeSession> session_;
  std::uint64_t dial_ = 0;  // number of the present session; what comes from an older one is dropped
  Millis backoff_;
  Millis beat_every_{10'000};
  Status gave_up_;            // why this side closes the session
  std::string last_failure_;  // logged when it changes
  bool up_ = false;
  bool stopping_ = false;
  bool renewing_ = false;
  bool renewed_ = false;  // since the last dial
  TimePoint renew_again_at_;
};

}  // namespace accord::node
