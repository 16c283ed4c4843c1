"""Golden numbers of PyTorch in float64: python make_gem.py > gem.json"""

import json

import torch

torch.set_default_dtype(torch.float64)


def chirp(count, phase):
    i = torch.arange(count, dtype=torch.float64)
    return torch.sin(0.7 * i * i + phase)


cases = []
for power in [1.0, 3.0, 4.5]:
    p = torch.tensor([power], requires_grad=True)
    x = chirp(2 * 3 * 4 * 3, 0.5).reshape(2, 3, 4, 3).requires_grad_()
    y = x.clamp(min=1e-6).pow(p).mean((1, 2), keepdim=True).pow(1 / p)
    (y * chirp(y.numel(), 0.6).reshape(y.shape)).sum().backward()
    numbers = {name: [round(v, 9) for v in value.flatten().tolist()] for name, value in {"y": y, "dx": x.grad, "dp": p.grad}.items()}
    cases.append({"power": power, **numbers})
print(json.dumps(cases))
