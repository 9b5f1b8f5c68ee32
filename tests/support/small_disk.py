"""A disk small enough to fill: a tmpfs in a mount namespace of this process and those that it starts, gone with them.
Needs root or unprivileged user namespaces. Standard library only."""

import ctypes
import os
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def enter() -> bool:
    """Into a mount namespace of its own; before the process has threads. False: this machine does not allow it."""
    uid, gid = os.geteuid(), os.getegid()
    try:
        _check(_libc.unshare(CLONE_NEWNS | (0 if uid == 0 else CLONE_NEWUSER)))
        if uid != 0:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
            Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
        _check(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    except OSError:
        return False
    return True


class SmallDisk:
    def __init__(self, path: Path, size: int):
        path.mkdir(mode=0o700)
        self._path, self._filler = path, path / "filler"
        _check(_libc.mount(b"tmpfs", os.fsencode(path), b"tmpfs", 0, f"size={size},mode=700".encode()))

    def fill(self) -> None:
        """Takes all that is free."""
        with open(self._filler, "ab") as file:
            end, step = file.tell(), 1 << 20
            while step >= 4096:
                try:
                    os.posix_fallocate(file.fileno(), end, step)
                    end += step
                except OSError:
                    step //= 2

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Nobody has files of it open any more."""
        _check(_libc.umount2(os.fsencode(self._path), 0))
