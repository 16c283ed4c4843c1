"""The four operators in float64, values and gradients: blurpool.json.

kornia-0.4: max 3 x 3, then kornia's pyrdown as it is defined: 5 x 5 binomial with mirrored borders, then a bilinear
halving; written as loops over the values, and once more with PyTorch's operators, whose gradient is stored.
kornia-0.5: today's MaxBlurPool2D. timm: MaxPool2d(3, 1, 1) and timm's BlurPool2d. adobe: loops from the paper's
definition, and PyTorch's operators for the gradient. Images are sin(0.7 i^2 + 0.2), dy is sin(0.7 i^2 + 1), rounded to
float32, in the order batch, height, width, channel.
"""

import json
import sys

import kornia
import numpy as np
import timm
import torch
import torch.nn.functional as F
from kornia.filters import MaxBlurPool2D
from timm.layers.blur_pool import BlurPool2d


def chirp(shape, phase):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    values = np.sin(0.7 * i * i + phase).astype(np.float32).astype(np.float64)
    return torch.tensor(values).reshape(shape)


def binomial(size):
    taps = np.array([1.0])
    for _ in range(size - 1):
        taps = np.convolve(taps, [0.5, 0.5])
    return torch.tensor(taps)


def blur(x, size, stride, before, after):
    taps = binomial(size)
    channels = x.shape[1]
    kernel = torch.outer(taps, taps).repeat(channels, 1, 1, 1)
    padded = F.pad(x, (before, after, before, after), mode="reflect")
    return F.conv2d(padded, kernel, stride=stride, groups=channels)


def pyrdown(x):
    return F.interpolate(blur(x, 5, 1, 2, 2), scale_factor=0.5, mode="bilinear", align_corners=False)


def mirror(index, size):
    return -index if index < 0 else 2 * (size - 1) - index if index >= size else index


def loop_max(x, size, padding):
    _, _, height, width = x.shape
    rows, columns = height + 2 * padding - size + 1, width + 2 * padding - size + 1
    y = np.empty((*x.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = max(i - padding, 0), max(j - padding, 0)
            y[:, :, i, j] = x[:, :, top : i - padding + size, left : j - padding + size].max((2, 3))
    return y


def loop_blur(x, size, stride, before, after):
    _, _, height, width = x.shape
    taps = binomial(size).numpy()
    rows, columns = [(length + before + after - size) // stride + 1 for length in (height, width)]
    y = np.zeros((*x.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            for a in range(size):
                for b in range(size):
                    row, column = mirror(stride * i + a - before, height), mirror(stride * j + b - before, width)
                    y[:, :, i, j] += taps[a] * taps[b] * x[:, :, row, column]
    return y


def loop_half(x):
    # Bilinear with scale 2 and half-pixel centres: the mean of four.
    return (x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]) / 4


def split(size):
    return (size - 1) // 2, size // 2


def adobe(x, size):
    return blur(F.max_pool2d(x, 2, 1), size, 2, *split(size))


def case(operator, size, shape, compute, loop=None):
    x = chirp(shape, 0.2).requires_grad_()
    y = compute(x.permute(0, 3, 1, 2))
    if loop is not None:
        by_loop = loop(x.detach().permute(0, 3, 1, 2).numpy())
        deviation = np.abs(by_loop - y.detach().numpy()).max()
        assert deviation < 1e-14, deviation
        values = torch.tensor(by_loop)
    else:
        values = y.detach()
    values, y = values.permute(0, 2, 3, 1), y.permute(0, 2, 3, 1)
    (gradient,) = torch.autograd.grad(y, x, chirp(tuple(y.shape), 1.0))
    numbers = {"values": values, "gradient": gradient}
    return {
        "operator": operator,
        "size": size,
        "input": list(shape),
        "output": list(y.shape),
        **{name: [float(f"{v:.8g}") for v in t.reshape(-1).tolist()] for name, t in numbers.items()},
    }


cases = [
    case(
        "kornia-0.4",
        0,
        shape,
        lambda x: pyrdown(F.max_pool2d(x, 3, 1, 1)),
        lambda x: loop_half(loop_blur(loop_max(x, 3, 1), 5, 1, 2, 2)),
    )
    for shape in [(2, 8, 6, 3), (1, 4, 4, 2)]
]
cases += [
    case("adobe", size, shape, lambda x: adobe(x, size), lambda x: loop_blur(loop_max(x, 2, 0), size, 2, *split(size)))
    for size, shape in [(4, (2, 8, 6, 3)), (1, (1, 6, 5, 2)), (2, (1, 5, 6, 2)), (3, (1, 7, 6, 2)), (7, (1, 8, 7, 2))]
]
cases += [
    case("kornia-0.5", size, shape, MaxBlurPool2D(size))
    for size, shape in [(3, (2, 8, 6, 3)), (3, (1, 7, 5, 2)), (5, (1, 8, 7, 2))]
]
cases += [
    case("timm", size, shape, lambda x: BlurPool2d(x.shape[1], size, 2).double()(F.max_pool2d(x, 3, 1, 1)))
    for size, shape in [(3, (2, 8, 6, 3)), (3, (1, 7, 5, 2)), (5, (1, 8, 7, 2))]
]
versions = {
    "python": sys.version.split()[0],
    "torch": torch.__version__.split("+")[0],
    "kornia": kornia.__version__,
    "timm": timm.__version__,
}
with open("blurpool.json", "w") as file:
    json.dump({"command": "python make_blurpool.py", "versions": versions, "cases": cases}, file)
    file.write("\n")
