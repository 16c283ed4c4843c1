"""fastai's LabelSmoothingCrossEntropy in float64: mean loss, and gradient of the first sample: label-smoothing.json.

Scores are 3 sin(0.7 i^2 + 0.5), i counting through the batch, rounded to float32.
"""

import json
import sys

import fastai
import numpy as np
import torch
from fastai.losses import LabelSmoothingCrossEntropy


def run(rows, outputs, epsilon):
    i = np.arange(rows * outputs, dtype=np.float64)
    scores = (3 * np.sin(0.7 * i * i + 0.5)).astype(np.float32).astype(np.float64)
    scores = torch.tensor(scores).reshape(rows, outputs).requires_grad_()
    labels = [(7 * n + 1) % min(outputs, 10) for n in range(rows)]
    loss = LabelSmoothingCrossEntropy(eps=epsilon)(scores, torch.tensor(labels))
    loss.backward()
    return {
        "rows": rows,
        "outputs": outputs,
        "epsilon": epsilon,
        "labels": labels,
        "loss": loss.item(),
        "gradient": [float(f"{v:.8g}") for v in scores.grad[0, :12].tolist()],
    }


versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0], "fastai": fastai.__version__}
with open("label-smoothing.json", "w") as file:
    cases = [run(5, 10, 0.1), run(3, 4, 0.35), run(4, 1000, 0.1)]
    json.dump({"command": "python make_label_smoothing.py", "versions": versions, "cases": cases}, file)
    file.write("\n")
