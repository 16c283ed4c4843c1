"""Golden numbers of timm's StdConv2d in float64: python make_standardized.py > standardized.json"""

import json

import torch
from timm.layers import StdConv2d

torch.set_default_dtype(torch.float64)


def chirp(shape, phase):
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return torch.sin(0.7 * i * i + phase).reshape(shape)


cases = []
for groups, stride, size in [(1, 1, 3), (2, 2, 3), (1, 2, 1)]:
    inner, out = 4, 6
    conv = StdConv2d(inner, out, size, stride=stride, padding=size // 2, groups=groups, bias=False).double()
    weight = chirp((size, size, inner // groups, out), 0.1)
    with torch.no_grad():
        conv.weight.copy_(weight.permute(3, 2, 0, 1))
    x = chirp((2, 5, 4, inner), 0.5).requires_grad_()
    y = conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    (y * chirp(y.shape, 0.6)).sum().backward()
    values = {"y": y, "dx": x.grad, "dweight": conv.weight.grad.permute(2, 3, 1, 0)}
    numbers = {name: [round(v, 8) for v in value.flatten().tolist()] for name, value in values.items()}
    cases.append({"groups": groups, "stride": stride, "kernelSize": size, "shape": list(y.shape), **numbers})
print(json.dumps(cases))
