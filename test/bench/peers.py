"""The peers' side of the benchmarks: one command a line as a JSON list, one answer a line, seconds where something is timed.

Usage: python peers.py THREADS. "Lean" is the fewest passes that a careful user of torch would find.
"""
import json
import sys
import time

import numpy
import safetensors
import torch
from safetensors import safe_open

torch.set_num_threads(int(sys.argv[1]))


def statistics(path):
    """Minimum, maximum, mean, deviation, zeros, what is not finite, and 256 bins of every tensor."""
    with safe_open(path, "pt") as file:
        for name in file.keys():
            values = file.get_tensor(name).float()
            low, high = (bound.item() for bound in torch.aminmax(values))
            if low - low != 0 or high - high != 0:
                values = values[torch.isfinite(values)]
                low, high = (bound.item() for bound in torch.aminmax(values))
            torch.std_mean(values)
            values.numel() - torch.count_nonzero(values).item()
            torch.histc(values, 256, low, high)


def equal(a, b):
    with safe_open(a, "pt") as left, safe_open(b, "pt") as right:
        for name in left.keys():
            torch.equal(left.get_tensor(name), right.get_tensor(name))


def difference(a, b):
    """Largest distance, relative norm, cosine, changed values of every pair."""
    with safe_open(a, "pt") as left, safe_open(b, "pt") as right:
        for name in left.keys():
            x, y = left.get_tensor(name).view(-1), right.get_tensor(name).view(-1)
            distance = y - x
            low, high = torch.aminmax(distance)
            xx, yy, xy, dd = (torch.dot(p, q).item() for p, q in ((x, x), (y, y), (x, y), (distance, distance)))
            (max(-low.item(), high.item()), (dd / xx) ** 0.5, xy / (xx * yy) ** 0.5)
            torch.count_nonzero(distance).item()


def open_pt(path):
    for value in torch.load(path, mmap=True, weights_only=True).values():
        len(value.shape)


def make_pt(path):
    torch.save({f"m.{i}": torch.randn(256 * (1 << 20) // 300) for i in range(300)}, path)


TIMED = {"statistics": statistics, "equal": equal, "difference": difference, "open-pt": open_pt}

print(f"torch {torch.__version__}, numpy {numpy.__version__}, safetensors {safetensors.__version__}", flush=True)
for line in sys.stdin:
    command, *paths = json.loads(line)
    if command == "make-pt":
        make_pt(*paths)
        print("made", flush=True)
        continue
    with torch.inference_mode():
        began = time.perf_counter()
        TIMED[command](*paths)
    print(time.perf_counter() - began, flush=True)
