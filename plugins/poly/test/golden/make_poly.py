"""Poly-1 by the paper's formula around PyTorch's cross_entropy, and its gradient, in float64: poly.json.

Scores are 3 sin(0.7 i^2 + phase), rounded to float32; targets are one class, two classes, and one that is smoothed.

    python make_poly.py > poly.json
"""

import json
import pathlib
import sys

import torch

sys.path.append(str(pathlib.Path(__file__).parents[4] / "packages/testing/golden"))
from cosine_fit import chirp  # noqa: E402

TARGETS = torch.tensor(
    [[1, 0, 0, 0, 0], [0, 0.75, 0.25, 0, 0], [0.025, 0.025, 0.025, 0.9, 0.025]], dtype=torch.float64
)


def run(options):
    scores = (3 * chirp((3, 5), 2)).requires_grad_()
    right = (torch.softmax(scores, 1) * TARGETS).sum(1)
    entropy = torch.nn.functional.cross_entropy(scores, TARGETS, reduction="none")
    loss = (entropy + options["epsilon"] * (1 - right)).mean()
    loss.backward()
    return {"options": options, "loss": loss.item(), "gradient": scores.grad.tolist()}


cases = [run({"epsilon": epsilon}) for epsilon in (-1, 0, 1, 2.5)]
json.dump({"torch": torch.__version__, "scores": (3 * chirp((3, 5), 2)).tolist(), "targets": TARGETS.tolist(), "cases": cases}, sys.stdout, indent=2)
print()
