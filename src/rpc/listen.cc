#include "rpc/listen.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/errors.h"
#include "base/text.h"

namespace accord::rpc {
namespace {

Status BindOnce(const addrinfo& info, const std::string& address) {
  const int fd = socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Fail(errors::kNetListen, address + ": " + std::strerror(errno) + ".");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // as gRPC does: not those in TIME_WAIT
  const bool bound = bind(fd, info.ai_addr, info.ai_addrlen) == 0 && listen(fd, 1) == 0;
  const int error = errno;
  close(fd);
  if (bound) return {};
  if (error == EADDRINUSE) return Fail(errors::kNetPortInUse, "Another process listens on " + address + ".");
  return Fail(errors::kNetListen, address + ": " + std::strerror(error) + ".");
}

}  // namespace

Result<HostPort> ParseHostPort(std::string_view text) {
  const auto bad = [&] {
    return Fail(errors::kConfigInvalid, "\"" + Printable(text, 100) + "\" is not HOST:PORT.");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad();
  HostPort out;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) return bad();
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return bad();
  for (const char c : host) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '[' || c == ']') return bad();
  }
  out.host = host;
  return out;
}

Status CheckListen(const std::string& address) {
  ACCORD_ASSIGN_OR_RETURN(const HostPort parts, ParseHostPort(address));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(parts.host.c_str(), std::to_string(parts.port).c_str(), &hints, &found);
  if (error != 0) return Fail(errors::kNetListen, address + ": " + gai_strerror(error) + ".");
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  return BindOnce(*found, address);
}

}  // namespace accord::rpc
