"""A TCP proxy on loopback that does to connections what networks do: late, thin, cut, reset, half-open, gone. Standard
library only.

Its owner says what is wrong from now on, from any thread; connections that are open feel it too. The bytes that do pass
are never changed nor reordered: below TLS that would only be another way of cutting.
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from dataclasses import dataclass

PIECE = 1 << 14


@dataclass(frozen=True)
class Weather:
    """What is wrong with the network."""

    delay: float = 0.0             # seconds that every piece is late, each way; up to as much again at random
    bytes_per_second: float = 0.0  # of one connection, each way; 0: no limit
    silent_up: bool = False        # what the client says stays away; the connection stays: half-open
    silent_down: bool = False      # what the server says stays away
    refuse: bool = False           # new connections are reset at once


FAIR = Weather()


class FaultyProxy:
    def __init__(self, target: str, seed: int = 0):
        host, port = target.rsplit(":", 1)
        self._target, self._weather, self._random = (host, int(port)), FAIR, random.Random(seed)
        self._open: set[asyncio.StreamWriter] = set()
        self._changed: asyncio.Event | None = None
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()

    # ---- its owner's side; any thread

    def become(self, weather: Weather) -> None:
        self._call(self._set, weather)

    def cut(self) -> None:
        """Ends every connection in order, in its middle."""
        self._call(self._end, False)

    def reset(self) -> None:
        """Ends every connection with RST."""
        self._call(self._end, True)

    def close(self) -> None:
        self._call(self._end, False)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _call(self, function, *args) -> None:
        done = threading.Event()

        def run() -> None:
            function(*args)
            done.set()

        self._loop.call_soon_threadsafe(run)
        if not done.wait(60):
            raise TimeoutError("the proxy does not answer")

    # ---- the loop's side

    def _run(self, listener: socket.socket) -> None:
        asyncio.set_event_loop(self._loop)
        self._changed = asyncio.Event()
        self._loop.run_until_complete(asyncio.start_server(self._serve, sock=listener))
        self._loop.run_forever()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        listener.close()
        self._loop.close()

    def _set(self, weather: Weather) -> None:
        self._weather = weather
        self._changed.set()
        self._changed = asyncio.Event()

    def _end(self, hard: bool) -> None:
        for writer in list(self._open):
            if hard:
                with contextlib.suppress(OSError):
                    option = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
            writer.transport.abort() if hard else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        other = None
        try:
            if self._weather.refuse:
                return self._end_one(writer)
            far, other = await asyncio.open_connection(*self._target)
            self._open.add(other)
            await asyncio.gather(self._pass(reader, other, up=True), self._pass(far, writer, up=False))
        except (OSError, asyncio.CancelledError):
            pass  # one end is gone: so is the other, soon
        finally:
            for each in filter(None, (writer, other)):
                self._open.discard(each)
                each.close()

    def _end_one(self, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, up: bool) -> None:
        try:
            while data := await source.read(PIECE):
                while self._weather.silent_up if up else self._weather.silent_down:
                    await self._changed.wait()
                weather = self._weather
                late = weather.delay * (1 + self._random.random())
                thin = len(data) / weather.bytes_per_second if weather.bytes_per_second else 0.0
                if late + thin > 0:
                    await asyncio.sleep(late + thin)
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                sink.close()
