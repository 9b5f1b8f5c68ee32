"""LoRA in Python's torch, its gradients by autograd: for each directory named, reads config.json (the model's keys,
rank, alpha, and those of an AdamW step), model.safetensors (frozen), adapter.safetensors (A and B under PEFT's names)
and tokens.bin, and writes loss.json, gradients.safetensors and stepped.safetensors of A and B.

usage: adapter_reference.py DIRECTORY...
"""

import json
import pathlib
import sys

import torch
from torch.nn import functional

from llama_reference import forward, read_safetensors, write_safetensors

PREFIX = "base_model.model."


def adapted(config, w, adapter):
    """The model with W + alpha / rank * B A for each pair."""
    merged = dict(w)
    for name, a in adapter.items():
        if not name.endswith(".lora_A.weight"):
            continue
        module = name[len(PREFIX) : -len(".lora_A.weight")]
        b = adapter[f"{PREFIX}{module}.lora_B.weight"]
        assert a.shape[0] == b.shape[1] == config["rank"]
        merged[f"{module}.weight"] = w[f"{module}.weight"] + config["alpha"] / config["rank"] * (b @ a)
    return merged


def run(directory):
    config = json.loads((directory / "config.json").read_text())
    _, _, w = read_safetensors(directory / "model.safetensors")
    prefix, header, adapter = read_safetensors(directory / "adapter.safetensors")
    for tensor in adapter.values():
        tensor.requires_grad_(True)
    tokens = torch.frombuffer(bytearray((directory / "tokens.bin").read_bytes()), dtype=torch.int32).long()
    tokens = tokens.view(-1, config["context"] + 1)
    logits = forward(config, adapted(config, w, adapter), tokens[:, :-1])
    loss = functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    loss.backward()
    (directory / "loss.json").write_text(json.dumps(loss.item()))
    write_safetensors(directory / "gradients.safetensors", prefix, header, {n: t.grad for n, t in adapter.items()})
    torch.optim.AdamW(adapter.values(), lr=config["lr"], betas=(config["beta1"], config["beta2"]),
                      eps=config["epsilon"], weight_decay=config["weight_decay"]).step()
    write_safetensors(directory / "stepped.safetensors", prefix, header, adapter)


torch.set_num_threads(1)
for name in sys.argv[1:]:
    run(pathlib.Path(name))
