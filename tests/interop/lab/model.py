"""A model as all parties of a job must have it, to the bit: layout, first weights, file, hash, outer step
(types.proto, "Models")."""

import array
import math
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from fsa1.primitives import sha256

assert sys.byteorder == "little", "array('f') is read and written as it lies in memory"

WORD32 = 2**32 - 1


@dataclass(frozen=True)
class Tensor:
    name: str
    shape: tuple[int, ...]
    bound: float  # of the uniform first weights

    @property
    def size(self) -> int:
        return math.prod(self.shape)


def mlp_layout(model: dict) -> list[Tensor]:
    """Tensors sorted by name; a dense layer i has layers.i.weight [out, in] and layers.i.bias [out]."""
    widths = [math.prod(model["input"]), *model.get("hidden", []), model["classes"]]
    tensors = []
    for i, (inward, outward) in enumerate(zip(widths, widths[1:])):
        bound = 1.0 / math.sqrt(float(inward))
        tensors.append(Tensor(f"layers.{i}.bias", (outward,), bound))
        tensors.append(Tensor(f"layers.{i}.weight", (outward, inward), bound))
    return sorted(tensors, key=lambda tensor: tensor.name.encode())


def _philox(key: tuple[int, int], counter: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Philox4x32-10 of Salmon et al. (SC'11)."""
    k0, k1 = key
    c0, c1, c2, c3 = counter
    for _ in range(10):
        a, b = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = b >> 32 ^ c1 ^ k0, b & WORD32, a >> 32 ^ c3 ^ k1, a & WORD32
        k0, k1 = k0 + 0x9E3779B9 & WORD32, k1 + 0xBB67AE85 & WORD32
    return c0, c1, c2, c3


def _fnv1a(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return value


def _halves(value: int) -> tuple[int, int]:
    return value & WORD32, value >> 32


def initial_weights(layout: Sequence[Tensor], seed: int) -> array.array:
    weights = array.array("f")
    for tensor in layout:
        key, name = _halves(seed), _halves(_fnv1a(tensor.name))
        draws: list[int] = []
        for block in range(-(-tensor.size // 4)):
            draws += _philox(key, (*_halves(block), *name))
        weights.extend(tensor.bound * ((2 * u + 1 - 2**32) * 2.0**-32) for u in draws[: tensor.size])
    return weights


def prefix(layout: Sequence[Tensor]) -> bytes:
    """Length and header of the safetensors file; the flat float32 buffer follows."""
    text, at = '{"__metadata__":{"format":"pt"}', 0
    for tensor in layout:
        end = at + 4 * tensor.size
        shape = ",".join(map(str, tensor.shape))
        text += f',"{tensor.name}":{{"dtype":"F32","shape":[{shape}],"data_offsets":[{at},{end}]}}'
        at = end
    text += "}"
    text += " " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text.encode()


def model_hash(layout: Sequence[Tensor], weights: array.array) -> bytes:
    return sha256(prefix(layout), weights.tobytes())


def read_model(layout: Sequence[Tensor], file: bytes) -> array.array:
    """The weights of a file of this layout, whose hash the caller has compared."""
    head = prefix(layout)
    if not file.startswith(head) or len(file) != len(head) + 4 * sum(tensor.size for tensor in layout):
        raise ValueError("the file is not a model of this layout")
    weights = array.array("f")
    weights.frombytes(file[len(head):])
    return weights


def fedavg(weights: array.array, mean: Sequence[float], lr: float) -> array.array:
    """w = (f32)((double)w + lr * mean); an array of floats rounds as a cast does."""
    return array.array("f", (w + lr * m for w, m in zip(weights, mean, strict=True)))
