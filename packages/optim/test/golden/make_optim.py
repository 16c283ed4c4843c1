"""PyTorch's AdamW and SGD over ten steps, and OneCycleLR at every step: optimizers.json, one-cycle.json.

Weights and gradients come from a formula, the same as in fill.ts: sin(0.7 i^2 + phase), rounded to float32.
"""

import json
import math
import sys

import numpy as np
import torch

# What a schedule may do at steps 1 to 10.
SHAPES = {"a/weight": (2, 3), "a/bias": (4,), "norm/gamma": (1,)}
RATES = [0.01, 0.02, 0.03, 0.04, 0.05, 0.04, 0.03, 0.02, 0.01, 0.005]
MOMENTA = [0.95, 0.93, 0.9, 0.87, 0.85, 0.87, 0.9, 0.93, 0.95, 0.95]


def chirp(shape, phase):
    i = np.arange(math.prod(shape), dtype=np.float64)
    values = np.sin(0.7 * i * i + phase).astype(np.float32).astype(np.float64)
    return torch.tensor(values).reshape(shape)


def run(name, options, decay_norm_and_bias=True, cycle=False):
    params = {path: chirp(shape, index).requires_grad_() for index, (path, shape) in enumerate(SHAPES.items())}
    decay = options.pop("weight_decay")
    groups = [
        {"params": [value], "weight_decay": decay if path.endswith("weight") or decay_norm_and_bias else 0}
        for path, value in params.items()
    ]
    make = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[name]
    optimizer = make(groups, lr=RATES[0], **options)
    for step in range(10):
        for index, value in enumerate(params.values()):
            value.grad = chirp(value.shape, 10 * (step + 1) + index)
        for group in optimizer.param_groups:
            group["lr"] = RATES[step]
            if cycle and name == "adamw":
                group["betas"] = (MOMENTA[step], group["betas"][1])
            elif cycle:
                group["momentum"] = MOMENTA[step]
        optimizer.step()
    kept = {
        "adamw": {"m": "exp_avg", "v": "exp_avg_sq"},
        "sgd": {"b": "momentum_buffer"} if options.get("momentum") else {},
    }[name]
    return {
        "optimizer": name,
        "options": {**options, "weight_decay": decay, "decay_norm_and_bias": decay_norm_and_bias},
        "cycle": cycle,
        "weights": {path: value.reshape(-1).tolist() for path, value in params.items()},
        "state": {
            f"{path}/{own}": optimizer.state[value][theirs].reshape(-1).tolist()
            for path, value in params.items()
            for own, theirs in kept.items()
        },
    }


def one_cycle(total_steps, peak, **options):
    optimizer = torch.optim.AdamW([torch.zeros(1)], lr=peak)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=peak, total_steps=total_steps, **options)
    rows = []
    for step in range(total_steps):
        group = optimizer.param_groups[0]
        rows.append([group["lr"], group["betas"][0]])
        optimizer.step()
        if step < total_steps - 1:
            schedule.step()
    return {"totalSteps": total_steps, "learningRate": peak, "options": options, "rows": rows}


def save(name, cases):
    versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0]}
    with open(f"{name}.json", "w") as file:
        json.dump({"command": "python make_optim.py", "versions": versions, "cases": cases}, file)
        file.write("\n")


if __name__ == "__main__":
    save(
        "optimizers",
        [
            run("adamw", {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}),
            run("adamw", {"betas": (0.9, 0.99), "eps": 1e-5, "weight_decay": 0.1}, decay_norm_and_bias=False, cycle=True),
            run("sgd", {"momentum": 0, "weight_decay": 0}),
            run("sgd", {"momentum": 0, "dampening": 0.5, "weight_decay": 0}),
            run("sgd", {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}),
            run("sgd", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}, decay_norm_and_bias=False, cycle=True),
        ],
    )
    save(
        "one-cycle",
        [
            one_cycle(354, 1e-2),
            one_cycle(7, 0.1, pct_start=0.4, div_factor=10, final_div_factor=100, max_momentum=0.9, base_momentum=0.8),
            one_cycle(2, 0.1),
        ],
    )
