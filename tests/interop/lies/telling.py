"""How a lie is told: one job with the node in which all is honest up to the lie. It may have accomplices: every other
node of the cohort."""

from collections.abc import Callable
from dataclasses import dataclass, field

from fsa1.primitives import sha256
from fsa1.signatures import Signed, sign

from coordinator.job import Attempt, Job, Missing
from coordinator_federation import PEERS, REAL, CoordinatorFederation, id_of

ADA, BO, CY, DI = map(id_of, PEERS)
ME = id_of(REAL)
FOREIGN = sha256(b"another")


class Talk:
    """One job with the node, in which one lie is told."""

    def __init__(self, federation: CoordinatorFederation, job: Job, missing: Missing) -> None:
        self.federation, self.job = federation, job
        self.attempt = Attempt(job, 0, missing)

    def again(self) -> Attempt:
        self.attempt = Attempt(self.job, self.attempt.number + 1)
        return self.attempt

    def sign(self, node: bytes, body, ctx: bytes | None = None) -> Signed:
        """As an accomplice, or as whoever gave its key away."""
        (key,) = [key for name, key in self.federation.keys.items() if id_of(name) == node]
        return sign(key, body.kind, ctx or self.attempt.offered.ctx(), body.encode())


@dataclass(frozen=True)
class Lie:
    refusal: str  # without "secagg."
    tell: Callable[[Talk], tuple[str, object]]  # gives the kind of the message, and the message
    answers: tuple[str, ...] = ("refused",)
    ends: bool = True  # the attempt; else it goes on as if nothing had been said
    missing: Missing = Missing()
    plan: dict = field(default_factory=dict)
    stops: bool = False  # the job at this node, until people have looked


LIES: dict[str, Lie] = {}


def lie(refusal: str, **how):
    def register(tell: Callable) -> Callable:
        LIES[tell.__name__.replace("_", "-")] = Lie(refusal, tell, **how)
        return tell

    return register


def edited(message, **fields):
    """A copy with other fields."""
    copy = type(message)()
    copy.CopyFrom(message)
    for name in fields:
        copy.ClearField(name)
    copy.MergeFrom(type(message)(**fields))
    return copy


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
