"""timm's RMSpropTF over ten steps: rmsprop.json.      python make_rmsprop.py > rmsprop.json (timm 1.0.31)"""

import json

from make_optim import MOMENTA, RATES, SHAPES, chirp
from timm.optim import RMSpropTF


def run(weight_decay, momentum, cycle):
    params = {path: chirp(shape, index).requires_grad_() for index, (path, shape) in enumerate(SHAPES.items())}
    groups = [
        {"params": [value], "weight_decay": weight_decay if path.endswith("weight") else 0}
        for path, value in params.items()
    ]
    optimizer = RMSpropTF(groups, lr=RATES[0], alpha=0.9, eps=1e-3, momentum=momentum)
    for step in range(10):
        for index, value in enumerate(params.values()):
            value.grad = chirp(value.shape, 10 * (step + 1) + index)
        for group in optimizer.param_groups:
            group["lr"] = RATES[step]
            if cycle:
                group["momentum"] = MOMENTA[step]
        optimizer.step()
    return {
        "weightDecay": weight_decay,
        "momentum": momentum,
        "cycle": cycle,
        "weights": {path: value.reshape(-1).tolist() for path, value in params.items()},
    }


print(json.dumps({
    "command": "python make_rmsprop.py > rmsprop.json (timm 1.0.31, torch 2.15.0, float64)",
    "cases": [run(0, 0.9, False), run(0.05, 0.9, True), run(0.05, 0.5, False)],
}))
