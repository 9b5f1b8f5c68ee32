"""Lets so many bytes of a node through to the coordinator and then no more: what holds an upload in its middle for as
long as a test, or a person, needs. Standard library only.

usage: valve.py COORDINATOR BYTES

By hand: prints the address to dial (accord-node run ... --set node.coordinator=ADDRESS) and ends with Ctrl-D.
"""

import contextlib
import socket
import sys
import threading

PIECE = 1 << 14


class Valve:
    """Listens on loopback. Of what nodes say, on all connections together, about `most` bytes pass; nothing is read of
    the rest, and the connections stay as they are until `close`. What the coordinator says passes freely."""

    def __init__(self, coordinator: str, most: int):
        host, port = coordinator.rsplit(":", 1)
        self.coordinator, self.left = (host, int(port)), most
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        self.sockets = [listener]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Ends all connections, as a killed node's do at once when nothing stands between."""
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                node = listener.accept()[0]
                coordinator = socket.create_connection(self.coordinator)
                self.sockets += [node, coordinator]
                for pair in ((node, coordinator, True), (coordinator, node, False)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):  # one end is gone
            while not counted or self.left > 0:
                data = source.recv(PIECE)
                if not data:
                    return sink.shutdown(socket.SHUT_WR)
                if counted:
                    self.left -= len(data)
                sink.sendall(data)


if __name__ == "__main__":
    valve = Valve(sys.argv[1], int(sys.argv[2]))
    print(valve.address, flush=True)
    sys.stdin.read()
    valve.close()
