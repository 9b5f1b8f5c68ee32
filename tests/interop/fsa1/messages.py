"""What travels beside the signed bodies: the coordinator's messages (spec 7.6) and the nodes' uploads."""

from dataclasses import dataclass

from .signatures import Signed

Signatures = tuple[tuple[bytes, bytes], ...]  # (id, signature) of one and the same statement


@dataclass(frozen=True)
class Roster:
    adverts: tuple[Signed, ...]


@dataclass(frozen=True)
class GraphSet:
    openings: tuple[Signed, ...]


@dataclass(frozen=True)
class InboundHead:
    """A Shares head of U2, and its entry for the receiver of the message or None."""

    head: Signed
    entry: bytes | None


@dataclass(frozen=True)
class Inbound:
    heads: tuple[InboundHead, ...]


@dataclass(frozen=True)
class Survivors:
    u2_hash: bytes
    ends: tuple[Signed, ...]


@dataclass(frozen=True)
class SurvivorsCert:
    u3_hash: bytes
    sigs: Signatures


@dataclass(frozen=True)
class Result:
    u3_hash: bytes
    nwords: int
    z_root: bytes
    tau: tuple[int, ...]
    chunks: tuple[bytes, ...]


@dataclass(frozen=True)
class ResultCert:
    u3_hash: bytes
    z_root: bytes
    sigs: Signatures


@dataclass(frozen=True)
class SharesUpload:
    """P2, node to coordinator: the signed head and the entries by receiver."""

    head: Signed
    entries: dict[bytes, bytes]


@dataclass(frozen=True)
class MaskedUpload:
    """P3, node to coordinator: the chunks in order and the signed MaskedEnd."""

    end: Signed
    chunks: tuple[bytes, ...]
