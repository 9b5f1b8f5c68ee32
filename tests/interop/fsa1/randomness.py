"""Where the secrets of an attempt come from; injected, so that vectors can be replayed (end of 7.3)."""

import os
from typing import Protocol

from .primitives import hkdf_expand


class Randomness(Protocol):
    """Secret bytes by what they are for, within one attempt (ctx) of one node."""

    def draw(self, label: bytes, size: int, ctx: bytes, node: bytes) -> bytes: ...


class SystemRandomness:
    """Fresh bytes of the operating system, whatever the label."""

    def draw(self, label: bytes, size: int, ctx: bytes, node: bytes) -> bytes:
        return os.urandom(size)


class VectorRandomness:
    """R(label) of 7.3: every secret of an attempt from one seed."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed

    def draw(self, label: bytes, size: int, ctx: bytes, node: bytes) -> bytes:
        return hkdf_expand(self._seed, b"FSA-1/test/" + label + b"\0" + ctx + node, size)
