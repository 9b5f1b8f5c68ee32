"""Shamir shares of 32-byte secrets over F_p, p = 2^61 - 1 (spec 2.4)."""

from collections.abc import Iterable, Mapping

from .primitives import P, Reader, field_samples, u64
from .refusal import Refusal

LIMBS = 5
LIMB_BITS = 52
SHARE_BYTES = 8 * LIMBS
BLIND_BYTES = 16


def split_limbs(secret: bytes) -> list[int]:
    """A 256-bit big-endian integer as five limbs of 52 bits, limb 0 least significant."""
    value = int.from_bytes(secret, "big")
    return [value >> (LIMB_BITS * index) & (2**LIMB_BITS - 1) for index in range(LIMBS)]


def join_limbs(limbs: list[int]) -> bytes:
    """The secret of five limbs; `bad_secret` where they are too large for 32 bytes."""
    if any(limb >= 2**LIMB_BITS for limb in limbs) or limbs[-1] >= 2 ** (256 - LIMB_BITS * (LIMBS - 1)):
        raise Refusal("bad_secret")
    return sum(limb << (LIMB_BITS * index) for index, limb in enumerate(limbs)).to_bytes(32, "big")


def parse_share(share: bytes) -> list[int]:
    """The limbs of a share; `bad_share` where one is not below p."""
    reader = Reader(share)
    limbs = [reader.u64() for _ in range(LIMBS)]
    if any(limb >= P for limb in limbs):
        raise Refusal("bad_share")
    return limbs


def deal(secret: bytes, threshold: int, points: Iterable[int], coefficient_seed: bytes) -> dict[int, bytes]:
    """A share of 40 bytes for each point x; coefficients as 7.3 says, degree by degree, limb by limb."""
    samples = field_samples(coefficient_seed, LIMBS * (threshold - 1))
    by_degree = [split_limbs(secret)]
    by_degree += [samples[at : at + LIMBS] for at in range(0, len(samples), LIMBS)]

    def share(x: int) -> bytes:
        limbs = [0] * LIMBS
        for coefficients in reversed(by_degree):
            limbs = [(limb * x + coefficient) % P for limb, coefficient in zip(limbs, coefficients)]
        return b"".join(u64(limb) for limb in limbs)

    return {x: share(x) for x in points}


def recover(shares: Mapping[int, bytes], threshold: int) -> bytes:
    """The secret from `threshold` shares by their points; `too_few_shares`, `bad_share`, `bad_secret`."""
    if len(shares) < threshold:
        raise Refusal("too_few_shares")
    points = sorted(shares)[:threshold]
    limbs = [0] * LIMBS
    for x in points:
        numerator = denominator = 1
        for other in points:
            if other != x:
                numerator = numerator * other % P
                denominator = denominator * (other - x) % P
        weight = numerator * pow(denominator, -1, P) % P
        limbs = [(limb + weight * part) % P for limb, part in zip(limbs, parse_share(shares[x]))]
    return join_limbs(limbs)
