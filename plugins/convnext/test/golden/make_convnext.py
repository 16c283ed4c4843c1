"""A small ConvNeXt by timm: weights under timm's names, its scores, gradients and stochastic depth; counts of the family.

python make_convnext.py      writes convnext.safetensors and convnext.json (timm 1.0.31, torch 2.15.0)
"""
import json
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file
from timm.models.convnext import ConvNeXt

HERE = Path(__file__).parent
CLASSES, SIZE, DEPTHS, WIDTHS = 3, 40, [1, 2, 1, 1], [4, 6, 8, 6]


def chirp(shape, phase):
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return torch.sin(0.7 * i * i + phase).float().reshape(shape)


torch.manual_seed(7)
model = ConvNeXt(num_classes=CLASSES, depths=DEPTHS, dims=WIDTHS, conv_mlp=True, ls_init_value=0.5)
with torch.no_grad():
    for name, t in model.state_dict().items():
        if name.endswith("gamma") or (name.endswith("weight") and t.ndim == 1):
            t.uniform_(0.6, 1.4)
        elif t.ndim == 1:
            t.normal_(0, 0.1)
        else:
            t.normal_(0, (1.5 / t[0].numel()) ** 0.5)
save_file({name: t.contiguous() for name, t in model.state_dict().items()}, HERE / "convnext.safetensors")
model = model.double()
x = chirp((2, SIZE, SIZE, 3), 0.5).double().permute(0, 3, 1, 2)
scores = model(x)
(scores * chirp((2, CLASSES), 0.25)).sum().backward()
NAMES = ["atto", "femto", "pico", "nano"]
depth = timm.create_model("convnext_atto", drop_path_rate=0.3)
(HERE / "convnext.json").write_text(json.dumps({
    "command": "python make_convnext.py (timm 1.0.31, torch 2.15.0)",
    "classes": CLASSES,
    "size": SIZE,
    "depths": DEPTHS,
    "widths": WIDTHS,
    "scores": scores.flatten().tolist(),
    "gradients": {n: float(f"{p.grad.norm().item():.9g}") for n, p in model.named_parameters()},
    "params": {
        n: [sum(p.numel() for p in timm.create_model(f"convnext_{n}", num_classes=k).parameters()) for k in (1000, 10)]
        for n in NAMES
    },
    "dropPath": [getattr(b.drop_path, "drop_prob", 0) for s in depth.stages for b in s.blocks],
}))
