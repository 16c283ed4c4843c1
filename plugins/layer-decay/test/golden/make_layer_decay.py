"""Weights over ten steps of PyTorch's optimizers with a parameter group a layer, in float64: layer_decay.json.

Three layers of a weight and a bias; the rate of layer i is RATE * decay ** (2 - i). Weights and gradients are
sin(0.7 i^2 + phase), rounded to float32.

    python make_layer_decay.py > layer_decay.json
"""

import json
import sys

import numpy as np
import torch

STEPS, RATE, LAYERS = 10, 0.05, 3


def chirp(size, phase):
    i = np.arange(size, dtype=np.float64)
    return torch.tensor(np.sin(0.7 * i * i + phase).astype(np.float32).astype(np.float64))


def run(decay, name, make, options):
    layers = [[chirp(4, 2 * i).requires_grad_(), chirp(2, 2 * i + 1).requires_grad_()] for i in range(LAYERS)]
    optimizer = make([{"params": layer, "lr": RATE * decay ** (LAYERS - 1 - i)} for i, layer in enumerate(layers)])
    for step in range(STEPS):
        for i, (weight, bias) in enumerate(layers):
            weight.grad, bias.grad = chirp(4, 10 * (step + 1) + 2 * i), chirp(2, 10 * (step + 1) + 2 * i + 1)
        optimizer.step()
    values = [[p.tolist() for p in layer] for layer in layers]
    return {"options": {"decay": decay, "inner": {"use": name, **options}}, "layers": values}


cases = [
    run(0.75, "adamw", lambda g: torch.optim.AdamW(g, weight_decay=0.1), {"weightDecay": 0.1}),
    run(0.5, "sgd", lambda g: torch.optim.SGD(g, momentum=0.9), {"momentum": 0.9}),
]
json.dump({"torch": torch.__version__, "steps": STEPS, "rate": RATE, "cases": cases}, sys.stdout, indent=2)
print()
