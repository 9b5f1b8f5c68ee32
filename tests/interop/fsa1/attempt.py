"""One attempt at a node: everything that it knows, phase by phase, and the keys that follow from it."""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from . import keys
from .bodies import Advertise, DealtShares
from .context import Offer, dealers_of, roster_hash
from .graph import full_graph, ring_graph
from .messages import MaskedUpload, SharesUpload
from .params import Params
from .poly_mac import MacKey
from .primitives import NO_HASH
from .randomness import Randomness
from .refusal import Refusal
from .registry import Registry
from .signatures import Signed, is_signed_by
from .sums import Sums


class State(Enum):
    """The states of 7.6."""

    IDLE = "idle"
    ADVERTISED = "advertised"
    GRAPH = "graph"
    SHARED = "shared"
    READY = "ready"
    MASKED = "masked"
    SIGNED = "signed"
    UNMASKED = "unmasked"
    VERIFIED = "verified"
    COMMITTED = "committed"
    LEFT = "left"
    ABORTED = "aborted"


@dataclass(frozen=True)
class Secrets:
    """What a node draws before it advertises (spec 2.3, 2.6)."""

    sk_c: bytes
    m: bytes
    b: bytes
    graph_nonce: bytes | None

    @classmethod
    def draw(cls, source: Randomness, ctx: bytes, node: bytes, with_graph: bool) -> "Secrets":
        sk_c, m, b = (source.draw(label, 32, ctx, node) for label in (b"sk_c", b"m", b"b"))
        return cls(sk_c, m, b, source.draw(b"graph", 32, ctx, node) if with_graph else None)

    @cached_property
    def sk_m(self) -> bytes:
        return keys.mask_private_key(self.m)


@dataclass(frozen=True)
class RosterView:
    """U1 as a roster states it: adverts ascending by id."""

    ctx: bytes
    adverts: dict[bytes, Advertise]

    @cached_property
    def u1(self) -> tuple[bytes, ...]:
        return tuple(self.adverts)

    @cached_property
    def hash(self) -> bytes:
        return roster_hash([advert.encode() for advert in self.adverts.values()])

    @cached_property
    def dealers(self) -> tuple[bytes, ...]:
        return dealers_of(self.ctx, self.u1)

    def point(self, node: bytes) -> int:
        """x of a node's shares: its 1-based index in the roster (spec 2.4)."""
        return self.u1.index(node) + 1

    def c_key(self, node: bytes) -> keys.Party:
        return keys.Party(node, self.adverts[node].pk_c)

    def m_key(self, node: bytes) -> keys.Party:
        return keys.Party(node, self.adverts[node].pk_m)

    def graph(self, params: Params, seed: bytes | None) -> dict[bytes, tuple[bytes, ...]]:
        """Neighbours by node; a seed belongs to the k-graph only."""
        n = len(self.u1)
        indexes = ring_graph(seed, n, params.k) if seed is not None else full_graph(n)
        return {node: tuple(self.u1[j] for j in indexes[i]) for i, node in enumerate(self.u1)}


@dataclass
class Attempt:
    """Facts are set when their phase has been accepted; nothing here checks anything."""

    me: bytes
    registry: Registry
    offer: Offer
    params: Params
    ctx: bytes
    secrets: Secrets | None
    state: State = State.IDLE
    advert: Signed = Signed(b"", b"")
    answers: dict[str, tuple[Any, Any]] = field(default_factory=dict)  # by kind: message, answer
    # P1
    roster: RosterView | None = None
    neighbours: tuple[bytes, ...] = ()
    c_prks: dict[bytes, bytes] = field(default_factory=dict)  # with every node that a channel is needed with
    m_prks: dict[bytes, bytes] = field(default_factory=dict)  # with every neighbour
    # P2
    kd: bytes | None = None
    shares: SharesUpload | None = None
    u2: tuple[bytes, ...] = ()
    u2_hash: bytes = NO_HASH
    dealt: dict[bytes, DealtShares] = field(default_factory=dict)  # to me, by dealer
    kds: dict[bytes, bytes] = field(default_factory=dict)  # of the dealers in U2, mine included
    # P3 to P6
    upload: MaskedUpload | None = None
    u3: tuple[bytes, ...] = ()
    u3_hash: bytes = NO_HASH
    sums: Sums | None = None
    z_root: bytes = NO_HASH

    @property
    def live_neighbours(self) -> list[bytes]:
        """N(i) & U2, ascending."""
        return sorted(set(self.neighbours) & set(self.u2))

    @property
    def expects_mac(self) -> bool:
        return self.params.verify == 1

    def is_dealer(self, node: bytes) -> bool:
        return self.expects_mac and node in self.the_roster.dealers

    @property
    def the_roster(self) -> RosterView:
        assert self.roster is not None, "used before the roster was accepted"
        return self.roster

    @property
    def the_secrets(self) -> Secrets:
        assert self.secrets is not None, "used after the attempt ended"
        return self.secrets

    def signed_by(self, node: bytes, kind: str, message: Signed) -> bool:
        return is_signed_by(self.registry.by_id[node].pk_ed, kind, self.ctx, message)

    def require_signature(self, node: bytes, kind: str, message: Signed) -> None:
        if not self.signed_by(node, kind, message):
            raise Refusal("bad_signature", node)

    def derive_keys(self) -> None:
        """X25519 with all neighbours (both keys) and between dealers and everybody (channel): `bad_key`."""
        roster, secrets = self.the_roster, self.the_secrets
        for peer in roster.u1:
            if peer == self.me:
                continue
            near = peer in self.neighbours
            if near or self.is_dealer(self.me) or self.is_dealer(peer):
                self.c_prks[peer] = keys.pair_prk(self.ctx, secrets.sk_c, roster.c_key(peer))
            if near:
                self.m_prks[peer] = keys.pair_prk(self.ctx, secrets.sk_m, roster.m_key(peer))

    def channel_key(self, use: str, sender: bytes, receiver: bytes) -> bytes:
        """Of the direction between me and a peer."""
        peer = receiver if sender == self.me else sender
        roster = self.the_roster
        return keys.channel_key(self.c_prks[peer], use, roster.c_key(sender), roster.c_key(receiver))

    def channel_aad(self, sender: bytes, receiver: bytes) -> bytes:
        return keys.channel_aad(self.ctx, sender, receiver, self.the_roster.hash)

    def mask_key(self, use: str, peer: bytes) -> bytes:
        roster = self.the_roster
        return keys.mask_key(self.m_prks[peer], use, roster.m_key(self.me), roster.m_key(peer))

    def self_key(self, use: str) -> bytes:
        return keys.self_key(self.ctx, self.the_secrets.b, use, self.me)

    def mac_key(self) -> MacKey:
        """From the K_d of the dealers in U2, ascending by id (spec 3, V1)."""
        return MacKey.from_dealers(self.ctx, [self.kds[dealer] for dealer in sorted(self.kds)])

    def end(self, state: State) -> None:
        """The attempt is over: what was secret is let go (spec 2.9)."""
        self.state = state
        self.secrets = self.kd = None
        self.dealt, self.kds, self.c_prks, self.m_prks, self.answers = {}, {}, {}, {}, {}
