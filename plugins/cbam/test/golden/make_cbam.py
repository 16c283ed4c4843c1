"""Golden numbers of timm's CbamModule in float64, training and evaluation: python make_cbam.py > cbam.json"""

import json

import torch
from timm.layers.cbam import CbamModule

torch.set_default_dtype(torch.float64)


def chirp(shape, phase):
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return torch.sin(0.7 * i * i + phase).reshape(shape)


channels, height, width = 8, 5, 4
cases = []
for training in [True, False]:
    cbam = CbamModule(channels, rd_ratio=1 / 4).double().train(training)
    weights = [cbam.channel.fc1.weight, cbam.channel.fc2.weight, cbam.spatial.conv.conv.weight]
    # In our order: height, width, in, out.
    with torch.no_grad():
        for index, weight in enumerate(weights):
            out, inner, kh, kw = weight.shape
            weight.copy_(0.5 * chirp((kh, kw, inner, out), 0.1 * index).permute(3, 2, 0, 1))
        cbam.spatial.conv.bn.weight.fill_(1.3)
        cbam.spatial.conv.bn.bias.fill_(0.2)
    x = chirp((2, height, width, channels), 0.5).requires_grad_()
    y = cbam(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    (y * chirp(y.shape, 0.6)).sum().backward()
    grads = [weight.grad.permute(2, 3, 1, 0) for weight in weights] + [cbam.spatial.conv.bn.weight.grad, cbam.spatial.conv.bn.bias.grad]
    numbers = lambda value: [round(v, 8) for v in value.flatten().tolist()]
    cases.append({"training": training, "y": numbers(y), "dx": numbers(x.grad), "dweights": [numbers(g) for g in grads]})
print(json.dumps(cases))
