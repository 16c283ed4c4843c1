"""fastai's Adam over ten steps, its one-cycle and flat-cosine schedules, and fastai v1's flat-and-anneal: fastai.json.

Weights and gradients as in make_optim.py. Schedules: positions in float64 (fastai itself keeps the bounds of its phases in
float32); the values come from fastai's own `combined_cos`. fastai v1 is transcribed: phase lengths are
int(n * start_pct) and the rest, and a batch of the second phase stands at its number in the phase over the phase's length.
"""

import json
import math
import sys

import fastai
import torch
from fastai.callback import schedule
from fastai.optimizer import Adam

from make_optim import MOMENTA, RATES, SHAPES, chirp

schedule.tensor = lambda values: torch.tensor(list(values), dtype=torch.float64)


def run(options, wd_bn_bias=False, cycle=False):
    params = {path: chirp(shape, index).requires_grad_() for index, (path, shape) in enumerate(SHAPES.items())}
    optimizer = Adam(list(params.values()), lr=RATES[0], **options)
    for path, value in params.items():
        if not path.endswith("weight") and not wd_bn_bias:
            optimizer.state[value]["do_wd"] = False
    for step in range(10):
        for index, value in enumerate(params.values()):
            value.grad = chirp(value.shape, 10 * (step + 1) + index)
        optimizer.set_hyper("lr", RATES[step])
        if cycle:
            optimizer.set_hyper("mom", MOMENTA[step])
        optimizer.step()
    return {
        "options": options,
        "wd_bn_bias": wd_bn_bias,
        "cycle": cycle,
        "weights": {path: value.reshape(-1).tolist() for path, value in params.items()},
        "state": {
            f"{path}/{own}": optimizer.state[value][theirs].reshape(-1).tolist()
            for path, value in params.items()
            for own, theirs in {"m": "grad_avg", "v": "sqr_avg"}.items()
        },
    }


def rows(steps, lr, momentum=None):
    positions = [step / steps for step in range(steps)]
    return [[float(lr(p)), *([] if momentum is None else [float(momentum(p))])] for p in positions]


def fit_one_cycle(steps, peak, pct_start=0.25, div=25.0, div_final=1e5, moms=(0.95, 0.85, 0.95)):
    lr = schedule.combined_cos(pct_start, peak / div, peak, peak / div_final)
    momentum = schedule.combined_cos(pct_start, *moms)
    options = {"pctStart": pct_start, "div": div, "divFinal": div_final, "momenta": moms}
    return {"use": "fit-one-cycle", "totalSteps": steps, "learningRate": peak, "options": options,
            "rows": rows(steps, lr, momentum)}


def fit_flat_cos(steps, peak, pct_start=0.75, div_final=1e5):
    lr = schedule.combined_cos(pct_start, peak, peak, peak / div_final)
    options = {"pctStart": pct_start, "divFinal": div_final}
    return {"use": "flat-cosine", "totalSteps": steps, "learningRate": peak, "options": options, "rows": rows(steps, lr)}


def flat_and_anneal(steps, peak, start_pct=0.72, moms=(0.95, 0.85)):
    flat = int(steps * start_pct)
    values = [
        [peak if step <= flat else peak / 2 * (math.cos(math.pi * (step - flat) / (steps - flat)) + 1),
         moms[0] if step <= flat else moms[1]]
        for step in range(steps)
    ]
    options = {"pctStart": start_pct, "toZero": True, "wholeSteps": True, "momenta": moms}
    return {"use": "flat-cosine", "totalSteps": steps, "learningRate": peak, "options": options, "rows": values}


versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0], "fastai": fastai.__version__}
with open("fastai.json", "w") as file:
    json.dump(
        {
            "command": "python make_fastai.py",
            "versions": versions,
            "optimizers": [
                run({"mom": 0.9, "sqr_mom": 0.99, "eps": 1e-5, "wd": 0.01}),
                run({"mom": 0.95, "sqr_mom": 0.99, "eps": 1e-6, "wd": 0.1}, wd_bn_bias=True, cycle=True),
            ],
            "schedules": [
                fit_one_cycle(40, 3e-3),
                # The two parts of fine_tune: one epoch frozen, then the rest.
                fit_one_cycle(17, 1e-3, pct_start=0.99),
                fit_one_cycle(35, 5e-4, pct_start=0.3, div=5.0),
                fit_flat_cos(41, 8e-3),
                fit_flat_cos(7, 4e-3, pct_start=0.4, div_final=10),
                flat_and_anneal(47, 4e-3),
            ],
        },
        file,
    )
    file.write("\n")
