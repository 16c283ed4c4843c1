"""Golden numbers of squeeze-and-excitation: timm's SEModule in float64.

python make_se.py > se.json      (timm 1.0.31, torch 2.15.0)
"""
import json

import torch
from timm.layers import SEModule, make_divisible

torch.set_default_dtype(torch.float64)


def chirp(shape, phase, scale=1.0):
    i = torch.arange(torch.Size(shape).numel())
    return (scale * torch.sin(0.7 * i * i + phase)).reshape(shape)


def case(channels, hidden, size, activation):
    module = SEModule(channels, rd_channels=hidden, act_layer=activation)
    # Filled in our order: [in, out] maps, so that the test can fill ours by the same formula.
    with torch.no_grad():
        module.fc1.weight.copy_(chirp((channels, hidden), 0.1, 0.8).T[:, :, None, None])
        module.fc1.bias.copy_(chirp((hidden,), 0.2))
        module.fc2.weight.copy_(chirp((hidden, channels), 0.3, 0.8).T[:, :, None, None])
        module.fc2.bias.copy_(chirp((channels,), 0.4))
    nhwc = chirp((2, size[0], size[1], channels), 0.5)
    x = nhwc.permute(0, 3, 1, 2).clone().requires_grad_()
    y = module(x)
    slope = chirp(nhwc.shape, 0.6).permute(0, 3, 1, 2)
    (y * slope).sum().backward()
    flat = lambda t: [round(v, 9) for v in t.flatten().tolist()]
    return {
        "channels": channels,
        "hidden": hidden,
        "size": size,
        "activation": "swish" if activation is torch.nn.SiLU else "relu",
        "y": flat(y.permute(0, 2, 3, 1)),
        "dx": flat(x.grad.permute(0, 2, 3, 1)),
        "dreduce": flat(module.fc1.weight.grad[:, :, 0, 0].T),
        "dreduceBias": flat(module.fc1.bias.grad),
        "dexpand": flat(module.fc2.weight.grad[:, :, 0, 0].T),
        "dexpandBias": flat(module.fc2.bias.grad),
    }


print(json.dumps({
    "command": "python make_se.py > se.json (timm 1.0.31, torch 2.15.0, float64)",
    "cases": [case(5, 3, (3, 2), torch.nn.ReLU), case(4, 2, (1, 3), torch.nn.SiLU)],
    "timmWidths": [[c, make_divisible(c / 16, 8, round_limit=0.0)] for c in (1, 8, 64, 96, 128, 192, 200, 256, 320, 512, 2048)],
}))
