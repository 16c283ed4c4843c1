"""The blocks and models of slowai's lesson, written from their definition with torch.nn.functional, in float64.

Parameters are a dict from path to tensor in Tricklab's layout (filters height, width, in, out); images are NCHW inside.
"""

import torch
import torch.nn.functional as F

from fill import fill


def general_relu(x):
    return F.leaky_relu(x, 0.1) - 0.4


class Params(dict):
    """Filled on first use: the order of use fixes the phase of each parameter."""

    def get_or_fill(self, path, shape):
        if path not in self:
            value = fill(path, shape, len(self))
            buffer = path.split("/")[-1] in ("mean", "variance")
            self[path] = value if buffer else value.requires_grad_()
        return self[path]

    def weights(self):
        return {path: value for path, value in self.items() if value.requires_grad}


def conv2d(params, path, x, c_out, k, stride, bias):
    w = params.get_or_fill(f"{path}/weight", (k, k, x.shape[1], c_out))
    b = params.get_or_fill(f"{path}/bias", (c_out,)) if bias else None
    return F.conv2d(x, w.permute(3, 2, 0, 1), b, stride=stride, padding=k // 2)


def batch_norm(params, path, x, training=True):
    c = (x.shape[1],)
    gamma, beta, mean, variance = (params.get_or_fill(f"{path}/{n}", c) for n in ("gamma", "beta", "mean", "variance"))
    return F.batch_norm(x, mean, variance, gamma, beta, training=training, momentum=0.1, eps=1e-5)


def conv(params, path, x, c_out, k, stride, act, norm=True):
    x = conv2d(params, f"{path}conv", x, c_out, k, stride, bias=not norm)
    if act:
        x = general_relu(x)
    return batch_norm(params, f"{path}norm", x) if norm else x


def double_conv(params, path, x, c_out, k, stride, act, norm=True):
    x = conv(params, f"{path}convA/", x, c_out, k, 1, act, norm)
    return conv(params, f"{path}convB/", x, c_out, k, stride, act, norm)


def residual_conv(params, path, x, c_out, k, stride, act, norm=True):
    y = conv(params, f"{path}convA/", x, c_out, k, 1, act, norm)
    y = conv(params, f"{path}convB/", y, c_out, k, stride, False, norm)
    side = F.avg_pool2d(x, 2, ceil_mode=True) if stride == 2 else x
    if x.shape[1] != c_out:
        side = conv2d(params, f"{path}idConv", side, c_out, 1, 1, bias=True)
    y = y + side
    return general_relu(y) if act else y


BLOCKS = {"conv": conv, "double-conv": double_conv, "residual-conv": residual_conv}


def deeper_cnn(params, x, block, widths, classes):
    for index, c_out in enumerate([*widths, classes]):
        first = index == 0
        act = index < len(widths)
        x = BLOCKS[block](params, f"layers/{index}/", x, c_out, 5 if first else 3, 1 if first else 2, act)
    return x.flatten(1)
