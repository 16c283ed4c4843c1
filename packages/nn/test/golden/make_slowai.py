"""Blocks with gradients, and one training step of a tiny DeeperCNN with each block: blocks.json, steps.json."""

import torch
import torch.nn.functional as F

from fill import chirp, numbers, save
from slowai import BLOCKS, Params, deeper_cnn


def nhwc(x):
    return numbers(x.permute(0, 2, 3, 1))


def block_case(name, c_in, c_out, k, stride, act, norm):
    params = Params()
    x = chirp((2, 5, 6, c_in), 0.5).permute(0, 3, 1, 2).contiguous().requires_grad_()
    y = BLOCKS[name](params, "", x, c_out, k, stride, act, norm)
    dy = chirp(tuple(y.permute(0, 2, 3, 1).shape), 0.25).permute(0, 3, 1, 2)
    y.backward(dy)
    return {
        "block": name,
        "context": {
            "inputChannels": c_in,
            "outputChannels": c_out,
            "kernelSize": k,
            "stride": stride,
            "activate": act,
        },
        "norm": norm,
        "params": [[path, list(value.shape)] for path, value in params.items()],
        "y": nhwc(y),
        "dx": nhwc(x.grad),
        "gradients": {path: numbers(value.grad) for path, value in params.weights().items()},
    }


def step_case(name):
    widths, classes, batch = [2, 3, 3, 4, 4], 3, 6
    params = Params()
    x = chirp((batch, 28, 28, 1), 0.5).permute(0, 3, 1, 2)
    labels = [0, 1, 2, 2, 1, 0]
    scores = deeper_cnn(params, x, name, widths, classes)
    loss = F.cross_entropy(scores, torch.tensor(labels))
    # Not Adam: where a gradient is 0 but for rounding (a shift before a norm), its step would be noise of full size.
    optimizer = torch.optim.SGD(params.weights().values(), lr=0.1)
    loss.backward()
    optimizer.step()
    return {
        "block": name,
        "widths": widths,
        "labels": labels,
        "params": [[path, list(value.shape)] for path, value in params.items()],
        "loss": loss.item(),
        "updated": {path: numbers(value) for path, value in params.items()},
    }


save(
    "blocks",
    {
        "cases": [
            block_case("conv", 2, 3, 3, 2, True, True),
            block_case("conv", 1, 2, 5, 1, True, True),
            block_case("conv", 2, 3, 3, 2, False, True),
            block_case("conv", 2, 3, 3, 1, True, False),
            block_case("double-conv", 2, 3, 3, 2, True, True),
            block_case("double-conv", 2, 3, 3, 2, False, True),
            block_case("residual-conv", 2, 3, 3, 2, True, True),
            block_case("residual-conv", 2, 3, 5, 1, True, True),
            block_case("residual-conv", 3, 3, 3, 1, True, True),
            block_case("residual-conv", 3, 3, 3, 2, False, True),
        ]
    },
)
save("steps", {"cases": [step_case(name) for name in BLOCKS]})
