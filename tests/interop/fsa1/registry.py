"""The pinned registry of nodes (spec 2.0, 7.4)."""

from dataclasses import dataclass
from functools import cached_property

from .primitives import Reader, counted, lv, require_ascending, sha256, u64


@dataclass(frozen=True)
class RegistryEntry:
    """One node: its member, its long-term Ed25519 key, and the Unix second until which it holds."""

    id: bytes
    org: bytes
    pk_ed: bytes
    not_after: int

    def encode(self) -> bytes:
        return self.id + lv(self.org) + self.pk_ed + u64(self.not_after)


@dataclass(frozen=True)
class Registry:
    version: int
    entries: tuple[RegistryEntry, ...]

    def encode(self) -> bytes:
        return u64(self.version) + counted([entry.encode() for entry in self.entries])

    @classmethod
    def parse(cls, data: bytes) -> "Registry":
        reader = Reader(data)
        version = reader.u64()
        entries = tuple(
            RegistryEntry(reader.id(), reader.lv(), reader.take(32), reader.u64())
            for _ in range(reader.u32())
        )
        reader.end()
        require_ascending([entry.id for entry in entries])
        return cls(version, entries)

    @cached_property
    def hash(self) -> bytes:
        return sha256(b"FSA-1/registry\0", self.encode())

    @cached_property
    def by_id(self) -> dict[bytes, RegistryEntry]:
        return {entry.id: entry for entry in self.entries}
