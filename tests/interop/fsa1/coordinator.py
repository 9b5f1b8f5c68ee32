"""The coordinator of FSA-1: collects, checks (spec 7.7) and relays (spec 7.6). No I/O and no clock.

Phase by phase: `add_*` takes a node's message, `close_*` ends the phase and returns what goes to the nodes.
"""

from collections.abc import Callable
from enum import IntEnum

from .attempt import RosterView
from .bodies import U3, Advertise, Entry, Graph, MaskedEnd, Shares, Unmask, Z
from .check_node import Setting, check_advert, check_graph, check_kinds, check_masked, check_shares, opens
from .context import SHARE_OF_B, SHARE_OF_M, Offer, commitment, graph_seed, u2_hash, u3_hash
from .graph import MALICIOUS
from .messages import GraphSet, Inbound, InboundHead, MaskedUpload, Result, ResultCert, Roster, SharesUpload
from .messages import Survivors, SurvivorsCert
from .params import Params
from .primitives import NO_HASH, bytes_of, merkle_root, sender_of, words_of
from .recover import Opened, Secrets, recover_secrets, unmask
from .refusal import Refusal
from .registry import Registry
from .signatures import Signed, is_signed_by


class Phase(IntEnum):
    """What the coordinator collects."""

    ADVERTISE = 1
    GRAPH = 2
    SHARES = 3
    MASKED = 4
    U3 = 5
    UNMASK = 6
    Z = 7
    DONE = 8


