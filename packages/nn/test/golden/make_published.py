"""Published weights of a tiny ResNet-D (our xresnet) by timm, with its scores, and the names in larger networks.

python make_published.py      writes published-xresnet.safetensors and published.json (timm 1.0.31, torch 2.15.0)
"""
import json
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file
from timm.models.resnet import BasicBlock, Bottleneck, ResNet

HERE = Path(__file__).parent
torch.manual_seed(7)


def randomize(model):
    """Random weights, as a trained network has them: running statistics and norms away from their start."""
    with torch.no_grad():
        for name, t in model.state_dict().items():
            if name.endswith("running_var"):
                t.uniform_(0.5, 1.5)
            elif name.endswith("running_mean"):
                t.normal_(0, 0.1)
            elif t.ndim == 1 and name.endswith("weight"):
                t.uniform_(0.8, 1.2)
            elif t.ndim == 1:
                t.normal_(0, 0.1)
    return model.eval()


def image(size):
    i = torch.arange(2 * size * size * 3, dtype=torch.float64)
    return torch.sin(0.7 * i * i + 0.5).reshape(2, size, size, 3).permute(0, 3, 1, 2).float()


tiny = randomize(ResNet(
    Bottleneck, [1, 2, 1, 1], num_classes=5, channels=[4, 8, 12, 16], stem_width=8, stem_type="deep", avg_down=True,
))
save_file({name: t.contiguous() for name, t in tiny.state_dict().items()}, HERE / "published-xresnet.safetensors")
with torch.no_grad():
    scores = tiny(image(48)).flatten().tolist()


def names(model):
    return {name: list(t.shape) for name, t in model.state_dict().items()}


large = {"xresnet18": "resnet18d", "xresnet50": "resnet50d", "resnet18": "resnet18", "resnet50": "resnet50"}
(HERE / "published.json").write_text(json.dumps({
    "command": "python make_published.py (timm 1.0.31, torch 2.15.0)",
    "size": 48,
    "scores": scores,
    "names": {ours: names(timm.create_model(theirs)) for ours, theirs in large.items()},
}))
