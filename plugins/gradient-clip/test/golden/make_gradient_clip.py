"""Clipped gradients: PyTorch's clip_grad_norm_ and clip_grad_value_, and timm's adaptive_clip_grad, in float64:
gradient-clip.json.

A convolution, a bias and the last layer, as tensors of sin(0.7 i^2 + phase) rounded to float32, in the order of Tricklab:
outputs come last. The weights of one output are 0.

    python make_gradient_clip.py > gradient-clip.json
"""

import json
import pathlib
import sys

import timm
import torch
from timm.utils.agc import adaptive_clip_grad

sys.path.append(str(pathlib.Path(__file__).parents[4] / "packages/testing/golden"))
from cosine_fit import chirp  # noqa: E402

SHAPES = {"stem/weight": (3, 3, 2, 4), "stem/bias": (4,), "head/weight": (4, 3), "head/bias": (3,)}


def outputs_first(x):
    return x.movedim(-1, 0)


def run(by, limit):
    params = {}
    for phase, (name, shape) in enumerate(SHAPES.items()):
        weights, gradient = chirp(shape, phase), chirp(shape, phase + 10)
        if name == "stem/weight":
            weights[..., 1] = 0
        params[name] = torch.nn.Parameter(outputs_first(weights).clone())
        params[name].grad = outputs_first(gradient).clone()
    every = list(params.values())
    if by == "norm":
        torch.nn.utils.clip_grad_norm_(every, limit)
    elif by == "value":
        torch.nn.utils.clip_grad_value_(every, limit)
    else:
        # As timm's script: without the last layer.
        adaptive_clip_grad(every[:-2], clip_factor=limit)
    gradients = {name: p.grad.movedim(0, -1).flatten().tolist() for name, p in params.items()}
    return {"options": {"by": by, "limit": limit}, "gradients": gradients}


cases = [run("norm", 1.0), run("norm", 100.0), run("value", 0.5), run("agc", 0.01), run("agc", 0.7)]
json.dump({"torch": torch.__version__, "timm": timm.__version__, "cases": cases}, sys.stdout, indent=2)
print()