class Coordinator:
    """One attempt. `add_*` returns what is held against the sender, or None; `close_*` raises at failure.

    A node whose message is refused counts as silent. A second message of a node in one phase is discarded,
    and so is a message of a phase that is over.
    """

    def __init__(self, offer: Offer, registry: Registry) -> None:
        self.offer = offer
        self.registry = registry
        self.params = Params.parse(offer.params, offer.mode)
        self.ctx = offer.ctx()
        self.phase = Phase.ADVERTISE
        self.held: list[Refusal] = []
        self.adverts: dict[bytes, tuple[Signed, Advertise]] = {}
        self.openings: dict[bytes, tuple[Signed, Graph]] = {}
        self.heads: dict[bytes, tuple[Signed, Shares]] = {}
        self.raw_entries: dict[bytes, dict[bytes, bytes]] = {}  # by dealer and receiver
        self.entries: dict[bytes, dict[bytes, Entry]] = {}
        self.ends: dict[bytes, Signed] = {}
        self.words: dict[bytes, tuple[list[int], list[int]]] = {}  # by node: masked words, masked tags
        self.u3_sigs: dict[bytes, bytes] = {}
        self.unmasked: set[bytes] = set()
        self.opened = Opened()
        self.z_sigs: dict[bytes, bytes] = {}
        self.setting = Setting(self.ctx, self.params, RosterView(self.ctx, {}), {})
        self.u2: tuple[bytes, ...] = ()
        self.u3: tuple[bytes, ...] = ()
        self.u2_hash = self.u3_hash = self.z_root = NO_HASH
        self.secrets: Secrets | None = None

    # P1 and P2a

    def add_advert(self, message: Signed) -> Refusal | None:
        def take(sender: bytes) -> None:
            advert = Advertise.parse(message.body)
            taken = {pk for _, other in self.adverts.values() for pk in (other.pk_c, other.pk_m)}
            check_advert(advert, self.params, taken)
            self.adverts[sender] = (message, advert)

        return self._add(Phase.ADVERTISE, Advertise.kind, message, take)

    def close_adverts(self) -> Roster:
        self._require(Phase.ADVERTISE)
        adverts = [self.adverts[node] for node in sorted(self.adverts)]
        if len(adverts) < (self.params.n if self.params.graph else self.params.u_min):
            raise Refusal("roster_too_small")
        roster = RosterView(self.ctx, {advert.id: advert for _, advert in adverts})
        neighbours = {} if self.params.graph else roster.graph(self.params, None)
        self.setting = Setting(self.ctx, self.params, roster, neighbours)
        self.phase = Phase.GRAPH if self.params.graph else Phase.SHARES
        return Roster(tuple(signed for signed, _ in adverts))

    def add_graph(self, message: Signed) -> Refusal | None:
        def take(sender: bytes) -> None:
            opening = Graph.parse(message.body)
            check_graph(opening, self.ctx, self.setting.roster)
            self.openings[sender] = (message, opening)

        return self._add(Phase.GRAPH, Graph.kind, message, take)

    def close_graph(self) -> GraphSet:
        self._require(Phase.GRAPH)
        roster = self.setting.roster
        if set(self.openings) != set(roster.u1):
            raise Refusal("missing_graph_nonce")
        openings = [self.openings[node] for node in roster.u1]
        seed = graph_seed(self.ctx, roster.hash, [opening.nonce for _, opening in openings])
        self.setting = Setting(self.ctx, self.params, roster, roster.graph(self.params, seed))
        self.phase = Phase.SHARES
        return GraphSet(tuple(signed for signed, _ in openings))

    # P2

    def add_shares(self, upload: SharesUpload) -> Refusal | None:
        def take(sender: bytes) -> None:
            head = Shares.parse(upload.head.body)
            self.entries[sender] = check_shares(upload, head, self.setting)
            self.raw_entries[sender] = dict(upload.entries)
            self.heads[sender] = (upload.head, head)

        return self._add(Phase.SHARES, Shares.kind, upload.head, take)

    def close_shares(self) -> dict[bytes, Inbound]:
        """For each node of U2, all heads and the entries meant for it."""
        self._require(Phase.SHARES)
        self.u2 = tuple(sorted(self.heads))
        if len(self.u2) < self.params.u_min:
            raise Refusal("u2_too_small")
        if self.params.verify and not set(self.setting.roster.dealers) & set(self.u2):
            raise Refusal("no_dealer")
        heads = [(node, self.heads[node][0].body) for node in self.u2]
        self.u2_hash = u2_hash(self.setting.roster.hash, heads)
        self.phase = Phase.MASKED
        return {receiver: self._inbound(receiver) for receiver in self.u2}

    def _inbound(self, receiver: bytes) -> Inbound:
        return Inbound(
            tuple(InboundHead(self.heads[node][0], self.raw_entries[node].get(receiver)) for node in self.u2)
        )

    # P3 and P4

    def add_masked(self, upload: MaskedUpload) -> Refusal | None:
        def take(sender: bytes) -> None:
            end = MaskedEnd.parse(upload.end.body)
            check_masked(upload, end, self.u2_hash, self.params)
            self.ends[sender] = upload.end
            self.words[sender] = (words_of(b"".join(upload.chunks)), list(end.tags))

        return self._add(Phase.MASKED, MaskedEnd.kind, upload.end, take)

    def close_masked(self) -> Survivors:
        self._require(Phase.MASKED)
        self.u3 = tuple(sorted(self.ends))
        if len(self.u3) < self.params.u_min:
            raise Refusal("u3_too_small")
        self.u3_hash = u3_hash(self.u2_hash, [(node, self.ends[node].body) for node in self.u3])
        self.phase = Phase.U3 if self.offer.mode == MALICIOUS else Phase.UNMASK
        return Survivors(self.u2_hash, tuple(self.ends[node] for node in self.u3))

    def add_u3(self, message: Signed) -> Refusal | None:
        def take(sender: bytes) -> None:
            if message.body == U3(sender, self.u2_hash, self.u3_hash).encode():  # others are discarded
                self.u3_sigs[sender] = message.sig

        return self._add(Phase.U3, U3.kind, message, take)

    def close_u3(self) -> SurvivorsCert:
        self._require(Phase.U3)
        if len(self.u3_sigs) < self.params.t:
            raise Refusal("no_certificate", why="fewer than t nodes signed the survivor set")
        self.phase = Phase.UNMASK
        return SurvivorsCert(self.u3_hash, tuple(sorted(self.u3_sigs.items())))

    # P5

    def add_unmask(self, message: Signed) -> Refusal | None:
        """A wrong b or a wrong share is held against the sender, and the valid rest is used."""
        held_before = len(self.held)

        def take(sender: bytes) -> None:
            body = Unmask.parse(message.body)
            if body.u3_hash != self.u3_hash:
                raise Refusal("wrong_u3", sender)
            own = commitment("b", self.ctx, sender, body.b) == self.heads[sender][1].com_b
            if not own:
                self.held.append(Refusal("bad_secret", sender))
            live = set(self.setting.neighbours[sender]) & set(self.u2)
            check_kinds(body, {peer: SHARE_OF_B if peer in self.u3 else SHARE_OF_M for peer in live})
            self.unmasked.add(sender)
            if own:
                self.opened.b[sender] = body.b
            self._take_shares(body)

        refused = self._add(Phase.UNMASK, Unmask.kind, message, take)
        return self.held[held_before] if len(self.held) > held_before else refused

    def _take_shares(self, body: Unmask) -> None:
        point = self.setting.roster.point(body.id)
        for share in body.shares:
            if opens(share, body.id, self.entries[share.id][body.id], self.ctx):
                self.opened.shares.setdefault((share.id, share.kind), {})[point] = share.share
            else:
                self.held.append(Refusal("bad_share", body.id, f"of {share.id.hex()}"))

    def close_unmask(self) -> Result:
        """`too_few_shares` or `bad_dealer` where the sum cannot be opened."""
        self._require(Phase.UNMASK)
        com_b = {node: head.com_b for node, (_, head) in self.heads.items()}
        self.secrets = recover_secrets(self.opened, self.u2, self.u3, com_b, self.setting)
        words, tau = unmask({node: self.words[node] for node in self.u3}, self.secrets, self.setting)
        chunks = self.params.chunks(bytes_of(words))
        self.z_root = merkle_root(chunks)
        self.phase = Phase.Z
        return Result(self.u3_hash, len(words), self.z_root, tuple(tau), chunks)

    # P6

    def add_z(self, message: Signed) -> Refusal | None:
        def take(sender: bytes) -> None:
            if message.body == Z(sender, self.u3_hash, self.params.nwords, self.z_root).encode():
                self.z_sigs[sender] = message.sig

        return self._add(Phase.Z, Z.kind, message, take)

    def close_z(self) -> ResultCert:
        self._require(Phase.Z)
        if len(self.z_sigs) < self.params.t:
            raise Refusal("no_certificate", why="fewer than t nodes signed the sum")
        self.phase = Phase.DONE
        return ResultCert(self.u3_hash, self.z_root, tuple(sorted(self.z_sigs.items())))

    # shared by all phases

    def _awaited(self, phase: Phase) -> tuple[set[bytes], set[bytes]]:
        """Who may send in a phase, and who has."""
        u1 = set(self.setting.roster.u1)
        return {
            Phase.ADVERTISE: (set(self.offer.cohort), set(self.adverts)),
            Phase.GRAPH: (u1, set(self.openings)),
            Phase.SHARES: (u1, set(self.heads)),
            Phase.MASKED: (set(self.u2), set(self.ends)),
            Phase.U3: (set(self.u3), set(self.u3_sigs)),
            Phase.UNMASK: (set(self.u3), self.unmasked),
            Phase.Z: (set(self.u3), set(self.z_sigs)),
        }[phase]

    def _add(self, phase: Phase, kind: str, message: Signed, take: Callable[[bytes], None]) -> Refusal | None:
        if self.phase != phase:
            return None
        sender: bytes | None = None
        try:
            sender = sender_of(message.body)
            may_send, has_sent = self._awaited(phase)
            if sender in has_sent:
                return None
            if sender not in may_send:
                raise Refusal("unknown_node", sender)
            if not is_signed_by(self.registry.by_id[sender].pk_ed, kind, self.ctx, message):
                raise Refusal("bad_signature", sender)
            take(sender)
        except Refusal as refusal:
            held = Refusal(refusal.name, refusal.concerns or sender, refusal.why)
            self.held.append(held)
            return held
        return None

    def _require(self, phase: Phase) -> None:
        if self.phase != phase:
            raise Refusal("out_of_phase", why=f"{self.phase.name}, not {phase.name}")
