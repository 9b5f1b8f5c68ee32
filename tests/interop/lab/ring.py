"""The neighbour graph that a plan means for a large cohort: the smallest k and t_k of secagg.md 2.6, in exact
integers."""

from math import comb

from fsa1.graph import MALICIOUS

FULL_UP_TO = 200  # nodes


def smallest_graph(n: int, corrupt: int, dropped: int, mode: int) -> tuple[int, int]:
    """k and t_k by conditions (i) to (iii) for T and D nodes; `ValueError` if no graph meets them."""
    for k in range(2, n, 2):
        if not _stays_connected(n, corrupt + dropped, k):
            continue
        t_k = next((t for t in range(1, k + 1) if _hides(n, corrupt, k, t, mode)), None)
        if t_k is not None and _is_rare(n, dropped, k, k - t_k + 1, 20):  # (ii)
            return k, t_k
    raise ValueError(f"no neighbour graph for {n} nodes, {corrupt} of them corrupt, {dropped} lost")


def _hides(n: int, corrupt: int, k: int, t_k: int, mode: int) -> bool:
    """(i)"""
    return _is_rare(n, corrupt, k, 2 * t_k - k if mode == MALICIOUS else t_k, 40)


def _is_rare(n: int, marked: int, k: int, least: int, bits: int) -> bool:
    """n * Pr[X >= least] <= 2^-bits for X ~ Hyp(n - 1, marked, k)."""
    ways = sum(comb(marked, x) * comb(n - 1 - marked, k - x) for x in range(max(least, 0), min(marked, k) + 1))
    return n * ways << bits <= comb(n - 1, k)


def _stays_connected(n: int, lost: int, k: int) -> bool:
    """(iii)"""
    return n * lost ** (k // 2) << 40 <= n ** (k // 2)
