"""Golden numbers of a tiny EfficientNet: timm's, with TensorFlow's padding and with PyTorch's, in float64.

python make_efficientnet.py > efficientnet.json      (timm 1.0.31, torch 2.15.0)
"""
import json
from functools import partial

import torch
from timm.models.efficientnet import _gen_efficientnet

torch.set_default_dtype(torch.float64)
CLASSES, SIZE = 4, 40


def chirp(shape, phase, scale=1.0, center=0.0):
    i = torch.arange(torch.Size(shape).numel())
    return (center + scale * torch.sin(0.7 * i * i + phase)).reshape(shape)


def fill(name, tensor, index):
    # [out, in, kh, kw] is filled in our order, [kh, kw, in, out].
    phase = 0.1 * index
    if name.endswith("running_var") or (name.endswith("weight") and tensor.ndim == 1):
        tensor.copy_(chirp(tensor.shape, phase, 0.3, 1.0))
    elif tensor.ndim == 1:
        tensor.copy_(chirp(tensor.shape, phase, 0.2))
    elif tensor.ndim == 2:
        tensor.copy_(chirp(tensor.shape[::-1], phase, (2 / tensor.shape[1]) ** 0.5).T)
    else:
        out, inner, height, width = tensor.shape
        values = chirp((height, width, inner, out), phase, (6 / (height * width * inner)) ** 0.5)
        if ".conv_dw" in name:  # ours are [kh, kw, channels, 1]
            values = chirp((height, width, out, 1), phase, 2.5 / height).permute(0, 1, 3, 2)
        tensor.copy_(values.permute(3, 2, 0, 1))


def case(padding):
    variant = "tf_efficientnet_b0" if padding == "same" else "efficientnet_b0"
    model = _gen_efficientnet(
        variant, channel_multiplier=0.1, depth_multiplier=0.4, num_classes=CLASSES, drop_rate=0.0,
        pad_type="same" if padding == "same" else "",
        norm_layer=partial(torch.nn.BatchNorm2d, eps=1e-3, momentum=0.01),
    ).double()
    state = {name: t for name, t in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    with torch.no_grad():
        for index, (name, tensor) in enumerate(state.items()):
            fill(name, tensor, index)
    x = chirp((3, SIZE, SIZE, 3), 0.5).permute(0, 3, 1, 2)
    flat = lambda t: [round(v, 9) for v in t.flatten().tolist()]
    with torch.no_grad():
        model.eval()
        evaluated = flat(model(x))
    model.train()
    scores = model(x)
    (scores * chirp(scores.shape, 0.7)).sum().backward()
    return {
        "padding": padding,
        "evaluated": evaluated,
        "trained": flat(scores),
        "names": [[name, list(t.shape)] for name, t in state.items()],
        "gradients": {name: float(f"{p.grad.norm().item():.9g}") for name, p in model.named_parameters()},
        "moved": {name: float(f"{t.norm().item():.9g}") for name, t in state.items() if "running" in name},
    }


print(json.dumps({
    "command": "python make_efficientnet.py > efficientnet.json (timm 1.0.31, torch 2.15.0, float64)",
    "classes": CLASSES,
    "size": SIZE,
    "cases": [case("same"), case("symmetric")],
}))
