"""A whole federation in memory: a coordinator, n members, and for each the step that it no longer reaches."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from fsa1 import signatures
from fsa1.attempt import State
from fsa1.context import Offer
from fsa1.coordinator import Coordinator
from fsa1.encoding import omega_of, quantise, to_fields
from fsa1.graph import MALICIOUS
from fsa1.keys import noise_key, public_noise_seed
from fsa1.member import Identity, Member
from fsa1.messages import Result, ResultCert
from fsa1.params import Noise, Params, field_width, least_u_min, threshold
from fsa1.policy import LocalState, MemoryJournal, Policy
from fsa1.randomness import VectorRandomness
from fsa1.refusal import Refusal
from fsa1.registry import Registry, RegistryEntry
from fsa1.sums import Sums
from fsa1.upload import Input

STEPS = ("advertise", "graph", "shares", "masked", "u3", "unmask", "z")
NOW = 1_000_000
Vanishing = dict[bytes, str]  # the step that a node does not send any more; who is not in it stays


@dataclass
class Federation:
    """Members with their inputs, one attempt of one round."""

    offer: Offer
    params: Params
    registry: Registry
    members: dict[bytes, Member]
    inputs: dict[bytes, Input]
    local: LocalState
    left: set[bytes] = field(default_factory=set)

    @classmethod
    def build(cls, rng: Random, params: Params, mode: int) -> "Federation":
        sk = {rng.randbytes(16): rng.randbytes(32) for _ in range(params.n)}
        cohort = tuple(sorted(sk))
        entries = [RegistryEntry(node, b"org", signatures.public_key(sk[node]), NOW + 1) for node in cohort]
        registry = Registry(1, tuple(entries))
        local = LocalState(rng.randbytes(32), rng.randbytes(32), NOW)
        hashes = (local.model_hash, local.train_cfg_hash)
        offer = Offer(b"fed", b"job", 3, 0, registry.hash, cohort, *hashes, params.encode(), mode)
        members = {}
        for node in cohort:
            source = VectorRandomness(rng.randbytes(32))
            members[node] = Member(Identity(node, sk[node]), registry, Policy(), MemoryJournal(), source)
        inputs = {node: random_input(rng, params, public_noise_seed(1, 3, node)) for node in cohort}
        return cls(offer, params, registry, members, inputs, local)

    def plain_sums(self, nodes: tuple[bytes, ...]) -> Sums:
        """The sum of the nodes' integers without any cryptography."""
        columns = []
        for node in nodes:
            given = self.inputs[node]
            omega = omega_of(given.weight, self.params.w_max)
            assert given.noise_seed is not None
            rounded = quantise(self.params, omega, given.delta, noise_key(given.noise_seed))
            columns.append([1, omega, *given.extra, *to_fields(self.params, rounded, given.dp_noise)])
        sums = [sum(column) for column in zip(*columns)]
        count = len(self.params.headers)
        return Sums(sums[:count], sums[count:])

    def run(self, vanishing: Vanishing) -> tuple[Coordinator, Result, ResultCert]:
        """The round; `Refusal` where the coordinator cannot go on. Afterwards the living have committed."""
        coordinator = Coordinator(self.offer, self.registry)

        def living(step: str) -> dict[bytes, Member]:
            """Who sends in a step: whoever neither left nor vanishes in it or before."""
            limit = STEPS.index(step)
            gone = {node for node, last in vanishing.items() if STEPS.index(last) <= limit}
            return {node: m for node, m in self.members.items() if node not in gone | self.left}

        def send(add: Any, message: Any) -> None:
            held = add(message)
            assert held is None, held

        for member in living("advertise").values():
            send(coordinator.add_advert, member.offer(self.offer, self.local))
        self._exchange_shares(coordinator, living, send)
        inbound = coordinator.close_shares()
        for node, member in living("masked").items():
            member.inbound(inbound[node])
            send(coordinator.add_masked, member.upload(self.inputs[node]))
        self._unmask(coordinator, inbound, living, send)
        result = coordinator.close_unmask()
        for member in living("z").values():
            send(coordinator.add_z, member.result(result))
        certificate = coordinator.close_z()
        for member in living("z").values():
            member.result_cert(certificate)
        return coordinator, result, certificate

    def _exchange_shares(self, coordinator: Coordinator, living: Any, send: Any) -> None:
        roster = coordinator.close_adverts()
        if not self.params.graph:
            for member in living("shares").values():
                send(coordinator.add_shares, member.roster(roster))
            return
        for member in living("graph").values():
            send(coordinator.add_graph, member.roster(roster))
        graph_set = coordinator.close_graph()
        for member in living("shares").values():
            send(coordinator.add_shares, member.graph_set(graph_set))

    def _unmask(self, coordinator: Coordinator, inbound: Any, living: Any, send: Any) -> None:
        survivors = coordinator.close_masked()
        for node in sorted(set(coordinator.u2) - set(coordinator.u3)):
            self._be_late(self.members[node], inbound[node], survivors)
            self.left.add(node)
        if self.offer.mode != MALICIOUS:
            for member in living("unmask").values():
                send(coordinator.add_unmask, member.survivors(survivors))
            return
        for member in living("u3").values():
            send(coordinator.add_u3, member.survivors(survivors))
        certificate = coordinator.close_u3()
        for member in living("unmask").values():
            send(coordinator.add_unmask, member.survivors_cert(certificate))

    def _be_late(self, member: Member, inbound: Any, survivors: Any) -> None:
        """A node whose upload did not arrive in time is silent for good (spec 8, decision 8)."""
        member.inbound(inbound)
        member.upload(self.inputs[member.identity.id])
        assert member.survivors(survivors) is None
        assert member.state is State.LEFT


