"""timm's resnet18 on three 64 x 64 images with weights from the formula: names, shapes, logits, gradients."""

import timm
import torch
import torch.nn.functional as F

from fill import chirp, fill, numbers, save

LEAVES = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}

torch.manual_seed(0)
model = timm.create_model("resnet18", in_chans=1, num_classes=10).double()
norms = {name for name, module in model.named_modules() if isinstance(module, torch.nn.BatchNorm2d)}


def own_path(name):
    module, leaf = name.rsplit(".", 1)
    return f"{module.replace('.', '/')}/{LEAVES[leaf] if module in norms else leaf}"


def own_layout(tensor):
    return tensor.permute(2, 3, 1, 0) if tensor.dim() == 4 else tensor.t() if tensor.dim() == 2 else tensor


def describe(tensor):
    flat = tensor.detach().reshape(-1)
    return {"norm": flat.norm().item(), "first": numbers(flat[:3])}


names = [name for name in model.state_dict() if not name.endswith("num_batches_tracked")]
state = model.state_dict()
shapes = {}
initial = {}
for phase, name in enumerate(names):
    target = own_layout(state[name])
    shapes[own_path(name)] = list(target.shape)
    spread = target.std(correction=0).item() if target.numel() > 1 else 0
    initial[own_path(name)] = {"mean": target.mean().item(), "deviation": spread}
    target.copy_(fill(own_path(name), tuple(target.shape), phase))

x = chirp((3, 64, 64, 1), 0.5).permute(0, 3, 1, 2)
model.eval()
evaluated = numbers(model(x))
model.train()
logits = model(x)
loss = F.cross_entropy(logits, torch.tensor([1, 4, 7]))
loss.backward()

save(
    "resnet18",
    {
        "timm": timm.__version__,
        "params": sum(p.numel() for p in model.parameters()),
        "shapes": shapes,
        "initial": initial,
        "evaluated": evaluated,
        "trained": numbers(logits),
        "loss": loss.item(),
        "gradients": {own_path(name): describe(own_layout(p.grad)) for name, p in model.named_parameters()},
        "running": {
            own_path(name): describe(tensor) for name, tensor in model.state_dict().items() if "running" in name
        },
    },
)
