"""Keystreams added to words and field samples added to tags (spec 2.7, sign; 2.8; 3, masked tags)."""

from collections.abc import Sequence

from .poly_mac import POINTS
from .primitives import WORD, P, field_samples, keystream_words


def sign(node: bytes, peer: bytes) -> int:
    """The lesser id of a pair adds, the greater subtracts."""
    return 1 if node < peer else -1


def add_stream(words: Sequence[int], key: bytes, factor: int) -> list[int]:
    """Adds factor (+1 or -1) times the keystream to a word vector, in Z_2^64."""
    stream = keystream_words(key, 0, len(words))
    return [(word + factor * mask) % WORD for word, mask in zip(words, stream)]


def add_words(words: Sequence[int], others: Sequence[int]) -> list[int]:
    return [(word + other) % WORD for word, other in zip(words, others, strict=True)]


def add_tag_mask(tags: Sequence[int], key: bytes, factor: int) -> list[int]:
    """Adds factor times the first two field samples to a node's tags; no tags stay no tags."""
    return [(tag + factor * mask) % P for tag, mask in zip(tags, field_samples(key, POINTS))]


def add_tags(tags: Sequence[int], others: Sequence[int]) -> list[int]:
    return [(tag + other) % P for tag, other in zip(tags, others, strict=True)]
