"""An opened sum and the checks that need nothing but the parameters (spec 7.6, Result)."""

from dataclasses import dataclass

from .encoding import unpack
from .messages import Result
from .params import OMEGA_MAX, Params
from .primitives import merkle_root, words_of
from .refusal import Refusal


@dataclass(frozen=True)
class Sums:
    """An opened sum: of the headers and of the fields."""

    headers: list[int]
    fields: list[int]

    @property
    def omega(self) -> int:
        return self.headers[1]


def check_sum(message: Result, params: Params, members: int | None) -> Sums:
    """From wrong_length to mean_bound; `members` is |U3|, or None where Z_0 stands for it (spec 2.2, P6)."""
    sizes = [len(chunk) for chunk in message.chunks]
    if message.nwords != params.nwords or sizes != params.chunk_sizes():
        raise Refusal("wrong_length")
    if merkle_root(message.chunks) != message.z_root:
        raise Refusal("bad_root")
    sums = Sums(*unpack(params, words_of(b"".join(message.chunks))))
    count = sums.headers[0] if members is None else members
    if sums.headers[0] != count:
        raise Refusal("wrong_count")
    if any(total > count * most for total, (_, most) in zip(sums.headers, params.headers)):
        raise Refusal("range", why="a header")
    if any(field > 2 * params.m_range * count for field in sums.fields):
        raise Refusal("range", why="a field")
    if sums.omega == 0:
        raise Refusal("zero_weight")
    if params.dp is None:
        _check_mean_bound(sums, params, count)
    return sums


def _check_mean_bound(sums: Sums, params: Params, count: int) -> None:
    largest = max(abs(field - count * params.m_range) for field in sums.fields)
    if largest * OMEGA_MAX > params.m_range * sums.omega + count * OMEGA_MAX:
        raise Refusal("mean_bound")
