"""A job as an honest coordinator runs it: each attempt of a masked round, step by step, and from round to round.

What an honest coordinator tells next is a property of `Attempt`: to read it takes the attempt there, by the book.
Whoever lies reads it, and tells something else.
"""

import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from fsa1.context import Offer
from fsa1.coordinator import Coordinator
from fsa1.encoding import decode_mean
from fsa1.refusal import Refusal
from fsa1.registry import Registry
from fsa1.sums import check_sum
from lab import model
from lab.plan import EVALUATE, TRAIN, Plan
from lab.stubs import node_pb2, types_pb2
from lab.wire import signed

from . import wire
from .seats import Seat

TOKEN = b"submission token"


@dataclass(frozen=True)
class Missing:
    """Who falls silent, and before which step."""

    shares: frozenset[bytes] = frozenset()
    upload: frozenset[bytes] = frozenset()


class Job:
    """`seats` by node id. The plan is for rounds of training, the one after them evaluates."""

    def __init__(self, federation: str, registry: Registry, plan: Plan, seats: dict[bytes, Seat]) -> None:
        self.federation, self.registry, self.plan, self.seats = federation, registry, plan, seats
        self.round = 1
        self.weights = model.initial_weights(plan.layout, plan.seed)
        self.proof: node_pb2.ModelProof | None = None

    @property
    def purpose(self) -> int:
        return TRAIN if self.round <= self.plan.toml["round"]["count"] else EVALUATE

    @property
    def model_hash(self) -> bytes:
        return model.model_hash(self.plan.layout, self.weights)

    @property
    def prepare(self) -> node_pb2.Prepare:
        return node_pb2.Prepare(job=self.plan.job, plan=self.plan.text, token=TOKEN)

    @property
    def train(self) -> node_pb2.Train:
        return node_pb2.Train(job=self.plan.job, round=self.round, purpose=self.purpose + 1,
                              model_hash=self.model_hash, proof=self.proof)

    def begin_round(self) -> None:
        for seat in self.seats.values():
            seat.tell("train", self.train)
        for seat in self.seats.values():
            seat.expect("trained")

    def advance(self, attempt: "Attempt") -> None:
        """The next round starts from what this attempt came to."""
        self.proof, self.weights = attempt.proof, attempt.next_weights
        self.round += 1

    def end(self, state: int = types_pb2.JOB_STATE_FINISHED) -> node_pb2.Ended:
        return node_pb2.Ended(job=self.plan.job, state=state, model_hash=self.model_hash)


class Attempt:
    def __init__(self, job: Job, number: int, missing: Missing = Missing()) -> None:
        self.job, self.number, self.missing = job, number, missing

    # ------------------------------------------------------------ what is told, in order

    @cached_property
    def offered(self) -> Offer:
        job = self.job
        cohort = tuple(sorted(job.seats))
        params = job.plan.params(job.purpose, len(cohort))
        return Offer(job.federation.encode(), job.plan.job, job.round, self.number, job.registry.hash, cohort,
                     job.model_hash, job.plan.train_cfg_hash(job.purpose), params.encode(), job.plan.mode)

    @property
    def offer(self) -> node_pb2.Offer:
        return wire.to_offer(self.offered)

    @cached_property
    def roster(self) -> node_pb2.Roster:
        said = self._ask(self.cohort, "offer", lambda node: self.offer, "advertised")
        self._take(self.coordinator.add_advert, (signed(word.advert) for word in said.values()))
        return wire.to_roster(self.place, self.coordinator.close_adverts())

    @cached_property
    def collect(self) -> dict[bytes, node_pb2.Collect]:
        """By receiver."""
        sharing = [node for node in self.cohort if node not in self.missing.shares]
        said = self._ask(sharing, "roster", lambda node: self.roster, "shared")
        self._take(self.coordinator.add_shares, map(wire.shares_upload, said.values()))
        inbound = self.coordinator.close_shares()
        return {node: wire.to_collect(self.place, self.cohort, message) for node, message in inbound.items()}

    @cached_property
    def survivors(self) -> node_pb2.Survivors:
        uploading = [node for node in self.collect if node not in self.missing.upload]
        said = self._ask(uploading, "collect", self.collect.get, "update")
        self._take(self.coordinator.add_masked, map(wire.masked_upload, said.values()))
        return wire.to_survivors(self.place, self.coordinator.close_masked())

    @cached_property
    def certificate(self) -> node_pb2.Certificate:
        told = self.survivors
        said = self._ask(self.coordinator.u3, "survivors", lambda node: told, "survivors_signed")
        self._take(self.coordinator.add_u3, (signed(word.u3) for word in said.values()))
        return wire.to_certificate(self.place, self.coordinator.close_u3())

    @cached_property
    def commit(self) -> node_pb2.Commit:
        return wire.to_commit(self.place, self.outcome, self.result)

    @cached_property
    def proof(self) -> node_pb2.ModelProof:
        told = self.commit
        said = self._ask(self.coordinator.u3, "commit", lambda node: told, "verified")
        found = {word.model_hash for word in said.values()}
        assert found == {self.outcome.model_hash}, "the nodes came to other models"
        self._take(self.coordinator.add_z, (signed(word.proof.result) for word in said.values()))
        model_sigs = tuple((node, word.proof.model_signature) for node, word in sorted(said.items()))
        return wire.to_proof(self.offered, self.result.nwords, self.coordinator.close_z(), model_sigs)

    # ------------------------------------------------------------ what it is made of

    @property
    def cohort(self) -> tuple[bytes, ...]:
        return self.offered.cohort

    @property
    def place(self) -> wire.Place:
        return wire.place_of(self.offered)

    @cached_property
    def coordinator(self) -> Coordinator:
        return Coordinator(self.offered, self.job.registry)

    @cached_property
    def result(self):
        told = self.certificate
        said = self._ask(self.coordinator.u3, "certificate", lambda node: told, "unmasked")
        self._take(self.coordinator.add_unmask, (signed(word.unmask) for word in said.values()))
        return self.coordinator.close_unmask()

    @cached_property
    def next_weights(self) -> array.array:
        job, result, params = self.job, self.result, self.coordinator.params
        members = len(self.coordinator.u3)
        sums = check_sum(result, params, members)
        if job.purpose == EVALUATE:
            return job.weights
        return model.fedavg(job.weights, decode_mean(params, members, sums.omega, sums.fields), job.plan.outer_lr)

    @property
    def outcome(self) -> wire.Outcome:
        found = model.model_hash(self.job.plan.layout, self.next_weights)
        return wire.Outcome(self.cohort, self.coordinator.u3, found)

    def _ask(self, nodes: Iterable[bytes], kind: str, message: Callable, answer: str) -> dict:
        """Tells all, then hears all."""
        seats = [self.job.seats[node] for node in nodes]
        for seat in seats:
            seat.tell(kind, message(seat.id))
        return {seat.id: seat.expect(answer) for seat in seats}

    @staticmethod
    def _take(add: Callable[..., Refusal | None], words: Iterable) -> None:
        """No node of these jobs is to be at fault."""
        for word in words:
            held = add(word)
            assert held is None, held
