"""Weights over steps of torch_optimizer's Lookahead around PyTorch's SGD and AdamW, in float64: lookahead.json.

torch_optimizer's slow weights begin as the weights after the first step. Here they are set to those before it, as in the
paper, and its count begins at 1, so that it pulls back after every k-th step.

    python make_lookahead.py > lookahead.json
"""

import json
import pathlib
import sys

import torch
from torch_optimizer import Lookahead

sys.path.append(str(pathlib.Path(__file__).parents[4] / "packages/testing/golden"))
from cosine_fit import fit  # noqa: E402

STEPS, RATE = 12, 0.1

inners = {
    "sgd": ({"use": "sgd", "momentum": 0.9}, lambda params: torch.optim.SGD(params, lr=RATE, momentum=0.9)),
    "adamw": ({"use": "adamw"}, lambda params: torch.optim.AdamW(params, lr=RATE, weight_decay=0.01)),
}


def run(name, k, alpha):
    options, make = inners[name]

    def wrapped(params):
        lookahead = Lookahead(make(params), k=k, alpha=alpha)
        for group in lookahead.param_groups:
            group["counter"] = 1 % k
        for p in params:
            lookahead.state[p]["slow_param"] = p.data.clone()
        return lookahead

    return {"options": {"k": k, "alpha": alpha, "inner": options}, **fit(wrapped, STEPS)}


cases = [run("sgd", 5, 0.5), run("sgd", 6, 0.8), run("adamw", 3, 0.5), run("adamw", 1, 1.0)]
json.dump({"torch": torch.__version__, "steps": STEPS, "rate": RATE, "cases": cases}, sys.stdout, indent=2)
print()
