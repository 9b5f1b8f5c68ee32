"""Every row of the key table (spec 7.3), X25519 and the share channel (spec 2.3)."""

from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .primitives import hkdf_expand, hkdf_extract, sha256, u64
from .refusal import Refusal


@dataclass(frozen=True)
class Party:
    """A node and one of its X25519 public keys, as they stand in an info."""

    id: bytes
    pk: bytes


@lru_cache(maxsize=64)
def _private_key(sk: bytes) -> X25519PrivateKey:
    """Remembered, because loading takes longer than an exchange and a node does one with each peer."""
    return X25519PrivateKey.from_private_bytes(sk)


def x25519_public(sk: bytes) -> bytes:
    return _private_key(sk).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def pair_prk(ctx: bytes, sk: bytes, peer: Party) -> bytes:
    """Extract(ctx, X25519(sk, pk)); a key of low order is `bad_key` (spec 2.3)."""
    try:
        shared = _private_key(sk).exchange(X25519PublicKey.from_public_bytes(peer.pk))
    except ValueError:
        shared = bytes(32)
    if shared == bytes(32):
        raise Refusal("bad_key", peer.id)
    return hkdf_extract(ctx, shared)


def mask_key(prk: bytes, use: str, one: Party, other: Party) -> bytes:
    """The key of a pair for "data" or "tag"; the same from both sides."""
    lo, hi = sorted((one, other), key=lambda party: party.id)
    return hkdf_expand(prk, f"FSA-1/mask/{use}\0".encode() + lo.id + hi.id + lo.pk + hi.pk)


def channel_key(prk: bytes, use: str, sender: Party, receiver: Party) -> bytes:
    """The key of one direction for "share" or "mackey"."""
    info = f"FSA-1/chan/{use}\0".encode() + sender.id + receiver.id + sender.pk + receiver.pk
    return hkdf_expand(prk, info)


def self_key(ctx: bytes, b: bytes, use: str, node: bytes) -> bytes:
    """The key of a node's own mask for "data" or "tag"."""
    return hkdf_expand(hkdf_extract(ctx, b), f"FSA-1/self/{use}\0".encode() + node)


def mask_private_key(m: bytes) -> bytes:
    """sk_m from the 32-byte seed m."""
    return hkdf_expand(m, b"FSA-1/x25519\0")


def noise_key(seed: bytes) -> bytes:
    """The key of the rounding keystream."""
    return hkdf_expand(seed, b"FSA-1/round/noise\0")


def public_noise_seed(job_seed: int, round_number: int, node: bytes) -> bytes:
    """The rounding seed of a round without DP, so that a run repeats (spec 2.9)."""
    return sha256(b"FSA-1/rounding\0", u64(job_seed), u64(round_number), node)


def channel_aad(ctx: bytes, sender: bytes, receiver: bytes, roster_hash: bytes) -> bytes:
    return ctx + sender + receiver + roster_hash


def seal(key: bytes, aad: bytes, plaintext: bytes) -> bytes:
    """AES-256-GCM with a zero nonce: each key seals one message (spec 2.3)."""
    return AESGCM(key).encrypt(bytes(12), plaintext, aad)


def unseal(key: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(bytes(12), ciphertext, aad)
    except (InvalidTag, ValueError):
        raise Refusal("bad_ciphertext") from None
