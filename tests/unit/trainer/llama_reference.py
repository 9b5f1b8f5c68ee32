"""A Llama in Python's torch, written from Hugging Face's conventions and nothing of ours: for each directory named,
reads config.json (the model's keys, and those of an AdamW step), model.safetensors and tokens.bin (int32, windows of
context + 1), and writes logits.bin (float32), gradients.safetensors and stepped.safetensors; and script.bin, the
logits of module.pt, which is the same model as a TorchScript module.

usage: llama_reference.py DIRECTORY...
"""

import json
import math
import pathlib
import struct
import sys

import torch
from torch.nn import functional

TYPES = {"F32": torch.float32}


def read_safetensors(path):
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = bytearray(data[8 + size + begin : 8 + size + end])
        tensors[name] = torch.frombuffer(raw, dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
    return data[: 8 + size], header, tensors


def write_safetensors(path, prefix, header, tensors):
    names = sorted(header, key=lambda name: header[name]["data_offsets"][0])
    path.write_bytes(prefix + b"".join(tensors[name].detach().contiguous().numpy().tobytes() for name in names))


def rms_norm(x, weight, eps):
    return weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps))


def rotate_half(x):
    half = x.shape[-1] // 2
    return torch.cat((-x[..., half:], x[..., :half]), dim=-1)


def rotary(length, size, theta):
    inverse = 1.0 / (theta ** (torch.arange(0, size, 2).float() / size))
    angles = torch.outer(torch.arange(length).float(), inverse)
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def attention(config, w, layer, x):
    batch, length, width = x.shape
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    size = width // heads

    def project(name, count):
        weight = w[f"{layer}.self_attn.{name}_proj.weight"]
        return functional.linear(x, weight).view(batch, length, count, size).transpose(1, 2)

    q, k, v = project("q", heads), project("k", kv_heads), project("v", kv_heads)
    cos, sin = rotary(length, size, config["rope_theta"])
    q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
    k, v = (t.repeat_interleave(heads // kv_heads, dim=1) for t in (k, v))
    scores = q @ k.transpose(2, 3) / math.sqrt(size)
    hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
    weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
    out = (weights @ v).transpose(1, 2).reshape(batch, length, width)
    return functional.linear(out, w[f"{layer}.self_attn.o_proj.weight"])


def mlp(w, layer, x):
    gate = functional.silu(functional.linear(x, w[f"{layer}.mlp.gate_proj.weight"]))
    return functional.linear(gate * functional.linear(x, w[f"{layer}.mlp.up_proj.weight"]),
                             w[f"{layer}.mlp.down_proj.weight"])


def forward(config, w, tokens):
    eps = config["rms_norm_eps"]
    x = w["model.embed_tokens.weight"][tokens]
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        x = x + attention(config, w, layer, rms_norm(x, w[f"{layer}.input_layernorm.weight"], eps))
        x = x + mlp(w, layer, rms_norm(x, w[f"{layer}.post_attention_layernorm.weight"], eps))
    head = "model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"
    return functional.linear(rms_norm(x, w["model.norm.weight"], eps), w[head])


def run(directory):
    config = json.loads((directory / "config.json").read_text())
    prefix, header, w = read_safetensors(directory / "model.safetensors")
    for tensor in w.values():
        tensor.requires_grad_(True)
    tokens = torch.frombuffer(bytearray((directory / "tokens.bin").read_bytes()), dtype=torch.int32).long()
    tokens = tokens.view(-1, config["context"] + 1)
    logits = forward(config, w, tokens[:, :-1])
    (directory / "logits.bin").write_bytes(logits.detach().contiguous().numpy().tobytes())
    script = torch.jit.load(str(directory / "module.pt"))
    assert sorted(script.state_dict()) == sorted([*header, "inv_freq"])
    with torch.no_grad():
        (directory / "script.bin").write_bytes(script(tokens[:, :-1]).contiguous().numpy().tobytes())
    functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
    write_safetensors(directory / "gradients.safetensors", prefix, header, {n: t.grad for n, t in w.items()})
    torch.nn.utils.clip_grad_norm_(w.values(), config["clip_norm"])
    torch.optim.AdamW(w.values(), lr=config["lr"], betas=(config["beta1"], config["beta2"]), eps=config["epsilon"],
                      weight_decay=config["weight_decay"]).step()
    write_safetensors(directory / "stepped.safetensors", prefix, header, w)


torch.set_num_threads(1)
if __name__ == "__main__":
    for name in sys.argv[1:]:
        run(pathlib.Path(name))
