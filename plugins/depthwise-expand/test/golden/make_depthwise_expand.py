"""Residual branches and stem with expanding depthwise convolutions in PyTorch, float64, training mode: depthwise-expand.json.

Modules in the order of the forward. Tensors are center + scale * sin(0.7 i^2 + phase), rounded to float32: images (batch,
height, width, channel) phase 0.2, dy phase 1. The n-th parameter (from 0) has phase n + 2: kernels in our layout (row,
column, in, out), depthwise ones (row, column, channel, multiplier), scale sqrt(2 / inputs of an output); gamma center 1,
scale 0.2; beta scale 0.2.
"""

import json
import sys

import numpy as np
import torch
from torch import nn


def chirp(shape, phase, scale=1.0, center=0.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    values = (center + scale * np.sin(0.7 * i * i + phase)).astype(np.float32).astype(np.float64)
    return torch.tensor(values).reshape(shape)


def rounded(tensor):
    return [float(f"{value:.8g}") for value in tensor.detach().flatten().tolist()]


def dw(channels, n, stride=1):
    return nn.Conv2d(channels, channels * n, 3, stride=stride, padding=1, groups=channels, bias=False)


def pw(ni, nf):
    return nn.Conv2d(ni, nf, 1, bias=False)


def ours(conv, tensor):
    """A kernel in our layout: (row, column, in, out), or (row, column, channel, multiplier)."""
    out, _, h, w = tensor.shape
    if conv.groups > 1:
        return tensor.reshape(conv.groups, out // conv.groups, h, w).permute(2, 3, 0, 1)
    return tensor.permute(2, 3, 1, 0)


def fill(module):
    """Gives the parameters their values; the list of what to read their gradients from."""
    found = []
    for layer in module:
        if isinstance(layer, nn.Conv2d):
            shape = ours(layer, layer.weight).shape
            scale = np.sqrt(2 / (layer.weight.shape[1] * layer.weight.shape[2] * layer.weight.shape[3]))
            values = chirp(shape, len(found) + 2, scale)
            if layer.groups > 1:
                layer.weight.data = values.permute(2, 3, 0, 1).reshape(layer.weight.shape)
            else:
                layer.weight.data = values.permute(3, 2, 0, 1).contiguous()
            found.append(lambda layer=layer: ours(layer, layer.weight.grad))
        elif isinstance(layer, nn.BatchNorm2d):
            layer.weight.data = chirp(layer.weight.shape, len(found) + 2, 0.2, 1.0)
            found.append(lambda layer=layer: layer.weight.grad)
            layer.bias.data = chirp(layer.bias.shape, len(found) + 2, 0.2)
            found.append(lambda layer=layer: layer.bias.grad)
    return found


def case(block, options, context, shape, layers):
    module = nn.Sequential(*layers).double()
    module.train()
    read = fill(module)
    x = chirp(shape, 0.2).requires_grad_()
    y = module(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    (y * chirp(y.shape, 1.0)).sum().backward()
    return {
        "block": block, "options": options, "context": context, "shape": shape, "outputShape": list(y.shape),
        "values": rounded(y), "images": rounded(x.grad), "gradients": [rounded(gradient()) for gradient in read],
    }


def bn(channels):
    return nn.BatchNorm2d(channels)


def relu():
    return nn.ReLU()


def context(ni, nf, stride, expansion):
    return {"inputChannels": ni, "outputChannels": nf, "stride": stride, "expansion": expansion, "activate": False}


content = {
    "command": "python make_depthwise_expand.py",
    "versions": {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0]},
    "cases": [
        case("depthwise-expand", {"multiplier": 4}, context(5, 8, 1, 4), (2, 4, 5, 5),
             [pw(5, 2), bn(2), relu(), dw(2, 4), pw(8, 8), bn(8)]),
        case("depthwise-expand", {"multiplier": 2, "between": "norm"}, context(4, 6, 2, 2), (2, 5, 6, 4),
             [pw(4, 3), bn(3), relu(), dw(3, 2, 2), bn(6), pw(6, 6), bn(6)]),
        case("depthwise-expand", {"multiplier": 3, "between": "norm-activation"}, context(4, 4, 1, 2), (2, 4, 4, 4),
             [pw(4, 2), bn(2), relu(), dw(2, 3), bn(6), relu(), pw(6, 4), bn(4)]),
        case("depthwise-expand", {"multiplier": 2}, context(3, 4, 2, 1), (2, 6, 5, 3),
             [dw(3, 2, 2), pw(6, 4), bn(4), relu(), dw(4, 2), pw(8, 4), bn(4)]),
        case("depthwise-stem", {"multiplier": 2, "widths": [4]}, context(3, 5, 2, 1), (2, 6, 7, 3),
             [dw(3, 2, 2), pw(6, 4), bn(4), relu(), dw(4, 2), pw(8, 5), bn(5), relu()]),
    ],
}
with open("depthwise-expand.json", "w") as file:
    json.dump(content, file)
    file.write("\n")
