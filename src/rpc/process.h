// What every program that speaks gRPC does first in main, before any thread and any other call of src/rpc.
#pragma once

#include <cstdint>

namespace accord::rpc {

// Bytes that a stream may be ahead of its reader, fixed rather than probed: enough for 600 Mbit/s over 100
// ms.
inline constexpr int kStreamWindow = 8 << 20;

// Leaves TLS 1.3 as the only version that this process can negotiate, as server and as client: gRPC takes its
// TLS 1.2 suites from the environment, once. Server and clients refuse to start without it.
void ForceTls13();
// Whether ForceTls13 was called (or the environment says the same).
[[nodiscard]] bool Tls13Forced();

// Raises the limit of open files to what the system allows this process and gives it: each connected node
// takes one, and the 1,024 of a login shell end at a thousand nodes.
std::uint64_t RaiseFileLimit();

// For the two daemons. Raises the limit of open files. Keeps freed blocks instead of giving them back and
// faulting them in again: 15 to 20 % of the CPU of bulk transfers; TrimMalloc gives the memory back between
// rounds. And leaves out the search for deadlocks that Debian's Abseil does at every lock of gRPC: 5 % of the
// CPU of a small round.
void TuneDaemon();
void TrimMalloc();

// Where gRPC's own messages go: into the log, as warnings in a server (why a handshake was refused is nowhere
// else) and as debug lines in a client, whose calls say what failed. Servers and clients call it themselves;
// a process that is both is a server.
void RouteGrpcLog(bool server);

}  // namespace accord::rpc
