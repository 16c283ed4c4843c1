"""Layer norm, group norm, GELU, hard swish, hard sigmoid, depthwise convolution with bias, with their gradients: norms.json."""

import torch
import torch.nn.functional as F

from fill import chirp, numbers, save

POINTS = [-30, -6, -3.1, -3, -2.9, -1.5, -0.75, -0.2, -1e-3, 0, 1e-3, 0.3, 1.1, 2.9, 3, 3.1, 5, 30]


def last(x):
    return x.movedim(1, -1)


def norm_case(kind, shape, groups=None):
    x = chirp(shape, 0.5, 2, 1).requires_grad_()
    channels = shape[-1]
    gamma = chirp((channels,), 1, 0.2, 1).requires_grad_()
    beta = chirp((channels,), 2, 0.2).requires_grad_()
    if kind == "layer":
        y = F.layer_norm(x, (channels,), gamma, beta, 1e-5)
    else:
        y = last(F.group_norm(x.movedim(-1, 1), groups, gamma, beta, 1e-5))
    y.backward(chirp(shape, 0.25))
    gradients = {"x": numbers(x.grad), "gamma": numbers(gamma.grad), "beta": numbers(beta.grad)}
    return {"kind": kind, "groups": groups or 1, "shape": list(shape), "y": numbers(y), "gradients": gradients}


def function_case(name, function):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    y = function(x)
    y.sum().backward()
    return {"name": name, "x": POINTS, "y": numbers(y), "slopes": numbers(x.grad)}


def depthwise_case(size, stride):
    x = chirp((2, 5, 6, 3), 0.5).requires_grad_()
    weight = chirp((size, size, 3, 1), 1).requires_grad_()
    bias = chirp((3,), 2, 0.2).requires_grad_()
    y = last(F.conv2d(x.permute(0, 3, 1, 2), weight.permute(2, 3, 0, 1), bias, stride, size // 2, groups=3))
    y.backward(chirp(tuple(y.shape), 0.25))
    gradients = {"x": numbers(x.grad), "weight": numbers(weight.grad), "bias": numbers(bias.grad)}
    return {"size": size, "stride": stride, "y": numbers(y), "gradients": gradients}


save(
    "norms",
    {
        "norms": [
            norm_case("layer", (2, 3, 2, 5)),
            norm_case("layer", (2, 4, 6)),
            norm_case("layer", (3, 4)),
            norm_case("group", (2, 3, 2, 6), 3),
            norm_case("group", (2, 3, 2, 4), 1),
            norm_case("group", (2, 3, 3, 4), 4),
            norm_case("group", (2, 5, 4), 2),
        ],
        "functions": [
            function_case("gelu exact", F.gelu),
            function_case("gelu tanh", lambda x: F.gelu(x, approximate="tanh")),
            function_case("hard-swish", F.hardswish),
            function_case("hard-sigmoid", F.hardsigmoid),
        ],
        "depthwise": [depthwise_case(3, 1), depthwise_case(5, 2), depthwise_case(7, 1)],
    },
)
