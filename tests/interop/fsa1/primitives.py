"""Canonical bytes, hashes, key derivation and keystreams (spec 7.1, 2.8, and the streams of 7.3)."""

import hashlib
import hmac
import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .refusal import Refusal

P = 2**61 - 1  # the field of shares and tags
WORD = 2**64  # the ring of masked words
ID_BYTES = 16
HASH_BYTES = 32
LV_LIMIT = 65536
NO_ID = bytes(ID_BYTES)
NO_HASH = bytes(HASH_BYTES)


def u8(value: int) -> bytes:
    return value.to_bytes(1, "big")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def f64(value: float) -> bytes:
    return struct.pack(">d", value)


def lv(data: bytes) -> bytes:
    return u32(len(data)) + data


def counted(items: Sequence[bytes]) -> bytes:
    """`[..]*` of 7.1: u32 count, then the items."""
    return u32(len(items)) + b"".join(items)


class Reader:
    """Reads canonical bytes; whatever does not fit is `bad_encoding` (spec 7.1)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        if len(self._data) - self._at < size:
            raise Refusal("bad_encoding", why="short input")
        self._at += size
        return self._data[self._at - size : self._at]

    def u8(self) -> int:
        return self.take(1)[0]

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "big")

    def f64(self) -> float:
        (value,) = struct.unpack(">d", self.take(8))
        if not math.isfinite(value):
            raise Refusal("bad_encoding", why="a double that is not finite")
        return value

    def id(self) -> bytes:
        return self.take(ID_BYTES)

    def hash(self) -> bytes:
        return self.take(HASH_BYTES)

    def lv(self) -> bytes:
        size = self.u32()
        if size > LV_LIMIT:
            raise Refusal("bad_encoding", why="a field above 65,536 bytes")
        return self.take(size)

    def end(self) -> None:
        if self._at != len(self._data):
            raise Refusal("bad_encoding", why="trailing bytes")


def require_ascending(ids: Sequence[bytes]) -> None:
    """Lists of ids are strictly ascending by their bytes (spec 2.1, 7.1)."""
    if any(earlier >= later for earlier, later in pairwise(ids)):
        raise Refusal("bad_encoding", why="ids are not strictly ascending")


def sender_of(body: bytes) -> bytes:
    """The id that every body of a node begins with (spec 7.5)."""
    return Reader(body).id()


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def hkdf_extract(salt: bytes, secret: bytes) -> bytes:
    """HKDF-SHA256-Extract of RFC 5869."""
    return hmac.digest(salt, secret, "sha256")


def hkdf_expand(prk: bytes, info: bytes, size: int = 32) -> bytes:
    """HKDF-SHA256-Expand of RFC 5869."""
    out = block = b""
    for counter in range(1, -(-size // 32) + 1):
        block = hmac.digest(prk, block + info + u8(counter), "sha256")
        out += block
    return out[:size]


def keystream(key: bytes, offset: int, size: int) -> bytes:
    """AES-256-CTR over zeros from a byte offset; IV = 0^64 || u64(offset / 16) (spec 2.8)."""
    block, skip = divmod(offset, 16)
    encryptor = Cipher(algorithms.AES(key), modes.CTR(bytes(8) + u64(block))).encryptor()
    return encryptor.update(bytes(skip + size))[skip:]


def words_of(data: bytes) -> list[int]:
    """Bulk words are little-endian (spec 7.1)."""
    return list(struct.unpack(f"<{len(data) // 8}Q", data))


def bytes_of(words: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(words)}Q", *words)


def keystream_words(key: bytes, first: int, count: int) -> list[int]:
    """Words [first, first + count) of a keystream (spec 2.8)."""
    return words_of(keystream(key, 8 * first, 8 * count))


def u64_stream(key: bytes) -> Iterator[int]:
    """Successive u64 of a keystream, from byte 0 and without end."""
    step = 64
    for first in range(0, WORD, step):
        yield from keystream_words(key, first, step)


def reject_to_field(words: Iterable[int]) -> Iterator[int]:
    """Field samples of 7.3: the low 61 bits of each word; the value p is rejected."""
    return (word & P for word in words if word & P != P)


def field_samples(key: bytes, count: int) -> list[int]:
    """The first field samples of a keystream (spec 7.3)."""
    return list(islice(reject_to_field(u64_stream(key)), count))


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The tree hash of RFC 6962 over at least one leaf (spec 7.2, root)."""
    if len(leaves) == 1:
        return sha256(b"\x00", leaves[0])
    left = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\x01", merkle_root(leaves[:left]), merkle_root(leaves[left:]))
