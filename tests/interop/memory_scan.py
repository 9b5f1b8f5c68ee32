"""The memory of a process as a core dump would hold it, and where given bytes lie in it."""

import os
import resource
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

PAGE = resource.getpagesize()
PIECE = 16 << 20  # bytes read at once
OVERLAP = 128  # longer than any secret
CAP_SYS_PTRACE = 19


def may_read() -> bool:
    """Whether this user may read the memory of a process that forbids it to its own user."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (capabilities,) = [line.split()[1] for line in lines if line.startswith("CapEff:")]
    return os.geteuid() == 0 and bool(int(capabilities, 16) >> CAP_SYS_PTRACE & 1)


def dumped(pid: int) -> Iterator[tuple[str, int, int]]:
    """Name, begin and end of the mappings that a core dump holds: private and writable, unless they are excluded (dd)."""
    mapping = None
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            begin, end = (int(word, 16) for word in words[0].split("-"))
            name = words[5] if len(words) > 5 else "anonymous"
            mapping = (name, begin, end) if words[1][1] == "w" and words[1][3] == "p" else None
        elif words[0] == "VmFlags:" and mapping is not None and "dd" not in words[1:]:
            yield mapping


def touched(pid: int) -> Iterator[tuple[str, int, int]]:
    """The parts of these that are not untouched zeros."""
    with open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap:
        for name, at, end in dumped(pid):
            pagemap.seek(at // PAGE * 8)
            entries = memoryview(pagemap.read((end - at) // PAGE * 8)).cast("Q")
            for present, run in groupby(entries, key=lambda entry: entry >> 62 != 0):  # in memory, or swapped out
                size = PAGE * len(list(run))
                if present:
                    yield name, at, at + size
                at += size


def pieces(pid: int) -> Iterator[tuple[str, bytes]]:
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for name, begin, end in touched(pid):
            for at in range(begin, end, PIECE):
                memory.seek(at)
                yield name, memory.read(min(PIECE + OVERLAP, end - at))


@contextmanager
def stopped(pid: int) -> Iterator[Iterator[tuple[str, bytes]]]:
    """The pieces of a process that stands still meanwhile; a child of this one."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)  # until the last of its threads has stopped
    try:
        yield pieces(pid)
    finally:
        os.kill(pid, signal.SIGCONT)


def found_in(places: Iterable[tuple[str, bytes]], wanted: dict[str, bytes]) -> set[tuple[str, str]]:
    """Which of the values lie where: (name of the value, place)."""
    return {(name, place) for place, data in places for name, value in wanted.items() if value in data}
