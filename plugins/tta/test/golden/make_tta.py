"""fastai's Learner.tta on given predictions, in float64: tta.json.

The scores of view v are 3 sin(0.7 i^2 + 0.5 + v), i counting through samples and classes, rounded to float32; view 0 is
the plain one. `get_preds` of the learner answers with their softmax, so what is tested is how tta puts views together.
"""

import json
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import fastai
import numpy as np
import torch
from fastai.learner import Learner

samples, classes = 3, 4


def probabilities(view):
    i = np.arange(samples * classes, dtype=np.float64)
    scores = (3 * np.sin(0.7 * i * i + 0.5 + view)).astype(np.float32).astype(np.float64)
    return torch.softmax(torch.tensor(scores).reshape(samples, classes), 1)


class Scripted:
    """What Learner.tta asks of a learner."""

    def __init__(self):
        self.split = 0
        self.view = 0

    def __call__(self, event):
        pass

    def no_mbar(self):
        return nullcontext()

    def get_preds(self, dl, inner):
        if self.split == 1:
            return probabilities(0), None
        self.view += 1
        return probabilities(self.view), None


def run(views, beta, use_max):
    learner = Scripted()

    class Split:
        def set_split_idx(self, index):
            learner.split = index
            return nullcontext()

    loader = SimpleNamespace(dataset=Split())
    result, _ = Learner.tta(learner, dl=loader, n=views, beta=beta, use_max=use_max)
    return {"views": views, "beta": beta, "reduce": "max" if use_max else "mean", "probabilities": result.tolist()}


versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0], "fastai": fastai.__version__}
cases = [run(4, 0.25, False), run(1, 0.25, False), run(3, 0.0, False), run(2, 1.0, False), run(4, 0.25, True)]
with open("tta.json", "w") as file:
    json.dump({"command": "python make_tta.py", "versions": versions, "samples": samples, "classes": classes, "cases": cases}, file)
    file.write("\n")
