"""PyTorch's side of the training rows: a case and an optimizer a line ("c adam"), steps per second a line as the answer.

Usage: python training_peer.py THREADS. Eager, as documented: nn.Sequential, CrossEntropyLoss, the optimizer's defaults.
"""
import sys
import time

import torch
from torch import nn

CASES = {
    "a": ([20, 256, 10], 32),
    "b": ([64, 256, 10], 64),
    "c": ([784, 256, 10], 256),
    "d": ([784, 1024, 1024, 10], 256),
}
BATCHES = 16
SECONDS = 0.25

torch.set_num_threads(int(sys.argv[1]))


def rate(case, optimizer):
    widths, rows = CASES[case]
    torch.manual_seed(0)
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        if layers:
            layers.append(nn.ReLU())
        layers.append(nn.Linear(inputs, outputs))
    model = nn.Sequential(*layers)
    update = (torch.optim.SGD if optimizer == "sgd" else torch.optim.Adam)(model.parameters(), lr=1e-3)
    xs = torch.randn(BATCHES * rows, widths[0]).split(rows)
    ys = torch.randint(0, widths[-1], (BATCHES * rows,)).split(rows)
    loss = nn.CrossEntropyLoss()

    def step(index):
        update.zero_grad(set_to_none=True)
        loss(model(xs[index % BATCHES]), ys[index % BATCHES]).backward()
        update.step()

    count = 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        step(count)
        count += 1
    piece = max(1, count // 4)
    done = 0
    begun = time.perf_counter()
    while True:
        for index in range(piece):
            step(index)
        done += piece
        elapsed = time.perf_counter() - begun
        if elapsed >= SECONDS:
            return done / elapsed


print(f"torch {torch.__version__}", flush=True)
for line in sys.stdin:
    print(rate(*line.split()), flush=True)
