"""Numbers from a formula, so that fixtures need not store inputs and weights; `fill.ts` has the same formula."""

import json
import math
import sys

import numpy as np
import torch


def chirp(shape, phase, scale=1.0, center=0.0):
    """center + scale * sin(0.7 i^2 + phase) for i = 0, 1, ... in row-major order, rounded to float32."""
    i = np.arange(math.prod(shape), dtype=np.float64)
    values = center + scale * np.sin(0.7 * i * i + phase)
    return torch.tensor(values.astype(np.float32).astype(np.float64)).reshape(shape)


def fill(path, shape, phase):
    """The value of the parameter at `path`."""
    leaf = path.split("/")[-1]
    if leaf == "weight":
        return chirp(shape, phase, math.sqrt(2 / math.prod(shape[:-1])))
    return chirp(shape, phase, 0.2, 1.0 if leaf in ("gamma", "variance") else 0.0)


def numbers(tensor):
    """Row-major values with 8 significant digits."""
    return [float(f"{v:.8g}") for v in tensor.detach().reshape(-1).tolist()]


def save(name, content):
    versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0]}
    with open(f"{name}.json", "w") as file:
        json.dump({"command": f"python {sys.argv[0].split('/')[-1]}", "versions": versions, **content}, file)
        file.write("\n")
