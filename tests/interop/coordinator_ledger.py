"""What a node released: off the wire, and by its own egress ledger."""

from collections.abc import Iterable
from dataclasses import dataclass

from fsa1.primitives import lv, sha256

SHARES = ("shared", "unmasked")  # words that hold shares, sealed or open


@dataclass(frozen=True)
class Release:
    round: int
    attempt: int
    bytes: int
    hash: str


def _contents(kind: str, word) -> list[tuple[int, bytes]]:
    """Sizes and hashes of what a word of the node lets out; none for a word that is no release."""
    if kind == "shared":
        parts = [word.head.body, word.head.signature, *(item.entry for item in word.entries)]
    elif kind == "verified":
        proof = word.proof
        parts = [lv(proof.result.body), proof.result.signature, proof.model_signature]
    elif kind == "update":
        return [(len(word.words), word.root), _sized(word.end.body, word.end.signature)]
    elif kind in SIGNED:
        body = getattr(word, SIGNED[kind])
        parts = [body.body, body.signature]
    else:
        return []
    return [_sized(*parts)]


SIGNED = {"advertised": "advert", "survivors_signed": "u3", "unmasked": "unmask"}


def _sized(*parts: bytes) -> tuple[int, bytes]:
    return sum(map(len, parts)), sha256(*parts)


def released(said: Iterable[tuple[str, object]], job: bytes) -> list[Release]:
    """In order; what was said again is one release."""
    found: dict[Release, None] = {}
    for kind, word in said:
        for size, digest in _contents(kind, word):
            if word.job == job:
                found[Release(word.round, word.attempt, size, digest.hex())] = None
    return list(found)


def ledger_of(egress: list[dict], job: bytes) -> list[Release]:
    return [Release(line["round"], line["attempt"], line["bytes"], line["hash"]) for line in egress
            if line["job"] == job.hex()]
