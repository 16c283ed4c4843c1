"""timm's BinaryCrossEntropy on targets that are given for every class, and its gradient, in float64: bce.json.

Scores are 3 sin(0.7 i^2 + phase), rounded to float32; targets are one class, two classes, and one that is smoothed.

    python make_bce.py > bce.json
"""

import json
import pathlib
import sys

import timm
import torch
from timm.loss import BinaryCrossEntropy

sys.path.append(str(pathlib.Path(__file__).parents[4] / "packages/testing/golden"))
from cosine_fit import chirp  # noqa: E402

TARGETS = torch.tensor(
    [[1, 0, 0, 0, 0], [0, 0.75, 0.25, 0, 0], [0.025, 0.025, 0.025, 0.9, 0.025]], dtype=torch.float64
)


def run(options):
    scores = (3 * chirp((3, 5), 2)).requires_grad_()
    threshold = None if options["threshold"] == 1 else options["threshold"]
    loss = BinaryCrossEntropy(smoothing=0.0, target_threshold=threshold, sum_classes=options["sum"])(scores, TARGETS)
    loss.backward()
    return {"options": options, "loss": loss.item(), "gradient": scores.grad.tolist()}


cases = [run({"threshold": threshold, "sum": total}) for threshold in (0.2, 0.0, 1) for total in (False, True)]
json.dump({"torch": torch.__version__, "timm": timm.__version__, "scores": (3 * chirp((3, 5), 2)).tolist(), "targets": TARGETS.tolist(), "cases": cases}, sys.stdout, indent=2)
print()
