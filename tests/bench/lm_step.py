"""The training of lm_step.cc in Python's torch, as a person would write it: each line on standard input runs a block of
steps, and the processor time that a step of it took is printed, in milliseconds.

usage: lm_step.py HIDDEN LAYERS HEADS INTERMEDIATE CONTEXT BATCH STEPS
"""

import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional

VOCABULARY = 259


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5))


def rotate_half(x):
    a, b = x.chunk(2, -1)
    return torch.cat((-b, a), -1)


class Layer(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = nn.Linear(inner, width, bias=False)
        self.norm1, self.norm2 = RMSNorm(width), RMSNorm(width)

    def forward(self, x, cos, sin, mask):
        batch, length, width = x.shape
        h = self.norm1(x)
        q, k, v = (p(h).view(batch, length, self.heads, self.size).transpose(1, 2) for p in (self.q, self.k, self.v))
        q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
        weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(self.size) + mask, -1)
        x = x + self.o((weights @ v).transpose(1, 2).reshape(batch, length, width))
        h = self.norm2(x)
        return x + self.down(functional.silu(self.gate(h)) * self.up(h))


class Model(nn.Module):
    def __init__(self, width, layers, heads, inner, context):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, width)
        self.layers = nn.ModuleList([Layer(width, heads, inner) for _ in range(layers)])
        self.norm = RMSNorm(width)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.02)
        size = width // heads
        angles = torch.outer(torch.arange(context), 1e4 ** (-torch.arange(0, size, 2) / size))
        angles = torch.cat((angles, angles), -1)
        self.cos, self.sin = angles.cos(), angles.sin()
        self.mask = torch.full((context, context), -1e30).triu(1)

    def forward(self, tokens):
        x = self.embed(tokens)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin, self.mask)
        return functional.linear(self.norm(x), self.embed.weight)


width, layers, heads, inner, context, batch, steps = (int(word) for word in sys.argv[1:])
torch.set_num_threads(1)
model = Model(width, layers, heads, inner, context)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
windows = [torch.randint(0, 256, (batch, context + 1)) for _ in range(16)]

for _ in sys.stdin:
    begin = time.process_time()
    for step in range(steps):
        tokens = windows[step % 16]
        optimizer.zero_grad()
        functional.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    print((time.process_time() - begin) * 1e3 / steps, flush=True)
