"""A node of FSA-1: the state machine of 7.6, attempt after attempt. No I/O: messages in, messages out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from . import keys
from .attempt import Attempt, Secrets, State
from .bodies import U3, Abort, Advertise, Graph, OpenedShare, Unmask, Z
from .check_inbound import check_inbound
from .check_offer import check_before, check_not_spent, check_offer
from .check_result import check_as_outsider, check_result, check_result_cert
from .check_roster import check_graph_set, check_roster
from .check_survivors import check_survivors, check_survivors_cert, set_hash
from .context import SHARE_OF_B, SHARE_OF_M, Offer, commitment
from .dealing import make_shares
from .graph import MALICIOUS
from .messages import GraphSet, Inbound, MaskedUpload, Result, ResultCert, Roster, SharesUpload, Survivors
from .messages import SurvivorsCert
from .policy import Journal, LocalState, Policy, job_key, model_key
from .primitives import NO_HASH, NO_ID
from .randomness import Randomness
from .refusal import Refusal
from .registry import Registry
from .signatures import Signed, sign
from .sums import Sums
from .upload import Input, mask, plain_values

Message = TypeVar("Message")
Answer = TypeVar("Answer")

OVER = (State.LEFT, State.ABORTED)
AFTER_SIGNING = (State.SIGNED, State.UNMASKED, State.VERIFIED, State.COMMITTED)


@dataclass(frozen=True)
class Identity:
    """A node's id and its long-term Ed25519 key."""

    id: bytes
    sk_ed: bytes


