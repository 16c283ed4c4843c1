"""Learning rates of timm's CosineLRScheduler with a warm-up before its cosine, at every step: warmup.json.

    python make_warmup.py > warmup.json
"""

import json
import sys

import timm
import torch
from timm.scheduler import CosineLRScheduler

RATE, STEPS = 0.1, 40


def run(share, initial, final):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    warm = round(share * STEPS)
    schedule = CosineLRScheduler(
        optimizer,
        t_initial=STEPS - warm,
        lr_min=final * RATE,
        warmup_t=warm,
        warmup_lr_init=initial * RATE,
        warmup_prefix=True,
        t_in_epochs=False,
    )
    rates = [schedule._get_lr(step)[0] for step in range(STEPS)]
    return {"options": {"pctStart": share, "initial": initial, "final": final}, "rates": rates}


cases = [run(0.05, 0.01, 0), run(0.25, 0, 0.1), run(0.5, 0.5, 0.001)]
versions = {"torch": torch.__version__, "timm": timm.__version__}
json.dump({**versions, "rate": RATE, "steps": STEPS, "cases": cases}, sys.stdout, indent=2)
print()
