"""PyTorch's mish in float64, values and slopes: mish.json. Inputs are float32 numbers, up to 1e4 in size."""

import json
import sys

import numpy as np
import torch

sizes = [0.0, 1e-30, 1e-6, 1e-3, 0.1, 0.5, 1.0, 1.19240569, 2.0, 3.5, 5.0, 8.0, 12.0, 16.0, 20.0, 20.5, 30.0, 60.0, 87.0,
         100.0, 1e3, 1e4]
inputs = np.array(sorted({sign * size for sign in (-1, 1) for size in sizes}), dtype=np.float32)
x = torch.tensor(inputs.astype(np.float64)).requires_grad_()
y = torch.nn.functional.mish(x)
y.sum().backward()

versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0]}
content = {
    "command": "python make_mish.py",
    "versions": versions,
    "inputs": x.tolist(),
    "values": y.tolist(),
    "slopes": x.grad.tolist(),
}
with open("mish.json", "w") as file:
    json.dump(content, file)
    file.write("\n")
