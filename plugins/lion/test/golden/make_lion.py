"""Weights over steps of timm's Lion, in float64: lion.json.

    python make_lion.py > lion.json
"""

import json
import pathlib
import sys

import timm
import torch
from timm.optim import Lion

sys.path.append(str(pathlib.Path(__file__).parents[4] / "packages/testing/golden"))
from cosine_fit import fit  # noqa: E402

STEPS, RATE = 20, 0.05


def run(beta1, beta2, decay):
    options = {"beta1": beta1, "beta2": beta2, "weightDecay": decay}
    make = lambda params: Lion(params, lr=RATE, betas=(beta1, beta2), weight_decay=decay, foreach=False)  # noqa: E731
    return {"options": options, **fit(make, STEPS)}


cases = [run(0.9, 0.99, 0.0), run(0.9, 0.99, 0.5), run(0.5, 0.8, 0.1)]
versions = {"torch": torch.__version__, "timm": timm.__version__}
json.dump({**versions, "steps": STEPS, "rate": RATE, "cases": cases}, sys.stdout, indent=2)
print()
