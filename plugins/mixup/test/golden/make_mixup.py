"""Mixed images and targets, and losses against both parents, in float64: mixup.json.

Loss as in fastai's MixUp: lerp of the two parents' losses with the share, mean over the batch; cross-entropy and
LabelSmoothingCrossEntropy. Images and scores are sin(0.7 i^2 + phase), rounded to float32.
"""

import json
import sys

import fastai
import numpy as np
import torch
import torch.nn.functional as F
from fastai.losses import LabelSmoothingCrossEntropy

ROWS, OUTPUTS, SHAPE = 6, 5, (4, 3, 2)


def chirp(shape, phase, scale=1.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return torch.tensor((scale * np.sin(0.7 * i * i + phase)).astype(np.float32).astype(np.float64)).reshape(shape)


images = chirp((ROWS, *SHAPE), 0.2)
scores = chirp((ROWS, OUTPUTS), 0.5, 3.0).requires_grad_()
labels = torch.tensor([0, 3, 1, 4, 4, 2])
partners = torch.tensor([4, 1, 0, 5, 2, 3])
shares = torch.tensor([0.5, 0.625, 0.75, 0.875, 1.0, 0.53125], dtype=torch.float64)

mixed = torch.lerp(images[partners], images, shares.reshape(-1, 1, 1, 1))
targets = F.one_hot(labels, OUTPUTS).double()
losses = {}
for name, loss in {
    "plain": lambda s, y: F.cross_entropy(s, y, reduction="none"),
    "smoothed": lambda s, y: LabelSmoothingCrossEntropy(eps=0.1, reduction="none")(s, y),
}.items():
    value = torch.lerp(loss(scores, labels[partners]), loss(scores, labels), shares).mean()
    (gradient,) = torch.autograd.grad(value, scores)
    losses[name] = {"value": value.item(), "gradient": [float(f"{v:.8g}") for v in gradient.reshape(-1).tolist()]}

content = {
    "command": "python make_mixup.py",
    "versions": {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0], "fastai": fastai.__version__},
    "labels": labels.tolist(),
    "partners": partners.tolist(),
    "shares": shares.tolist(),
    "images": [float(f"{v:.8g}") for v in mixed.reshape(-1).tolist()],
    "targets": torch.lerp(targets[partners], targets, shares.reshape(-1, 1)).tolist(),
    "losses": losses,
}
with open("mixup.json", "w") as file:
    json.dump(content, file)
    file.write("\n")
