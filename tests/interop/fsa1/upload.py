"""P3 at a node: from its input to masked chunks and tags (spec 2.7, 2.8, 3)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from . import keys
from .attempt import Attempt
from .bodies import MaskedEnd
from .encoding import apply_weight_policy, omega_of, pack, quantise, to_fields
from .masking import add_stream, add_tag_mask, sign
from .primitives import bytes_of, merkle_root
from .refusal import Refusal


@dataclass(frozen=True)
class Input:
    """What a node adds to the sum: floats as exact doubles, a weight, the extra headers of the plan.

    `noise_seed` None: drawn from the node's randomness. `dp_noise`: an integer a coordinate, under DP only.
    """

    delta: Sequence[float]
    weight: int
    extra: Sequence[int] = ()
    noise_seed: bytes | None = None
    dp_noise: Sequence[int] | None = None


def plain_values(
    attempt: Attempt, given: Input, noise_seed: bytes, weights: str
) -> tuple[list[int], list[int]]:
    """Headers and fields before masking: `not_finite`, `wrong_length`, `range`."""
    params = attempt.params
    if not all(math.isfinite(value) for value in given.delta):
        raise Refusal("not_finite")
    if len(given.delta) != params.d or len(given.extra) != len(params.headers) - 2:
        raise Refusal("wrong_length")
    omega = omega_of(apply_weight_policy(given.weight, params.w_max, weights), params.w_max)
    headers = [1, omega, *given.extra]
    if any(not 0 <= value <= most for value, (_, most) in zip(headers, params.headers)):
        raise Refusal("range", why="a header")
    rounded = quantise(params, omega, given.delta, keys.noise_key(noise_seed))
    return headers, to_fields(params, rounded, given.dp_noise)


def mask(attempt: Attempt, headers: list[int], fields: list[int]) -> tuple[MaskedEnd, tuple[bytes, ...]]:
    """The MaskedEnd and the chunks of one input, under all masks of this node."""
    me = attempt.me
    words = add_stream(pack(attempt.params, headers, fields), attempt.self_key("data"), 1)
    tags = add_tag_mask(_plain_tags(attempt, headers + fields), attempt.self_key("tag"), 1)
    for peer in attempt.live_neighbours:
        words = add_stream(words, attempt.mask_key("data", peer), sign(me, peer))
        tags = add_tag_mask(tags, attempt.mask_key("tag", peer), sign(me, peer))
    chunks = attempt.params.chunks(bytes_of(words))
    return MaskedEnd(me, attempt.u2_hash, len(words), merkle_root(chunks), tuple(tags)), chunks


def _plain_tags(attempt: Attempt, values: list[int]) -> list[int]:
    if not attempt.expects_mac:
        return []
    return attempt.mac_key().tags(attempt.me, values)
