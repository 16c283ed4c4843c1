"""Averaged weights and buffers over 30 steps of SGD, from PyTorch: ema.json.

torch.optim.swa_utils.AveragedModel in float64, with the averaging function get_ema_multi_avg_fn(decay) and use_buffers.
It takes the weights before the first step as they are, as timm's ModelEmaV2 does. Weights, gradients and buffers are
sin(0.7 i^2 + phase), rounded to float32.

    python make_ema.py > ema.json
"""

import json
import sys

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

STEPS, RATE = 30, 0.1


def chirp(size, phase):
    i = np.arange(size, dtype=np.float64)
    return torch.tensor(np.sin(0.7 * i * i + phase).astype(np.float32).astype(np.float64))


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(chirp(6, 0))
        self.register_buffer("mean", chirp(3, 1))


def run(decay):
    net = Net()
    ema = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
    ema.update_parameters(net)
    for step in range(STEPS):
        with torch.no_grad():
            net.weight -= RATE * chirp(6, 10 * (step + 1))
            net.mean.copy_(chirp(3, 10 * (step + 1) + 1))
        ema.update_parameters(net)
    return {"decay": decay, "weight": ema.module.weight.tolist(), "mean": ema.module.mean.tolist()}


cases = [run(decay) for decay in (0.5, 0.9, 0.999)]
json.dump({"torch": torch.__version__, "steps": STEPS, "rate": RATE, "cases": cases}, sys.stdout, indent=2)
print()
