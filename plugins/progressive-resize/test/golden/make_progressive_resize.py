"""PyTorch's antialiased bilinear resize in float64, and the sizes of the formula over a fit: progressive-resize.json.

Images are sin(0.7 i^2 + 0.2), rounded to float32, in the order batch, height, width, channel. Sizes are those of MosaicML
Composer's ProgressiveResizing, written anew; its rounding of halves to even never shows in them.
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F


def chirp(shape):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return torch.tensor(np.sin(0.7 * i * i + 0.2).astype(np.float32).astype(np.float64)).reshape(shape)


def resize(shape, size):
    images = chirp(shape).permute(0, 3, 1, 2)
    small = F.interpolate(images, size=size, mode="bilinear", antialias=True, align_corners=False)
    return {"shape": shape, "size": size, "values": small.permute(0, 2, 3, 1).reshape(-1).tolist()}


def sizes(steps, width, initial, delay, finetune, increment):
    rows = []
    for step in range(steps):
        elapsed = step / steps
        done = 0.0 if elapsed < delay else min((elapsed - delay) / (1 - finetune - delay), 1)
        scale = initial + (1 - initial) * done
        rows.append(min(width, round(width * scale / increment) * increment))
    options = {"initialScale": initial, "delayFraction": delay, "finetuneFraction": finetune, "sizeIncrement": increment}
    return {"width": width, "options": options, "widths": rows}


versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0], "numpy": np.__version__}
with open("progressive-resize.json", "w") as file:
    json.dump(
        {
            "command": "python make_progressive_resize.py",
            "versions": versions,
            "resized": [
                resize([2, 8, 8, 3], [4, 4]),
                resize([1, 7, 5, 2], [3, 2]),
                resize([3, 6, 9, 1], [5, 8]),
                resize([1, 5, 6, 1], [1, 1]),
                resize([1, 4, 4, 2], [4, 3]),
            ],
            "sizes": [
                sizes(20, 128, 0.5, 0.5, 0.2, 4),
                sizes(30, 224, 0.3, 0.1, 0.0, 32),
                sizes(25, 28, 0.6, 0.0, 0.5, 1),
            ],
        },
        file,
    )
    file.write("\n")
