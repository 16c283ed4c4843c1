"""Weights over steps of timm's Lamb, in float64: lamb.json.

    python make_lamb.py > lamb.json
"""

import json
import pathlib
import sys

import timm
import torch
from timm.optim import Lamb

sys.path.append(str(pathlib.Path(__file__).parents[4] / "packages/testing/golden"))
from cosine_fit import fit  # noqa: E402

STEPS, RATE = 15, 0.05


def run(decay, limit):
    options = {"weightDecay": decay, "maxGradientNorm": limit}
    make = lambda params: Lamb(params, lr=RATE, weight_decay=decay, max_grad_norm=limit or None)  # noqa: E731
    return {"options": options, **fit(make, STEPS)}


cases = [run(0.01, 1.0), run(0.3, 0), run(0.1, 0.05), run(0.0, 1.0)]
versions = {"torch": torch.__version__, "timm": timm.__version__}
json.dump({**versions, "steps": STEPS, "rate": RATE, "cases": cases}, sys.stdout, indent=2)
print()
