// Addresses of the form host:port, as people write them in settings and tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accord/status.h"

namespace accord::rpc {

struct HostPort {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 0;
};
// "127.0.0.1:7443", "[::1]:7443", "name:0"; `config.invalid` otherwise.
[[nodiscard]] Result<HostPort> ParseHostPort(std::string_view text);

// Binds the address for a moment, to say why it cannot be listened on: `net.port_in_use`, `net.listen`. Ports
// that are free now may be taken later; nothing is promised.
[[nodiscard]] Status CheckListen(const std::string& address);

}  // namespace accord::rpc
