"""The loop of train_step_floor.cc in Python's torch: each line on standard input runs a block of steps, and the
milliseconds that a step of it took are printed.

usage: train_step.py THREADS STEPS
"""

import sys
import time

import torch
from torch import nn

threads, steps = (int(word) for word in sys.argv[1:])
torch.set_num_threads(threads)
model = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(),
    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
images = [torch.rand(32, 1, 28, 28) for _ in range(64)]
labels = [torch.randint(0, 10, (32,)) for _ in range(64)]

for _ in sys.stdin:
    begin = time.perf_counter()
    for step in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images[step % 64]), labels[step % 64]).backward()
        optimizer.step()
    print((time.perf_counter() - begin) * 1e3 / steps, flush=True)