def random_params(rng: Random, n: int, mode: int) -> Params:
    """Small parameters of the full graph: d, chunks and fields of all shapes, sometimes with noise."""
    corrupt = min(rng.choice((0, 0, 1, 2)), n - 2)
    least = least_u_min(n, corrupt, mode)
    b = rng.randint(3, 24)
    noisy = rng.random() < 0.2
    headers = [(b"count", 1), (b"omega", 2**32 - 1)]
    if not noisy:
        headers += [(f"extra{i}".encode(), rng.randint(1, 2**40 - 1)) for i in range(rng.randint(0, 2))]
    return Params(
        verify=rng.randint(0, 1),
        graph=0,
        n=n,
        corrupt=corrupt,
        t=threshold(n, corrupt, mode),
        u_min=rng.randint(least, min(n, least + 1)),
        k=0,
        t_k=0,
        b=b,
        f=field_width(b, n),
        d=rng.randint(1, 12),
        c=rng.uniform(0.01, 10),
        w_max=1 if noisy else rng.randint(1, 2**32 - 1),
        chunk_words=rng.randint(1, 5),
        headers=tuple(headers),
        dp=Noise(1.0, 2.0, 1) if noisy else None,
    )


def params_of(n: int, t: int, k: int, t_k: int, mode: int) -> Params:
    """Plain parameters with T = 0: of the full graph where k is 0."""
    headers = ((b"count", 1), (b"omega", 2**32 - 1))
    graph = 1 if k else 0
    return Params(1, graph, n, 0, t, max(t, 3), k, t_k, 12, field_width(12, n), 9, 0.5, 100, 3, headers)


def random_input(rng: Random, params: Params, noise_seed: bytes) -> Input:
    """Deltas on both sides of the clip, a weight that is not zero."""
    return Input(
        delta=[rng.uniform(-1.5, 1.5) * params.c for _ in range(params.d)],
        weight=rng.randint(max(params.w_max // 2, 1), params.w_max),
        extra=[rng.randint(0, most) for _, most in params.headers[2:]],
        noise_seed=noise_seed,
        dp_noise=[rng.randint(-2, 2) for _ in range(params.d)] if params.dp else None,
    )


def expected_end(federation: Federation, vanishing: Vanishing, dealers: tuple[bytes, ...]) -> str | None:
    """How a round of the full graph must end by the thresholds of 2.5: None for success, or the refusal."""
    params, mode = federation.params, federation.offer.mode

    def sending(step: str, among: set[bytes]) -> set[bytes]:
        limit = STEPS.index(step)
        return {node for node in among if node not in vanishing or STEPS.index(vanishing[node]) > limit}

    u1 = sending("advertise", set(federation.members))
    u2 = sending("shares", u1)
    u3 = sending("masked", u2)
    openers = sending("unmask", u3)
    if len(u1) < params.u_min:
        return "roster_too_small"
    if len(u2) < params.u_min:
        return "u2_too_small"
    if params.verify and not set(dealers) & u2:
        return "no_dealer"
    if len(u3) < params.u_min:
        return "u3_too_small"
    if mode == MALICIOUS and len(sending("u3", u3)) < params.t:
        return "no_certificate"
    if openers != u2 and len(openers) < params.t:
        return "too_few_shares"
    return None if len(sending("z", openers)) >= params.t else "no_certificate"


def end_of(federation: Federation, vanishing: Vanishing) -> tuple[Coordinator, Result, ResultCert] | str:
    """The outcome of a run, or the name of the refusal that ended it."""
    try:
        return federation.run(vanishing)
    except Refusal as refusal:
        return refusal.name
