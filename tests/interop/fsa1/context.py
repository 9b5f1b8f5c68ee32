"""The offer, its context and every hash over messages (spec 2.1, 7.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .primitives import counted, lv, sha256, u8, u32, u64

SHARE_OF_B = 0
SHARE_OF_M = 1
DEALERS = 3


@dataclass(frozen=True)
class Offer:
    """P0, coordinator to node (spec 7.6); `params` are the bytes of 7.4."""

    federation_id: bytes
    job_id: bytes
    round: int
    attempt: int
    registry_hash: bytes
    cohort: tuple[bytes, ...]
    model_hash: bytes
    train_cfg_hash: bytes
    params: bytes
    mode: int

    def ctx(self) -> bytes:
        return sha256(
            b"FSA-1\0",
            lv(self.federation_id),
            lv(self.job_id),
            u64(self.round),
            u32(self.attempt),
            self.registry_hash,
            cohort_hash(self.cohort),
            self.model_hash,
            self.train_cfg_hash,
            sha256(b"FSA-1/params\0", self.params),
            u8(self.mode),
        )


def cohort_hash(ids: Sequence[bytes]) -> bytes:
    return sha256(b"FSA-1/cohort\0", counted(ids))


def roster_hash(advert_bodies: Sequence[bytes]) -> bytes:
    """Over the Advertise bodies ascending by id, without signatures."""
    return sha256(b"FSA-1/roster\0", counted(advert_bodies))


def entry_digest(entry: bytes) -> bytes:
    return sha256(b"FSA-1/entry\0", entry)


def u2_hash(roster: bytes, heads: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Over (id, Shares head body) of U2."""
    return sha256(b"FSA-1/u2\0", roster, counted([node + sha256(body) for node, body in heads]))


def u3_hash(u2: bytes, ends: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Over (id, MaskedEnd body) of U3."""
    return sha256(b"FSA-1/u3\0", u2, counted([node + sha256(body) for node, body in ends]))


def commitment(to: str, ctx: bytes, node: bytes, value: bytes) -> bytes:
    """com_b, com_mac or com_graph; `to` is "b", "mac" or "graph"."""
    return sha256(f"FSA-1/com/{to}\0".encode(), ctx, node, value)


@dataclass(frozen=True)
class ShareOf:
    """Which share a commitment is about."""

    ctx: bytes
    kind: int
    dealer: bytes
    receiver: bytes

    def commit(self, share: bytes, blind: bytes) -> bytes:
        """com_share of 7.2."""
        parts = (self.ctx, u8(self.kind), self.dealer, self.receiver, share, blind)
        return sha256(b"FSA-1/com/share\0", *parts)


def dealer_rank(ctx: bytes, node: bytes) -> bytes:
    return sha256(b"FSA-1/dealer\0", ctx, node)


def dealers_of(ctx: bytes, u1: Iterable[bytes]) -> tuple[bytes, ...]:
    """The three of U1 with the smallest rank, ascending by rank (spec 3, V1)."""
    return tuple(sorted(u1, key=lambda node: dealer_rank(ctx, node))[:DEALERS])


def graph_seed(ctx: bytes, roster: bytes, nonces: Iterable[bytes]) -> bytes:
    return sha256(b"FSA-1/graph\0", ctx, roster, *nonces)
