"""Learning rates of PyTorch's CosineAnnealingWarmRestarts at every step: cosine-restarts.json.

    python make_cosine_restarts.py > cosine-restarts.json
"""

import json
import sys

import torch

RATE, EPOCHS, STEPS = 0.1, 9, 4


def run(first, factor, final):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, first, factor, final * RATE)
    rates = []
    for step in range(EPOCHS * STEPS):
        schedule.step(step / STEPS)
        rates.append(optimizer.param_groups[0]["lr"])
    return {"options": {"firstEpochs": first, "factor": factor, "final": final}, "rates": rates}


cases = [run(1, 2, 0), run(3, 1, 0.1), run(2, 3, 0.01)]
json.dump({"torch": torch.__version__, "rate": RATE, "stepsPerEpoch": STEPS, "cases": cases}, sys.stdout, indent=2)
print()
