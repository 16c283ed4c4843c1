"""Averaged weights and buffers after 1, 2 and 5 epochs, from PyTorch's AveragedModel in float64: swa.json.

The averaging is PyTorch's default, with use_buffers. Weights and buffers of epoch k are sin(0.7 i^2 + 10 k) and
sin(0.7 i^2 + 10 k + 1), rounded to float32.

    python make_swa.py > swa.json
"""

import json
import pathlib
import sys

import torch
from torch.optim.swa_utils import AveragedModel

sys.path.append(str(pathlib.Path(__file__).parents[4] / "packages/testing/golden"))
from cosine_fit import chirp  # noqa: E402


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(chirp((6,), 0))
        self.register_buffer("mean", chirp((3,), 1))


net = Net()
average = AveragedModel(net, use_buffers=True)
cases = []
for epoch in range(1, 6):
    with torch.no_grad():
        net.weight.copy_(chirp((6,), 10 * epoch))
        net.mean.copy_(chirp((3,), 10 * epoch + 1))
    average.update_parameters(net)
    if epoch in (1, 2, 5):
        cases.append({"epochs": epoch, "weight": average.module.weight.tolist(), "mean": average.module.mean.tolist()})
json.dump({"torch": torch.__version__, "cases": cases}, sys.stdout, indent=2)
print()
