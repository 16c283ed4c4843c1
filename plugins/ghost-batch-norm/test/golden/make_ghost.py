"""Golden numbers of PyTorch's batch norm, part by part, in float64: python make_ghost.py > ghost.json"""

import json

import torch

torch.set_default_dtype(torch.float64)


def chirp(shape, phase):
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return torch.sin(0.7 * i * i + phase).reshape(shape)


samples, shape = 3, (7, 2, 3, 2)
norm = torch.nn.BatchNorm2d(2).double()
with torch.no_grad():
    norm.weight.copy_(torch.tensor([1.5, -0.5]))
    norm.bias.copy_(torch.tensor([0.25, 1.0]))
x = chirp(shape, 0.5).requires_grad_()
y = torch.cat([norm(part) for part in x.permute(0, 3, 1, 2).chunk(-(-shape[0] // samples))]).permute(0, 2, 3, 1)
(y * chirp(shape, 0.6)).sum().backward()
values = {"y": y, "dx": x.grad, "dgamma": norm.weight.grad, "dbeta": norm.bias.grad}
values |= {"mean": norm.running_mean, "variance": norm.running_var}
print(json.dumps({name: [round(v, 9) for v in value.flatten().tolist()] for name, value in values.items()}))
