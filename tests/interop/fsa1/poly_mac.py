"""The one-time polynomial MAC over the sum (spec 3, V1, and the MAC row of 7.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from .primitives import P, field_samples, hkdf_expand, hkdf_extract

POINTS = 2  # c = 1, 2


@dataclass(frozen=True)
class MacKey:
    """What every member derives from the K_d of the dealers in U2."""

    prk: bytes

    @classmethod
    def from_dealers(cls, ctx: bytes, keys_in_id_order: Sequence[bytes]) -> "MacKey":
        return cls(hkdf_extract(ctx, b"".join(keys_in_id_order)))

    def alpha(self) -> list[int]:
        return field_samples(hkdf_expand(self.prk, b"FSA-1/mac/alpha\0"), POINTS)

    def pad(self, node: bytes) -> list[int]:
        return field_samples(hkdf_expand(self.prk, b"FSA-1/mac/pad\0" + node), POINTS)

    def tags(self, node: bytes, values: Sequence[int]) -> list[int]:
        """tag_c = sum_j X_j alpha_c^(j+1) + beta_c, before masking."""
        return [(polynomial(values, alpha) + pad) % P for alpha, pad in zip(self.alpha(), self.pad(node))]

    def expected(self, members: Sequence[bytes], sums: Sequence[int]) -> list[int]:
        """The tau that belongs to these sums over these members."""
        pads = [sum(column) for column in zip(*(self.pad(node) for node in members))]
        return [(polynomial(sums, alpha) + pad) % P for alpha, pad in zip(self.alpha(), pads)]


def polynomial(values: Sequence[int], alpha: int) -> int:
    """sum_j values[j] alpha^(j+1) mod p, by Horner's rule from the last value."""
    result = 0
    for value in reversed(values):
        result = (result + value) * alpha % P
    return result
