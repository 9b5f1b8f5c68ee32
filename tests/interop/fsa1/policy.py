"""What a node decides and remembers for itself: its policy (spec 7.6, Offer) and its journal (spec 2.9)."""

from dataclasses import dataclass, field
from typing import Protocol

from .context import Offer

JobKey = tuple[bytes, bytes]  # (federation_id, job_id)
ModelKey = tuple[bytes, bytes, bytes, bytes]  # (federation_id, job_id, model_hash, train_cfg_hash)


@dataclass(frozen=True)
class Policy:
    """Limits of one node; `min_corrupt` is the smallest T that it accepts, `org_cap` None is no cap."""

    modes: frozenset[int] = frozenset((0, 1))
    max_attempts: int = 8
    min_cohort: int = 3
    min_honest: int = 2
    min_corrupt: int = 0
    org_cap: int | None = None
    weights: str = "exact"


@dataclass(frozen=True)
class LocalState:
    """What the node computed for itself and compares: model, training configuration, Unix seconds."""

    model_hash: bytes
    train_cfg_hash: bytes
    now: int


def job_key(offer: Offer) -> JobKey:
    return offer.federation_id, offer.job_id


def model_key(offer: Offer) -> ModelKey:
    return offer.federation_id, offer.job_id, offer.model_hash, offer.train_cfg_hash


class Journal(Protocol):
    """Durable memory; each `record_` has reached the disk when it returns."""

    def last_attempt(self, job: JobKey) -> tuple[int, int] | None: ...

    def record_attempt(self, job: JobKey, round_attempt: tuple[int, int]) -> None: ...

    def signed_set(self, model: ModelKey) -> frozenset[bytes] | None: ...

    def record_signed(self, model: ModelKey, u3: tuple[bytes, ...], u3_hash: bytes) -> None: ...

    def record_unmasked(self, u3_hash: bytes) -> None: ...


@dataclass
class MemoryJournal:
    """A journal for tests; it lives as long as the object."""

    attempts: dict[JobKey, tuple[int, int]] = field(default_factory=dict)
    signed: dict[ModelKey, frozenset[bytes]] = field(default_factory=dict)
    u3_hashes: list[bytes] = field(default_factory=list)
    unmasked: list[bytes] = field(default_factory=list)

    def last_attempt(self, job: JobKey) -> tuple[int, int] | None:
        return self.attempts.get(job)

    def record_attempt(self, job: JobKey, round_attempt: tuple[int, int]) -> None:
        self.attempts[job] = round_attempt

    def signed_set(self, model: ModelKey) -> frozenset[bytes] | None:
        return self.signed.get(model)

    def record_signed(self, model: ModelKey, u3: tuple[bytes, ...], u3_hash: bytes) -> None:
        self.signed[model] = frozenset(u3)
        self.u3_hashes.append(u3_hash)

    def record_unmasked(self, u3_hash: bytes) -> None:
        self.unmasked.append(u3_hash)
