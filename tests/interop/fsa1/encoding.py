"""From float deltas to packed words and back (spec 2.7). A Python float is an IEEE double."""

import math
from collections.abc import Sequence

from .params import OMEGA_MAX, Params
from .primitives import keystream
from .refusal import Refusal


def apply_weight_policy(weight: int, w_max: int, policy: str) -> int:
    """The integer weight by policy `equal`, `coarse` or `exact`, cut to W_max; `range` below 0."""
    if weight < 0:
        raise Refusal("range", why="a negative weight")
    if policy == "equal":
        return w_max
    if policy == "coarse":
        step = -(-w_max // 16)
        weight = -(-weight // step) * step
    return min(weight, w_max)


def omega_of(weight: int, w_max: int) -> int:
    """omega = floor((2 w (2^32-1) + W_max) / (2 W_max))."""
    return (2 * weight * OMEGA_MAX + w_max) // (2 * w_max)


def scale(params: Params) -> float:
    """s = (M - A) / C."""
    return float(params.m_range - params.margin) / params.c


def quantise(params: Params, omega: int, delta: Sequence[float], noise_key: bytes) -> list[int]:
    """Clip, weigh and round stochastically: the integers v before any DP noise; the delta is finite."""
    g = scale(params) * (float(omega) / 4294967295.0)
    draws = keystream(noise_key, 0, 4 * len(delta))
    out = []
    for j, value in enumerate(delta):
        y = g * min(max(value, -params.c), params.c)
        floor = math.floor(y)
        draw = int.from_bytes(draws[4 * j : 4 * j + 4], "little")
        out.append(floor + (1 if float(draw) < (y - float(floor)) * 4294967296.0 else 0))
    return out


def to_fields(params: Params, values: Sequence[int], dp_noise: Sequence[int] | None = None) -> list[int]:
    """x = clamp(v + noise) + M."""
    limit = params.m_range
    noise = dp_noise if dp_noise is not None else [0] * len(values)
    noisy = (value + extra for value, extra in zip(values, noise, strict=True))
    return [max(-limit, min(limit, value)) + limit for value in noisy]


def pack(params: Params, headers: Sequence[int], fields: Sequence[int]) -> list[int]:
    """Words 0..H-1 are the headers, then m fields a word, least significant first."""
    m, f = params.fields_per_word, params.f
    words = list(headers)
    for at in range(0, len(fields), m):
        words.append(sum(field << (place * f) for place, field in enumerate(fields[at : at + m])))
    return words


def unpack(params: Params, words: Sequence[int]) -> tuple[list[int], list[int]]:
    """Headers and fields of a word vector; `range` where unused fields or bits are not zero."""
    m, f, count = params.fields_per_word, params.f, len(params.headers)
    fields: list[int] = []
    for word in words[count:]:
        used = min(m, params.d - len(fields))
        if word >> (used * f):
            raise Refusal("range", why="padding")
        fields += [word >> (place * f) & (2**f - 1) for place in range(used)]
    return list(words[:count]), fields


def decode_mean(params: Params, members: int, omega: int, sums: Sequence[int]) -> list[float]:
    """mean_j = (double)(z_j - |U3| M) / (s * ((double)Omega / 4294967295.0))."""
    divisor = scale(params) * (float(omega) / 4294967295.0)
    return [float(value - members * params.m_range) / divisor for value in sums]
