"""Two tiny xresnets on odd-sized images with weights from the formula: scores, gradients, running statistics.

Transcribed from the definition (arXiv:1812.01187 as fastai builds it): three 3 x 3 convolutions as a stem, max pool
3/2/1; blocks with the stride on the 3 x 3; shortcuts of AvgPool 2 (ceil) and a 1 x 1 convolution with batch norm; ReLU
after the sum; global average pool and a linear map.
"""

import torch
import torch.nn.functional as F
from torch import nn

from fill import chirp, fill, numbers, save

LEAVES = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}


def conv(inputs, outputs, size, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, size, stride=1):
        super().__init__()
        self.conv = conv(inputs, outputs, size, stride)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(self.conv(x))


class Residual(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        inner = outputs // expansion
        shapes = (
            [(inputs, inner, 3, stride), (inner, outputs, 3, 1)]
            if expansion == 1
            else [(inputs, inner, 1, 1), (inner, inner, 3, stride), (inner, outputs, 1, 1)]
        )
        self.steps = len(shapes)
        for index, shape in enumerate(shapes, 1):
            self.add_module(f"conv{index}", conv(*shape))
            self.add_module(f"norm{index}", nn.BatchNorm2d(shape[1]))
        self.stride = stride
        self.shortcut = ConvNorm(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x):
        branch = x
        for index in range(1, self.steps + 1):
            branch = getattr(self, f"norm{index}")(getattr(self, f"conv{index}")(branch))
            if index < self.steps:
                branch = F.relu(branch)
        pooled = F.avg_pool2d(x, 2, ceil_mode=True) if self.stride == 2 else x
        return F.relu(branch + self.shortcut(pooled))


class Xresnet(nn.Module):
    def __init__(self, stem, layers, widths, expansion, outputs):
        super().__init__()
        ends = [3, *stem]
        self.stem = nn.ModuleDict(
            {str(i + 1): ConvNorm(ends[i], ends[i + 1], 3, 2 if i == 0 else 1) for i in range(len(stem))}
        )
        inputs, self.stages = stem[-1], len(layers)
        for stage, (depth, width) in enumerate(zip(layers, widths), 1):
            blocks = {}
            for index in range(depth):
                stride = 2 if stage > 1 and index == 0 else 1
                blocks[f"block{index + 1}"] = Residual(inputs, width * expansion, expansion, stride)
                inputs = width * expansion
            self.add_module(f"stage{stage}", nn.ModuleDict(blocks))
        self.head = nn.ModuleDict({"linear": nn.Linear(inputs, outputs)})

    def forward(self, x):
        for step in self.stem.values():
            x = F.relu(step(x))
        x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(1, self.stages + 1):
            for block in getattr(self, f"stage{stage}").values():
                x = block(x)
        return self.head["linear"](x.mean((2, 3)))


def own_layout(tensor):
    return tensor.permute(2, 3, 1, 0) if tensor.dim() == 4 else tensor.t() if tensor.dim() == 2 else tensor


def describe(tensor):
    flat = tensor.detach().reshape(-1)
    return {"norm": flat.norm().item(), "first": numbers(flat[:3])}


def run(stem, layers, widths, expansion, classes, outputs):
    model = Xresnet(stem, layers, widths, expansion, outputs).double()
    norms = {name for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}

    def own_path(name):
        module, leaf = name.rsplit(".", 1)
        return f"{module.replace('.', '/')}/{LEAVES[leaf] if module in norms else leaf}"

    state = model.state_dict()
    names = [name for name in state if not name.endswith("num_batches_tracked")]
    shapes = {}
    for phase, name in enumerate(names):
        target = own_layout(state[name])
        shapes[own_path(name)] = list(target.shape)
        target.copy_(fill(own_path(name), tuple(target.shape), phase))

    x = chirp((3, 35, 35, 3), 0.5).permute(0, 3, 1, 2)
    # Soft targets over the classes alone: outputs beyond them are never right.
    targets = torch.zeros(3, outputs, dtype=torch.float64)
    targets[:, :classes] = torch.softmax(chirp((3, classes), 0.25, 2.0), 1)
    model.eval()
    evaluated = numbers(model(x))
    model.train()
    logits = model(x)
    loss = F.cross_entropy(logits, targets)
    loss.backward()
    return {
        "options": {
            "stemWidths": stem,
            "layers": layers,
            "widths": widths,
            "expansion": expansion,
            "outputs": outputs,
        },
        "classes": classes,
        "shapes": shapes,
        "evaluated": evaluated,
        "trained": numbers(logits),
        "loss": loss.item(),
        "gradients": {own_path(name): describe(own_layout(p.grad)) for name, p in model.named_parameters()},
        "running": {
            own_path(name): describe(tensor) for name, tensor in model.state_dict().items() if "running" in name
        },
    }


save(
    "xresnet",
    {
        "cases": [
            run([4, 4, 6], [1, 2, 1], [3, 4, 5], 2, 4, 4),
            run([3, 5], [2, 1], [5, 6], 1, 4, 7),
        ]
    },
)
