"""A Llama computed from a Hugging Face directory, with nothing of Accord's and no library: the reference that exports are
held against. Slow, and exact to binary64. Byte vocabulary or any other; F32 weights only.
"""

import json
import math
import struct
from pathlib import Path


def read_tensors(path: Path) -> dict[str, list]:
    """By name: a list of numbers, or a list of rows."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    tensors = {}
    for name, entry in json.loads(content[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", name
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = list(struct.unpack(f"<{(end - begin) // 4}f", content[begin:end]))
        if len(entry["shape"]) == 2:
            columns = entry["shape"][1]
            values = [values[i : i + columns] for i in range(0, len(values), columns)]
        tensors[name] = values
    return tensors


def product(matrix: list[list[float]], vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


class Llama:
    """One sequence, a token at a time: `next` gives the logits after it."""

    def __init__(self, directory: Path):
        self.config = json.loads((directory / "config.json").read_text())
        self.tensors = read_tensors(directory / "model.safetensors")
        self.head = self.config["hidden_size"] // self.config["num_attention_heads"]
        self.restart()

    def restart(self):
        self.cache = [([], []) for _ in range(self.config["num_hidden_layers"])]

    def norm(self, name: str, x: list[float]) -> list[float]:
        scale = 1 / math.sqrt(sum(v * v for v in x) / len(x) + self.config["rms_norm_eps"])
        return [v * scale * g for v, g in zip(x, self.tensors[name + ".weight"])]

    def rotate(self, heads: list[float], position: int) -> list[float]:
        """transformers' apply_rotary_pos_emb: element j of a head turns with element j + half of it."""
        out, half = list(heads), self.head // 2
        for first in range(0, len(heads), self.head):
            for j in range(half):
                angle = position / self.config["rope_theta"] ** (2 * j / self.head)
                a, b = heads[first + j], heads[first + j + half]
                out[first + j] = a * math.cos(angle) - b * math.sin(angle)
                out[first + j + half] = b * math.cos(angle) + a * math.sin(angle)
        return out

    def attend(self, layer: int, x: list[float]) -> list[float]:
        weight = lambda name: self.tensors[f"model.layers.{layer}.self_attn.{name}_proj.weight"]
        keys, values = self.cache[layer]
        position = len(keys)
        query = self.rotate(product(weight("q"), x), position)
        keys.append(self.rotate(product(weight("k"), x), position))
        values.append(product(weight("v"), x))
        share = self.config["num_attention_heads"] // self.config["num_key_value_heads"]
        mixed = []
        for head in range(self.config["num_attention_heads"]):
            own = query[head * self.head : (head + 1) * self.head]
            theirs = slice(head // share * self.head, (head // share + 1) * self.head)
            scores = [sum(a * b for a, b in zip(own, key[theirs])) / math.sqrt(self.head) for key in keys]
            largest = max(scores)
            odds = [math.exp(score - largest) for score in scores]
            total = sum(odds)
            for j in range(self.head):
                mixed.append(sum(o * value[theirs][j] for o, value in zip(odds, values)) / total)
        return product(weight("o"), mixed)

    def next(self, token: int) -> list[float]:
        x = list(self.tensors["model.embed_tokens.weight"][token])
        for layer in range(self.config["num_hidden_layers"]):
            name = f"model.layers.{layer}."
            x = [a + b for a, b in zip(x, self.attend(layer, self.norm(name + "input_layernorm", x)))]
            inner = self.norm(name + "post_attention_layernorm", x)
            weight = lambda part: self.tensors[f"{name}mlp.{part}_proj.weight"]
            gate = [v / (1 + math.exp(-v)) for v in product(weight("gate"), inner)]
            up = product(weight("up"), inner)
            x = [a + b for a, b in zip(x, product(weight("down"), [g * u for g, u in zip(gate, up)]))]
        last = self.tensors.get("lm_head.weight", self.tensors["model.embed_tokens.weight"])
        return product(last, self.norm("model.norm", x))
