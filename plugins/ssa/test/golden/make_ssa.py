"""SimpleSelfAttention in float64 from its formula, with PyTorch's spectral norm: ssa.json.

Values, gradients and the vectors of the power iteration after two training forwards, of which the second is recorded, and
the values of an evaluation after them. Tensors are scale * sin(0.7 i^2 + phase), rounded to float32: images (batch,
height, width, channel) phase 0.2, dy phase 1, weight (in, out) phase 0.5 and scale sqrt(2 / C), u and v phases 2 and 3 over
their length (not rounded after the division).
"""

import json
import sys
import warnings

import numpy as np
import torch
from torch.nn.utils import spectral_norm

warnings.filterwarnings("ignore")
GAMMA = 0.375


def chirp(shape, phase, scale=1.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    values = (scale * np.sin(0.7 * i * i + phase)).astype(np.float32).astype(np.float64)
    return torch.tensor(values).reshape(shape)


def direction(size, phase):
    vector = chirp((size,), phase)
    return vector / vector.norm()


def attend(conv, gamma, x, order):
    pixels = x.flatten(2)
    mapped = conv(pixels)
    if order == "channels":
        term = torch.bmm(torch.bmm(pixels, pixels.transpose(1, 2)), mapped)
    else:
        term = torch.bmm(pixels, torch.bmm(pixels.transpose(1, 2), mapped))
    return x + gamma * term.reshape(x.shape)


def case(order, normed, shape):
    channels = shape[-1]
    conv = torch.nn.Conv1d(channels, channels, 1, bias=False).double()
    weight = chirp((channels, channels), 0.5, float(np.sqrt(2 / channels)))
    conv.weight.data = weight.T[:, :, None].clone()
    if normed:
        conv = spectral_norm(conv)
        conv.weight_u.data, conv.weight_v.data = direction(channels, 2), direction(channels, 3)
    raw = conv.weight_orig if normed else conv.weight
    gamma = torch.tensor([GAMMA], dtype=torch.float64, requires_grad=True)
    images = chirp(shape, 0.2).requires_grad_()
    x = images.permute(0, 3, 1, 2)
    conv.train()
    attend(conv, gamma, x, order)
    y = attend(conv, gamma, x, order).permute(0, 2, 3, 1)
    dx, dweight, dgamma = torch.autograd.grad(y, [images, raw, gamma], chirp(shape, 1.0))
    vectors = {"u": conv.weight_u.clone(), "v": conv.weight_v.clone()} if normed else {}
    conv.eval()
    evaluated = attend(conv, gamma, x, order).permute(0, 2, 3, 1)
    numbers = {"values": y, "evaluated": evaluated, "images": dx, "weight": dweight[:, :, 0].T, "gamma": dgamma}
    return {
        "order": order,
        "spectralNorm": normed,
        "shape": list(shape),
        **{
            name: [float(f"{v:.8g}") for v in t.detach().reshape(-1).tolist()] for name, t in (numbers | vectors).items()
        },
    }


cases = [
    case(order, normed, shape)
    for order in ("channels", "positions")
    for normed in (False, True)
    for shape in ((2, 3, 4, 5), (1, 2, 2, 6))
]
versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0]}
with open("ssa.json", "w") as file:
    json.dump({"command": "python make_ssa.py", "versions": versions, "gamma": GAMMA, "cases": cases}, file)
    file.write("\n")
