"""fastai's suggestions for given curves of the loss: suggestions.json.

Loss i of curve c is base + drop * (1 - tanh((i - turn) / 8)) / 2 + rise * exp((i - blow) / 4) + 0.02 sin(0.7 i^2 + c), and
rate i is 1e-7 * 1e8^(i / steps). As in Learner.lr_find, the first tenth and the last five points are left out.
"""

import json
import math
import sys

import fastai
import torch
from fastai.callback.schedule import minimum, steep, valley

curves = [
    {"steps": 100, "points": 100, "base": 0.9, "drop": 1.4, "turn": 55, "rise": 0.5, "blow": 92},
    {"steps": 100, "points": 87, "base": 0.3, "drop": 2.0, "turn": 40, "rise": 1.0, "blow": 85},
    {"steps": 200, "points": 160, "base": 2.2, "drop": 0.1, "turn": 90, "rise": 0.2, "blow": 150},
    {"steps": 40, "points": 40, "base": 1.0, "drop": 0.0, "turn": 0, "rise": 0.4, "blow": 20},
]
cases = []
for c, curve in enumerate(curves):
    n, steps = curve["points"], curve["steps"]
    rates = [1e-7 * 1e8 ** (i / steps) for i in range(n)]
    losses = [
        curve["base"]
        + curve["drop"] * (1 - math.tanh((i - curve["turn"]) / 8)) / 2
        + curve["rise"] * math.exp((i - curve["blow"]) / 4)
        + 0.02 * math.sin(0.7 * i * i + c)
        for i in range(n)
    ]
    lrs = torch.tensor(rates, dtype=torch.float64)[steps // 10 : -5]
    ls = torch.tensor(losses, dtype=torch.float64)[steps // 10 : -5]
    found = {rule.__name__: rule(lrs, ls, steps)[0] for rule in (valley, steep, minimum)}
    cases.append({**curve, **found})
versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0], "fastai": fastai.__version__}
with open("suggestions.json", "w") as file:
    json.dump({"command": "python make_suggestions.py", "versions": versions, "cases": cases}, file)
    file.write("\n")
