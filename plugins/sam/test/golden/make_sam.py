"""Weights over ten steps of SAM around PyTorch's SGD, in float64: sam.json.

SAM as in the paper's algorithm 1, written out around torch.autograd and torch.optim.SGD. The loss is
mean(cos(A w + b)): every gradient depends on the weights. A, w and b are sin(0.7 i^2 + phase), rounded to float32.

    python make_sam.py > sam.json
"""

import json
import sys

import numpy as np
import torch

STEPS, RATE, ROWS, WIDTH = 10, 0.3, 8, 5


def chirp(shape, phase):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return torch.tensor(np.sin(0.7 * i * i + phase).astype(np.float32).astype(np.float64).reshape(shape))


A = chirp((ROWS, WIDTH), 2)


def run(rho, adaptive, momentum, decay):
    w, b = chirp((WIDTH, 1), 0).requires_grad_(), chirp((1,), 1).requires_grad_()
    inner = torch.optim.SGD([w, b], lr=RATE, momentum=momentum, weight_decay=decay)

    def gradients():
        return torch.autograd.grad(torch.cos(A @ w + b).mean(), [w, b])

    for _ in range(STEPS):
        first = gradients()
        start = [p.detach().clone() for p in (w, b)]
        scaled = [g * p.abs() if adaptive else g for g, p in zip(first, start)]
        norm = torch.sqrt(sum((g**2).sum() for g in scaled))
        with torch.no_grad():
            for p, g in zip((w, b), scaled):
                p += rho / (norm + 1e-12) * (g * p.abs() if adaptive else g)
        second = gradients()
        with torch.no_grad():
            for p, s, g in zip((w, b), start, second):
                p.copy_(s)
                p.grad = g
        inner.step()
    options = {"rho": rho, "adaptive": adaptive, "inner": {"use": "sgd", "momentum": momentum, "weightDecay": decay}}
    return {"options": options, "w": w.flatten().tolist(), "b": b.tolist()}


cases = [run(0.05, False, 0.0, 0.0), run(0.5, False, 0.9, 0.01), run(1.0, True, 0.9, 0.0), run(0.0, False, 0.9, 0.0)]
json.dump({"torch": torch.__version__, "steps": STEPS, "rate": RATE, "cases": cases}, sys.stdout, indent=2)
print()
