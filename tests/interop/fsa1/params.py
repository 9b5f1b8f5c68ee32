"""The parameters of a job, their checks in order (spec 7.4), and the thresholds (spec 2.5)."""

from dataclasses import dataclass

from .graph import MALICIOUS, condition_holds
from .primitives import Reader, f64, lv, sha256, u8, u32, u64
from .refusal import Refusal

OMEGA_MAX = 2**32 - 1
FIRST_HEADERS = ((b"count", 1), (b"omega", OMEGA_MAX))


def threshold(n: int, corrupt: int, mode: int) -> int:
    """t of 2.5."""
    return (n + corrupt) // 2 + 1 if mode == MALICIOUS else max(corrupt + 1, n // 2 + 1)


def least_u_min(n: int, corrupt: int, mode: int) -> int:
    """The smallest set that may be summed (spec 2.5)."""
    return max(threshold(n, corrupt, mode), corrupt + 2, 3)


def field_width(b: int, n: int) -> int:
    """f = b + ceil(log2 n) (spec 2.7)."""
    return b + (n - 1).bit_length()


@dataclass(frozen=True)
class Noise:
    """Distributed DP (spec 2.10): the clip of the whole delta, Skellam's mu, the margin A."""

    c2: float
    mu: float
    margin: int

    def encode(self) -> bytes:
        return u8(1) + f64(self.c2) + f64(self.mu) + u32(self.margin)

    @classmethod
    def parse(cls, data: bytes) -> "Noise | None":
        if not data:
            return None
        reader = Reader(data)
        _require(reader.u8() == 1, "format of dp")
        noise = cls(reader.f64(), reader.f64(), reader.u32())
        reader.end()
        return noise


@dataclass(frozen=True)
class Params:
    """The fields of 7.4 under their names there, without the format; `corrupt` is T."""

    verify: int
    graph: int
    n: int
    corrupt: int
    t: int
    u_min: int
    k: int
    t_k: int
    b: int
    f: int
    d: int
    c: float
    w_max: int
    chunk_words: int
    headers: tuple[tuple[bytes, int], ...]
    dp: Noise | None = None

    @property
    def m_range(self) -> int:
        """M of 2.7: coordinates lie in [-M, M]."""
        return 2 ** (self.b - 1) - 1

    @property
    def margin(self) -> int:
        """A of 2.7."""
        return self.dp.margin if self.dp else 0

    @property
    def fields_per_word(self) -> int:
        return 64 // self.f

    @property
    def nwords(self) -> int:
        """H + ceil(d / m) (spec 7.5)."""
        return len(self.headers) + -(-self.d // self.fields_per_word)

    @property
    def share_threshold(self) -> int:
        """Of Shamir: t in the full graph, t_k in the k-graph (spec 2.5)."""
        return self.t_k if self.graph else self.t

    @property
    def hash(self) -> bytes:
        return sha256(b"FSA-1/params\0", self.encode())

    def chunk_sizes(self) -> list[int]:
        """The bytes of each chunk of an upload or a sum; only the last may be short (spec 2.8)."""
        full, rest = divmod(self.nwords, self.chunk_words)
        return [8 * self.chunk_words] * full + ([8 * rest] if rest else [])

    def chunks(self, data: bytes) -> tuple[bytes, ...]:
        size = 8 * self.chunk_words
        return tuple(data[at : at + size] for at in range(0, len(data), size))

    def encode(self) -> bytes:
        return b"".join(
            (
                bytes((1, self.verify, self.graph)),
                *(u32(v) for v in (self.n, self.corrupt, self.t, self.u_min, self.k, self.t_k)),
                bytes((self.b, self.f)),
                u64(self.d) + f64(self.c) + u64(self.w_max) + u32(self.chunk_words),
                u8(len(self.headers)),
                *(lv(name) + u64(most) for name, most in self.headers),
                lv(self.dp.encode() if self.dp else b""),
            )
        )

    @classmethod
    def parse(cls, data: bytes, mode: int) -> "Params":
        """Reads and checks row by row in the order of 7.4; the first that fails names the refusal."""
        reader = Reader(data)
        _require(reader.u8() == 1, "format")
        verify, graph = reader.u8(), reader.u8()
        _require(verify <= 1 and graph <= 1, "verify, graph")
        n, corrupt = reader.u32(), reader.u32()
        if not (3 <= n <= 65535 and corrupt <= n - 2):
            raise Refusal("cohort_too_small")
        t, u_min = reader.u32(), reader.u32()
        _require(t == threshold(n, corrupt, mode), "t")
        _require(least_u_min(n, corrupt, mode) <= u_min <= n, "u_min")
        k, t_k = reader.u32(), reader.u32()
        _check_graph(graph, (n, corrupt, k, t_k), mode)
        b, f = reader.u8(), reader.u8()
        _require(2 <= b <= 32 and f == field_width(b, n) and f <= 53, "b, f")
        d, c, w_max, chunk_words = reader.u64(), reader.f64(), reader.u64(), reader.u32()
        _require(d >= 1 and c > 0, "d, C")
        _require(1 <= w_max < 2**32 and 1 <= chunk_words <= 2**20, "W_max, chunk_words")
        headers = tuple((reader.lv(), reader.u64()) for _ in range(reader.u8()))
        _check_headers(headers)
        dp = Noise.parse(reader.lv())
        _require(dp is None or (dp.margin < 2 ** (b - 1) - 1 and w_max == 1 and len(headers) == 2), "dp")
        reader.end()
        return cls(verify, graph, n, corrupt, t, u_min, k, t_k, b, f, d, c, w_max, chunk_words, headers, dp)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise Refusal("bad_params", why=what)


def _check_graph(graph: int, sizes: tuple[int, int, int, int], mode: int) -> None:
    n, corrupt, k, t_k = sizes
    if not graph:
        _require(k == 0 and t_k == 0, "k, t_k of the full graph")
        return
    _require(k % 2 == 0 and 2 <= k < n and 1 <= t_k <= k, "k, t_k")
    _require(mode != MALICIOUS or 2 * t_k > k, "2 t_k > k")
    _require(condition_holds(n, corrupt, k, t_k, mode), "condition (i)")


def _check_headers(headers: tuple[tuple[bytes, int], ...]) -> None:
    _require(headers[:2] == FIRST_HEADERS, "the first two headers")
    _require(all(len(name) <= 64 and 1 <= most < 2**40 for name, most in headers), "headers")
    _require(len({name for name, _ in headers}) == len(headers), "names of headers")
