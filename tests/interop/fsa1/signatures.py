"""Signed bodies: Ed25519 over "FSA-1/sig/" || type || 0 || ctx || SHA-256(body) (spec 2.1, 7.5)."""

from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .primitives import sha256


@dataclass(frozen=True)
class Signed:
    """A body as sent, beside its signature."""

    body: bytes
    sig: bytes


def signed_bytes(kind: str, ctx: bytes, body: bytes) -> bytes:
    return b"FSA-1/sig/" + kind.encode() + b"\0" + ctx + sha256(body)


def public_key(sk_ed: bytes) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(sk_ed).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(sk_ed: bytes, kind: str, ctx: bytes, body: bytes) -> Signed:
    return Signed(body, Ed25519PrivateKey.from_private_bytes(sk_ed).sign(signed_bytes(kind, ctx, body)))


def is_signed_by(pk_ed: bytes, kind: str, ctx: bytes, message: Signed) -> bool:
    return _verifies(pk_ed, message.sig, signed_bytes(kind, ctx, message.body))


@lru_cache(maxsize=4096)
def _verifies(pk_ed: bytes, sig: bytes, data: bytes) -> bool:
    """Remembered, because all nodes of a round in one process ask the same."""
    try:
        Ed25519PublicKey.from_public_bytes(pk_ed).verify(sig, data)
    except (InvalidSignature, ValueError):
        return False
    return True
