"""Golden numbers of timm's EcaModule in float64: python make_eca.py > eca.json"""

import json

import torch
from timm.layers import EcaModule

torch.set_default_dtype(torch.float64)


def chirp(count, phase):
    i = torch.arange(count, dtype=torch.float64)
    return torch.sin(0.7 * i * i + phase)


cases = []
for channels, height, width in [(6, 3, 2), (16, 2, 2)]:
    eca = EcaModule(channels).double()
    with torch.no_grad():
        eca.conv.weight.copy_(chirp(eca.conv.weight.numel(), 0.1).reshape(eca.conv.weight.shape))
    x = chirp(2 * height * width * channels, 0.5).reshape(2, height, width, channels).requires_grad_()
    y = eca(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    slope = chirp(y.numel(), 0.6).reshape(y.shape)
    (y * slope).sum().backward()
    values = {"y": y, "dx": x.grad, "dweight": eca.conv.weight.grad}
    numbers = {name: [round(v, 9) for v in value.flatten().tolist()] for name, value in values.items()}
    cases.append({"shape": [2, height, width, channels], **numbers})
reach = [[c, EcaModule(c).conv.kernel_size[0]] for c in [1, 2, 3, 8, 16, 64, 100, 128, 256, 512, 1024, 2048]]
print(json.dumps({"cases": cases, "reach": reach}))
