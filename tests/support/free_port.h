// A loopback port that was free a moment ago, for programs that must know their port before they start. From
// below the range of outgoing connections, any of which could take it in that moment; and this process's
// until it ends, so that no other test picks it while nobody listens there, as while a coordinator restarts.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include "base/check.h"

namespace accord::testing {

// A name in the abstract namespace, one a port: the kernel gives it to one process and takes it back with it.
inline bool TakePort(std::uint16_t port) {
  const std::string text = "accord-test-port-" + std::to_string(port);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(&name.sun_path[1], text.data(), text.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&name), size) == 0) return true;  // and stays open
  ::close(fd);
  return false;
}

inline std::uint16_t FreePort() {
  std::random_device random;
  for (int i = 0; i < 1000; ++i) {
    const auto port = static_cast<std::uint16_t>(10'000 + random() % 20'000);
    if (!TakePort(port)) continue;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (free) return port;
  }
  ACCORD_CHECK(false && "no free port");
  return 0;
}

}  // namespace accord::testing