class Member:
    """Each method takes one message and returns this node's answer, or raises `Refusal` and signs nothing.

    A refusal of the awaited message ends the attempt; one of a message out of phase changes nothing. An equal
    message is answered from memory (spec 2.2).
    """

    def __init__(
        self, identity: Identity, registry: Registry, policy: Policy, journal: Journal, source: Randomness
    ) -> None:
        self.identity = identity
        self.registry = registry
        self.policy = policy
        self.journal = journal
        self.source = source
        self.attempt: Attempt | None = None

    @property
    def state(self) -> State:
        return self.attempt.state if self.attempt else State.IDLE

    def offer(self, offer: Offer, local: LocalState) -> Signed:
        """P0: the Advertise. Accepting a newer offer ends the older attempt for good."""
        if self.attempt and self.attempt.offer == offer and self.attempt.state not in OVER:
            return self.attempt.advert
        check_before(offer, self.policy, self.journal)
        params = check_offer(offer, self.identity.id, self.registry, local, self.policy)
        check_not_spent(offer, offer.cohort, self.journal)
        self.journal.record_attempt(job_key(offer), (offer.round, offer.attempt))
        if self.attempt:
            self.attempt.end(State.ABORTED)
        ctx = offer.ctx()
        secrets = Secrets.draw(self.source, ctx, self.identity.id, params.graph == 1)
        attempt = Attempt(self.identity.id, self.registry, offer, params, ctx, secrets, State.ADVERTISED)
        attempt.advert = self._sign(attempt, self._advertise(attempt))
        self.attempt = attempt
        return attempt.advert

    def roster(self, message: Roster) -> Signed | SharesUpload:
        """P1: in the full graph this node's shares, in the k-graph its opened nonce."""
        return self._take("roster", State.ADVERTISED, message, self._on_roster)

    def graph_set(self, message: GraphSet) -> SharesUpload:
        """P2a, k-graph only."""
        return self._take("graph_set", State.GRAPH, message, self._on_graph_set)

    def inbound(self, message: Inbound) -> None:
        """P2: everybody's heads and this node's entries; the answer is `upload`."""
        return self._take("inbound", State.SHARED, message, self._on_inbound)

    def upload(self, given: Input) -> MaskedUpload:
        """P3. The bytes are frozen: a second call returns them again, whatever is given (spec 2.9)."""
        attempt = self._living()
        if attempt.upload is not None:
            return attempt.upload
        if attempt.state != State.READY:
            raise Refusal("out_of_phase")
        seed = given.noise_seed or self.source.draw(b"noise", 32, attempt.ctx, attempt.me)
        headers, fields = plain_values(attempt, given, seed, self.policy.weights)
        end, chunks = mask(attempt, headers, fields)
        attempt.upload = MaskedUpload(self._sign(attempt, end), chunks)
        attempt.state = State.MASKED
        return attempt.upload

    def survivors(self, message: Survivors) -> Signed | None:
        """P4: the u3 signature (SH: the Unmask), or None where this node is not in U3 and leaves for good."""
        attempt = self._living()
        if attempt.state in AFTER_SIGNING:
            if set_hash(message) != attempt.u3_hash:
                raise Refusal("second_u3")
            return attempt.answers["survivors"][1]
        return self._take("survivors", State.MASKED, message, self._on_survivors)

    def survivors_cert(self, message: SurvivorsCert) -> Signed:
        """P4: the Unmask, for the set that this node signed itself."""
        attempt = self._living()
        if attempt.state == State.MASKED:
            raise Refusal("no_certificate")
        if attempt.state in (State.UNMASKED, State.VERIFIED, State.COMMITTED):
            if message.u3_hash != attempt.u3_hash:
                raise Refusal("second_u3")
            return attempt.answers["unmask"][1]
        return self._take("survivors_cert", State.SIGNED, message, self._on_survivors_cert)

    def result(self, message: Result) -> Signed:
        """P6: the signature on z."""
        return self._take("result", State.UNMASKED, message, self._on_result)

    def result_cert(self, message: ResultCert) -> None:
        """P6: after this, and only then, `sums` may be used."""
        return self._take("result_cert", State.VERIFIED, message, self._on_result_cert)

    def sums(self) -> Sums:
        """The certified sum of a committed attempt."""
        attempt = self.attempt
        if attempt is None or attempt.state != State.COMMITTED or attempt.sums is None:
            raise Refusal("out_of_phase")
        return attempt.sums

    def sums_as_outsider(self, result: Result, cert: ResultCert) -> Sums:
        """The certified sum of an attempt that this node has left (spec 2.2, P6)."""
        if self.attempt is None:
            raise Refusal("out_of_phase")
        return check_as_outsider(result, cert, self.attempt)

    def abort_notice(self, refusal: Refusal, ctx_known: bool = True) -> Signed:
        """The signed Abort of 7.5; with a zero ctx where the offer itself was refused."""
        ctx = self.attempt.ctx if ctx_known and self.attempt else NO_HASH
        body = Abort(self.identity.id, refusal.name.encode(), refusal.concerns or NO_ID)
        return sign(self.identity.sk_ed, Abort.kind, ctx, body.encode())

    def _living(self) -> Attempt:
        if self.attempt is None or self.attempt.state in OVER:
            raise Refusal("out_of_phase")
        return self.attempt

    def _take(
        self, kind: str, awaits: State, message: Message, handle: Callable[[Attempt, Message], Answer]
    ) -> Answer:
        """Repeats, phase, then the checks of this kind; see the class."""
        attempt = self._living()
        stored: tuple[Any, Any] | None = attempt.answers.get(kind)
        if stored is not None and stored[0] == message:
            return stored[1]
        if attempt.state != awaits:
            raise Refusal("out_of_phase")
        try:
            answer = handle(attempt, message)
        except Refusal:
            attempt.end(State.ABORTED)
            raise
        attempt.answers[kind] = (message, answer)
        return answer

    def _sign(self, attempt: Attempt, body: Any) -> Signed:
        return sign(self.identity.sk_ed, body.kind, attempt.ctx, body.encode())

    def _advertise(self, attempt: Attempt) -> Advertise:
        secrets = attempt.the_secrets
        nonce = secrets.graph_nonce
        com_graph = commitment("graph", attempt.ctx, attempt.me, nonce) if nonce is not None else NO_HASH
        pk_c, pk_m = keys.x25519_public(secrets.sk_c), keys.x25519_public(secrets.sk_m)
        return Advertise(attempt.me, pk_c, pk_m, com_graph)

    def _on_roster(self, attempt: Attempt, message: Roster) -> Signed | SharesUpload:
        attempt.roster = check_roster(message, attempt)
        nonce = attempt.the_secrets.graph_nonce
        if nonce is None:
            return self._share(attempt, None)
        attempt.state = State.GRAPH
        return self._sign(attempt, Graph(attempt.me, attempt.roster.hash, nonce))

    def _on_graph_set(self, attempt: Attempt, message: GraphSet) -> SharesUpload:
        return self._share(attempt, check_graph_set(message, attempt))

    def _share(self, attempt: Attempt, seed: bytes | None) -> SharesUpload:
        attempt.neighbours = attempt.the_roster.graph(attempt.params, seed)[attempt.me]
        attempt.derive_keys()
        head, entries = make_shares(attempt, self.source)
        attempt.shares = SharesUpload(self._sign(attempt, head), entries)
        attempt.state = State.SHARED
        return attempt.shares

    def _on_inbound(self, attempt: Attempt, message: Inbound) -> None:
        view = check_inbound(message, attempt)
        attempt.u2, attempt.u2_hash = tuple(view.u2), view.u2_hash
        attempt.dealt, attempt.kds = view.dealt, view.kds
        if attempt.kd is not None:
            attempt.kds[attempt.me] = attempt.kd
        attempt.state = State.READY

    def _on_survivors(self, attempt: Attempt, message: Survivors) -> Signed | None:
        u3 = check_survivors(message, attempt)
        if u3 is None:
            attempt.end(State.LEFT)
            return None
        check_not_spent(attempt.offer, u3, self.journal)
        attempt.u3, attempt.u3_hash = u3, set_hash(message)
        self.journal.record_signed(model_key(attempt.offer), u3, attempt.u3_hash)
        if attempt.offer.mode != MALICIOUS:
            return self._unmask(attempt)
        attempt.state = State.SIGNED
        return self._sign(attempt, U3(attempt.me, attempt.u2_hash, attempt.u3_hash))

    def _on_survivors_cert(self, attempt: Attempt, message: SurvivorsCert) -> Signed:
        check_survivors_cert(message, attempt)
        return self._unmask(attempt)

    def _unmask(self, attempt: Attempt) -> Signed:
        """P5: for each neighbour in U2 one share, of b where it survived and of m where it did not."""
        self.journal.record_unmasked(attempt.u3_hash)
        opened = []
        for peer in attempt.live_neighbours:
            kind = SHARE_OF_B if peer in attempt.u3 else SHARE_OF_M
            opened.append(OpenedShare(peer, kind, *attempt.dealt[peer].of_kind(kind)))
        body = Unmask(attempt.me, attempt.u3_hash, attempt.the_secrets.b, tuple(opened))
        answer = self._sign(attempt, body)
        attempt.answers["unmask"] = (None, answer)
        attempt.state = State.UNMASKED
        return answer

    def _on_result(self, attempt: Attempt, message: Result) -> Signed:
        attempt.sums = check_result(message, attempt)
        attempt.z_root = message.z_root
        attempt.state = State.VERIFIED
        return self._sign(attempt, Z(attempt.me, attempt.u3_hash, attempt.params.nwords, attempt.z_root))

    def _on_result_cert(self, attempt: Attempt, message: ResultCert) -> None:
        check_result_cert(message, attempt)
        attempt.state = State.COMMITTED
