"""Ranger of fastai 2 over twenty steps, by fastai itself (PyPI, float64): fastai.json.

Weights and gradients are those of make_ranger.py: sin(0.7 i^2 + phase), rounded to float32. Parameters that are not decayed
stand in a group of their own with `do_wd` off, as fastai's learner does with biases and norms.
"""

import json
import math
import sys

import fastai
import numpy as np
import torch
from fastai.optimizer import ranger

SHAPES = {"a/weight": (2, 3), "b/weight": (2, 2, 1, 2), "a/bias": (4,), "norm/gamma": (1,)}
RATES = [0.01 * (1 + 4 * math.sin(math.pi * step / 20)) for step in range(20)]


def chirp(shape, phase):
    i = np.arange(math.prod(shape), dtype=np.float64)
    return np.sin(0.7 * i * i + phase).astype(np.float32).astype(np.float64).reshape(shape)


def run(beta2, epsilon, decay, k, alpha):
    params = {path: torch.tensor(chirp(shape, i)).requires_grad_() for i, (path, shape) in enumerate(SHAPES.items())}
    optimizer = ranger(list(params.values()), lr=RATES[0], mom=0.95, sqr_mom=beta2, eps=epsilon, wd=decay, k=k, alpha=alpha)
    for path, p in params.items():
        if not path.endswith("weight"):
            optimizer.opt.state[p]["do_wd"] = False
    for step in range(20):
        for index, (path, p) in enumerate(params.items()):
            p.grad = torch.tensor(chirp(SHAPES[path], 10 * (step + 1) + index))
        optimizer.set_hyper("lr", RATES[step])
        optimizer.step()
    return {path: p.detach().reshape(-1).tolist() for path, p in params.items()}


cases = []
for options in [
    {},
    {"weightDecay": 0.5, "epsilon": 1e-2},
    {"beta2": 0.999, "epsilon": 1e-5, "weightDecay": 0.0, "k": 5, "alpha": 0.8},
]:
    o = {"beta2": 0.99, "epsilon": 1e-6, "weightDecay": 0.01, "k": 6, "alpha": 0.5} | options
    cases.append({"options": options, "weights": run(o["beta2"], o["epsilon"], o["weightDecay"], o["k"], o["alpha"])})

versions = {"python": sys.version.split()[0], "fastai": fastai.__version__, "torch": torch.__version__.split("+")[0]}
with open("fastai.json", "w") as file:
    json.dump({"command": "python make_fastai.py", "versions": versions, "cases": cases}, file)
    file.write("\n")
