"""The three versions of ConvTwist in PyTorch, float64, each by its definition with whole convolutions: twist.json.

Kernels with structure are built inside the graph, so gradients go through it. Tensors are scale * sin(0.7 i^2 + phase),
rounded to float32: images (batch, height, width, channel) phase 0.2, dy phase 1, kernels (row, column, in, out) phases 0.5,
1.5 and 2.5 and scale sqrt(2 / (9 * in)), coefficients (in, axis, out) phase 3.5 and the same scale, centres phases 4 and 5,
radii 0.5 + 0.2 * sin(0.7 i^2 + 6).
"""

import json
import sys

import numpy as np
import torch
from torch.nn.functional import conv2d


def chirp(shape, phase, scale=1.0, center=0.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    values = (center + scale * np.sin(0.7 * i * i + phase)).astype(np.float32).astype(np.float64)
    return torch.tensor(values).reshape(shape).requires_grad_()


def rounded(tensor):
    return [float(f"{value:.8g}") for value in tensor.detach().flatten().tolist()]


def oihw(kernel):
    return kernel.permute(3, 2, 0, 1)


def place_blocks(kernel, groups, permute):
    """The dense kernel of grouped blocks: output group i at input group i, or i - 1."""
    out, depth = kernel.shape[:2]
    rows = out // groups
    full = torch.zeros(out, depth * groups, *kernel.shape[2:], dtype=kernel.dtype)
    for i in range(groups):
        at = (i - 1) % groups if permute else i
        full[rows * i:rows * (i + 1), depth * at:depth * (at + 1)] = kernel[rows * i:rows * (i + 1)]
    return full


def grid(size, start):
    return torch.arange(size, dtype=torch.float64) * 2 / size - start


def euler(x, steps, f):
    if steps == 1:
        return f(x)
    at = x
    for _ in range(steps):
        at = at + f(at) / steps
    return at - x


def two_coefficients(shape, out, stride=1, groups=1, permute=False, iters=1):
    depth = shape[-1] // groups
    scale = np.sqrt(2 / (9 * depth))
    params = {"weight": chirp((3, 3, depth, out), 0.5, scale), "coefficients": chirp((depth, 2, out), 3.5, scale)}
    dx = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=torch.float64)
    dy = torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]], dtype=torch.float64)

    def build(x):
        a = params["coefficients"].permute(2, 0, 1)[..., None, None]
        kx = a[:, :, 0] * dx + a[:, :, 1] * dy
        ky = kx.transpose(2, 3).flip(3)
        kernels = [place_blocks(k, groups, permute) for k in (oihw(params["weight"]), kx, ky)]

        def f(image):
            plain, along_x, along_y = [conv2d(image, k, stride=stride, padding=1) for k in kernels]
            h, w = plain.shape[2:]
            return plain + grid(w, 1) * along_x + grid(h, 1)[:, None] * along_y

        return euler(x, iters if out == shape[-1] and stride == 1 else 1, f)

    options = {"version": "two-coefficients", "channelsPerGroup": 0 if groups == 1 else depth, "permute": permute,
               "iters": iters}
    return options, params, build


def centres(shape, out, stride=1):
    scale = np.sqrt(2 / (9 * shape[-1]))
    params = {name: chirp((3, 3, shape[-1], out), phase, scale)
              for name, phase in (("weight", 0.5), ("weightX", 1.5), ("weightY", 2.5))}
    params |= {"centreX": chirp((out,), 4.0), "centreY": chirp((out,), 5.0)}

    def build(x):
        def half(kernel):
            return (kernel - kernel.flip(2).flip(3)) / 2

        plain = conv2d(x, oihw(params["weight"]), stride=stride, padding=1)
        h, w = plain.shape[2:]
        xx = grid(w, 1) + params["centreX"][:, None, None]
        yy = grid(h, 1)[:, None] + params["centreY"][:, None, None]
        along_x = conv2d(x, half(oihw(params["weightX"])), stride=stride, padding=1)
        along_y = conv2d(x, half(oihw(params["weightY"])), stride=stride, padding=1)
        return plain + xx * along_x + yy * along_y

    return {"version": "centres"}, params, build


def twist_layer(shape, out, stride=1):
    scale = np.sqrt(2 / (9 * shape[-1]))
    params = {name: chirp((3, 3, shape[-1], out), phase, scale) for name, phase in (("weight", 0.5), ("weightX", 1.5))}
    params |= {"centreX": chirp((out,), 4.0, 0.7), "centreY": chirp((out,), 5.0, 0.7), "radius": chirp((out,), 6.0, 0.2, 0.5)}

    def build(x):
        kx = oihw(params["weightX"])
        kx = (kx - kx.flip(2).flip(3)) / 2
        ky = kx.transpose(2, 3).flip(2)
        plain = conv2d(x, oihw(params["weight"]), stride=stride, padding=1)
        h, w = plain.shape[2:]
        xx = grid(w, 0) - params["centreX"][:, None, None]
        yy = grid(h, 0)[:, None] - params["centreY"][:, None, None]
        d = (xx**2 + yy**2) / params["radius"][:, None, None] ** 2
        m = torch.where(d <= 0.7, 1.0, torch.where(d >= 1.3, 0.0, 1 - (d - 0.7) / 0.6))
        turned = xx * conv2d(x, kx, stride=stride, padding=1) + yy * conv2d(x, ky, stride=stride, padding=1)
        return plain + m * turned

    return {"version": "twist-layer"}, params, build


def case(factory, shape, out, **settings):
    options, params, build = factory(shape, out, **settings)
    x = chirp(shape, 0.2)
    y = build(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    (y * chirp(y.shape, 1.0).detach()).sum().backward()
    return {
        "options": options, "shape": shape, "outputChannels": out, "stride": settings.get("stride", 1),
        "values": rounded(y), "images": rounded(x.grad),
        "gradients": {name: rounded(param.grad) for name, param in params.items()},
    }


content = {
    "command": "python make_twist.py",
    "versions": {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0]},
    "cases": [
        case(two_coefficients, (2, 4, 5, 3), 4),
        case(two_coefficients, (1, 5, 6, 3), 3, stride=2, iters=3),
        case(two_coefficients, (2, 4, 3, 3), 3, iters=4),
        case(two_coefficients, (1, 4, 4, 6), 6, groups=3),
        case(two_coefficients, (1, 4, 5, 6), 6, groups=3, permute=True, iters=2),
        case(two_coefficients, (1, 5, 4, 4), 8, groups=2, permute=True, stride=2),
        case(centres, (2, 4, 5, 3), 4),
        case(centres, (1, 5, 6, 2), 3, stride=2),
        case(twist_layer, (2, 5, 6, 3), 4),
        case(twist_layer, (1, 6, 5, 2), 3, stride=2),
    ],
}
with open("twist.json", "w") as file:
    json.dump(content, file)
    file.write("\n")
