"""Published weights of a tiny EfficientNet by timm, with its scores.

python make_published.py      writes published.safetensors and published.json (timm 1.0.31, torch 2.15.0)
"""
import json
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file
from timm.models.efficientnet import _gen_efficientnet

HERE = Path(__file__).parent
CLASSES, SIZE = 4, 40
torch.manual_seed(7)
model = _gen_efficientnet(
    "tf_efficientnet_b0", channel_multiplier=0.1, depth_multiplier=0.4, num_classes=CLASSES, pad_type="same",
    norm_layer=partial(torch.nn.BatchNorm2d, eps=1e-3, momentum=0.01),
).eval()
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
    model.classifier.weight.normal_(0, 0.5)
save_file({name: t.contiguous() for name, t in model.state_dict().items()}, HERE / "published.safetensors")
i = torch.arange(2 * SIZE * SIZE * 3, dtype=torch.float64)
x = torch.sin(0.7 * i * i + 0.5).reshape(2, SIZE, SIZE, 3).permute(0, 3, 1, 2).float()
# Two chirps differ little after the mean over positions; these two do.
x[1] *= 4
with torch.no_grad():
    scores = model(x).flatten().tolist()
(HERE / "published.json").write_text(json.dumps({
    "command": "python make_published.py (timm 1.0.31, torch 2.15.0)",
    "classes": CLASSES,
    "size": SIZE,
    "scores": scores,
}))
