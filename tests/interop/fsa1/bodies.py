"""The bodies that nodes sign (spec 7.5): each with its encoding and its strict parser (`bad_encoding`)."""

from dataclasses import dataclass
from typing import ClassVar

from .primitives import P, Reader, counted, lv, require_ascending, u8, u64
from .refusal import Refusal
from .shamir import BLIND_BYTES, SHARE_BYTES

CT_BYTES = 128
CTK_BYTES = 48


@dataclass(frozen=True)
class Advertise:
    kind: ClassVar[str] = "advertise"
    id: bytes
    pk_c: bytes
    pk_m: bytes
    com_graph: bytes

    def encode(self) -> bytes:
        return self.id + self.pk_c + self.pk_m + self.com_graph

    @classmethod
    def parse(cls, body: bytes) -> "Advertise":
        reader = Reader(body)
        message = cls(reader.id(), reader.take(32), reader.take(32), reader.hash())
        reader.end()
        return message


@dataclass(frozen=True)
class Graph:
    kind: ClassVar[str] = "graph"
    id: bytes
    roster_hash: bytes
    nonce: bytes

    def encode(self) -> bytes:
        return self.id + self.roster_hash + self.nonce

    @classmethod
    def parse(cls, body: bytes) -> "Graph":
        reader = Reader(body)
        message = cls(reader.id(), reader.hash(), reader.take(32))
        reader.end()
        return message


@dataclass(frozen=True)
class Shares:
    """The signed head; com_mac has 32 bytes for a dealer and none otherwise."""

    kind: ClassVar[str] = "shares"
    id: bytes
    roster_hash: bytes
    com_b: bytes
    com_mac: bytes
    digests: tuple[tuple[bytes, bytes], ...]  # (receiver, entry digest)

    def encode(self) -> bytes:
        items = counted([receiver + digest for receiver, digest in self.digests])
        return self.id + self.roster_hash + self.com_b + lv(self.com_mac) + items

    @classmethod
    def parse(cls, body: bytes) -> "Shares":
        reader = Reader(body)
        node, roster_hash, com_b, com_mac = reader.id(), reader.hash(), reader.hash(), reader.lv()
        digests = tuple((reader.id(), reader.hash()) for _ in range(reader.u32()))
        reader.end()
        require_ascending([receiver for receiver, _ in digests])
        if len(com_mac) not in (0, 32):
            raise Refusal("bad_encoding", why="size of com_mac")
        return cls(node, roster_hash, com_b, com_mac, digests)


@dataclass(frozen=True)
class Entry:
    """What one receiver gets; unsigned, bound by its digest."""

    receiver: bytes
    com_share_b: bytes
    com_share_m: bytes
    ct: bytes
    ctk: bytes

    def encode(self) -> bytes:
        return self.receiver + self.com_share_b + self.com_share_m + lv(self.ct) + lv(self.ctk)

    @classmethod
    def parse(cls, data: bytes) -> "Entry":
        reader = Reader(data)
        entry = cls(reader.id(), reader.hash(), reader.hash(), reader.lv(), reader.lv())
        reader.end()
        if len(entry.ct) not in (0, CT_BYTES) or len(entry.ctk) not in (0, CTK_BYTES):
            raise Refusal("bad_encoding", why="size of a ciphertext")
        return entry


@dataclass(frozen=True)
class DealtShares:
    """The plaintext of ct."""

    share_b: bytes
    blind_b: bytes
    share_m: bytes
    blind_m: bytes

    def encode(self) -> bytes:
        return self.share_b + self.blind_b + self.share_m + self.blind_m

    @classmethod
    def parse(cls, data: bytes) -> "DealtShares":
        reader = Reader(data)
        sizes = (SHARE_BYTES, BLIND_BYTES, SHARE_BYTES, BLIND_BYTES)
        shares = cls(*(reader.take(size) for size in sizes))
        reader.end()
        return shares

    def of_kind(self, kind: int) -> tuple[bytes, bytes]:
        return (self.share_m, self.blind_m) if kind else (self.share_b, self.blind_b)


@dataclass(frozen=True)
class MaskedEnd:
    kind: ClassVar[str] = "masked"
    id: bytes
    u2_hash: bytes
    nwords: int
    root: bytes
    tags: tuple[int, ...]

    def encode(self) -> bytes:
        tags = u8(len(self.tags)) + b"".join(u64(tag) for tag in self.tags)
        return self.id + self.u2_hash + u64(self.nwords) + self.root + tags

    @classmethod
    def parse(cls, body: bytes) -> "MaskedEnd":
        reader = Reader(body)
        node, u2_hash, nwords, root = reader.id(), reader.hash(), reader.u64(), reader.hash()
        tags = tuple(reader.u64() for _ in range(reader.u8()))
        reader.end()
        if any(tag >= P for tag in tags):
            raise Refusal("bad_encoding", why="a tag that is not below p")
        return cls(node, u2_hash, nwords, root, tags)


@dataclass(frozen=True)
class U3:
    kind: ClassVar[str] = "u3"
    id: bytes
    u2_hash: bytes
    u3_hash: bytes

    def encode(self) -> bytes:
        return self.id + self.u2_hash + self.u3_hash


@dataclass(frozen=True)
class OpenedShare:
    """One share that Unmask releases: of dealer `id`, kind 0 of b or 1 of m."""

    id: bytes
    kind: int
    share: bytes
    blind: bytes

    def encode(self) -> bytes:
        return self.id + u8(self.kind) + self.share + self.blind


@dataclass(frozen=True)
class Unmask:
    kind: ClassVar[str] = "unmask"
    id: bytes
    u3_hash: bytes
    b: bytes
    shares: tuple[OpenedShare, ...]

    def encode(self) -> bytes:
        return self.id + self.u3_hash + self.b + counted([share.encode() for share in self.shares])

    @classmethod
    def parse(cls, body: bytes) -> "Unmask":
        reader = Reader(body)
        node, u3_hash, b = reader.id(), reader.hash(), reader.take(32)
        shares = tuple(
            OpenedShare(reader.id(), reader.u8(), reader.take(SHARE_BYTES), reader.take(BLIND_BYTES))
            for _ in range(reader.u32())
        )
        reader.end()
        require_ascending([share.id for share in shares])
        return cls(node, u3_hash, b, shares)


@dataclass(frozen=True)
class Z:
    kind: ClassVar[str] = "z"
    id: bytes
    u3_hash: bytes
    nwords: int
    z_root: bytes

    def encode(self) -> bytes:
        return self.id + self.u3_hash + u64(self.nwords) + self.z_root


@dataclass(frozen=True)
class Abort:
    kind: ClassVar[str] = "abort"
    id: bytes
    reason: bytes
    concerns: bytes  # zeros: nobody

    def encode(self) -> bytes:
        return self.id + lv(self.reason) + self.concerns

    @classmethod
    def parse(cls, body: bytes) -> "Abort":
        reader = Reader(body)
        message = cls(reader.id(), reader.lv(), reader.id())
        reader.end()
        return message
