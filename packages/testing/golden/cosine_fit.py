"""The small problem that optimizers of plugins are followed on: the twin of fitCosine in src/fit/cosine-fit.ts.

The loss is mean(cos(A W + b)), so every gradient depends on the weights. A, W and b are sin(0.7 i^2 + phase), rounded to
float32; all else is float64. A script finds this file with sys.path.
"""

import numpy as np
import torch

ROWS, INPUTS, OUTPUTS = 8, 5, 3


def chirp(shape, phase):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return torch.tensor(np.sin(0.7 * i * i + phase).astype(np.float32).astype(np.float64).reshape(shape))


def fit(make_optimizer, steps, dtype=torch.float64):
    """Weights after so many steps of what make_optimizer([W, b]) returns."""
    matrix = chirp((ROWS, INPUTS), 2).to(dtype)
    w = torch.nn.Parameter(chirp((INPUTS, OUTPUTS), 0).to(dtype))
    b = torch.nn.Parameter(chirp((OUTPUTS,), 1).to(dtype))
    optimizer = make_optimizer([w, b])
    for _ in range(steps):
        optimizer.zero_grad()
        torch.cos(matrix @ w + b).mean().backward()
        optimizer.step()
    return {"w": w.detach().flatten().tolist(), "b": b.detach().tolist()}
