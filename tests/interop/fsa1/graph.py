"""Who is whose neighbour (spec 2.6, Permutation in 7.3), as roster indexes, and condition (i)."""

from math import comb

from .primitives import WORD, u64_stream

MALICIOUS = 1  # mode MC of 2.0; SH is 0


def full_graph(n: int) -> list[list[int]]:
    return [[j for j in range(n) if j != i] for i in range(n)]


def permutation(seed: bytes, n: int) -> list[int]:
    """Fisher-Yates from the last place down, draws by rejection from Keystream(seed)."""
    places = list(range(n))
    draws = u64_stream(seed)
    for i in range(n - 1, 0, -1):
        limit = WORD - WORD % (i + 1)
        draw = next(draws)
        while draw >= limit:
            draw = next(draws)
        j = draw % (i + 1)
        places[i], places[j] = places[j], places[i]
    return places


def ring_graph(seed: bytes, n: int, k: int) -> list[list[int]]:
    """The Harary ring: place p is adjacent to p +- 1 .. p +- k/2."""
    places = permutation(seed, n)
    neighbours: list[list[int]] = [[] for _ in range(n)]
    for place, node in enumerate(places):
        around = {places[(place + step) % n] for step in range(-(k // 2), k // 2 + 1)}
        neighbours[node] = sorted(around - {node})
    return neighbours


def condition_holds(n: int, corrupt: int, k: int, t_k: int, mode: int) -> bool:
    """Condition (i) of 2.6, in exact integers: log2(n Pr[X >= least]) <= -40 + 1e-6, X ~ Hyp(n-1, T, k)."""
    least = max(2 * t_k - k if mode == MALICIOUS else t_k, 0)
    ways = sum(comb(corrupt, x) * comb(n - 1 - corrupt, k - x) for x in range(least, min(k, corrupt) + 1))
    # 2^(1e-6) = 1.000000693147...
    return n * ways * 2**40 * 10**12 <= comb(n - 1, k) * 1_000_000_693_147
