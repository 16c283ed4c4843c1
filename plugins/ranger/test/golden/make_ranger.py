"""Ranger over twenty steps, a float64 loop written from the formulas of RAdam and lookahead: ranger.json.

Without lookahead and with the same decay the loop must agree with torch.optim.RAdam, which is asserted here. Weights and
gradients are sin(0.7 i^2 + phase), rounded to float32.
"""

import json
import math
import sys

import numpy as np
import torch

SHAPES = {"a/weight": (2, 3), "b/weight": (2, 2, 1, 2), "a/bias": (4,), "norm/gamma": (1,)}
RATES = [0.01 * (1 + 4 * math.sin(math.pi * step / 20)) for step in range(20)]
MOMENTA = [0.95 - 0.1 * math.sin(math.pi * step / 20) for step in range(20)]


def chirp(shape, phase):
    i = np.arange(math.prod(shape), dtype=np.float64)
    return np.sin(0.7 * i * i + phase).astype(np.float32).astype(np.float64).reshape(shape)


def gradient(path, step):
    return chirp(SHAPES[path], 10 * (step + 1) + list(SHAPES).index(path))


def ranger(beta1, beta2, epsilon, weight_decay, decay_norm_and_bias, k, alpha, centralise, cycle):
    longest = 2 / (1 - beta2) - 1
    weights, state, first_rectified = {}, {}, None
    for index, (path, shape) in enumerate(SHAPES.items()):
        p = chirp(shape, index)
        m, v, slow = np.zeros(shape), np.zeros(shape), None
        decay = weight_decay if path.endswith("weight") or decay_norm_and_bias else 0
        for t in range(1, 21):
            lr, b1 = RATES[t - 1], MOMENTA[t - 1] if cycle else beta1
            g = gradient(path, t - 1)
            if centralise and g.ndim > 1:
                g = g - g.mean(axis=tuple(range(g.ndim - 1)), keepdims=True)
            p = p * (1 - lr * decay)
            if slow is None:
                slow = p.copy()
            m = b1 * m + (1 - b1) * g
            v = beta2 * v + (1 - beta2) * g * g
            n = longest - 2 * t * beta2**t / (1 - beta2**t)
            mean = m / (1 - b1**t)
            if n > 5:
                first_rectified = first_rectified or t
                r = math.sqrt((n - 4) * (n - 2) * longest / ((longest - 4) * (longest - 2) * n))
                p = p - lr * r * math.sqrt(1 - beta2**t) * mean / (np.sqrt(v) + epsilon)
            else:
                p = p - lr * mean
            if t % k == 0:
                slow = slow + alpha * (p - slow)
                p = slow.copy()
        weights[path] = p.reshape(-1).tolist()
        state |= {f"{path}/{name}": value.reshape(-1).tolist() for name, value in [("m", m), ("v", v), ("slow", slow)]}
    return weights, state, first_rectified


def radam(beta1, beta2, epsilon, weight_decay):
    params = {path: torch.tensor(chirp(shape, index)).requires_grad_() for index, (path, shape) in enumerate(SHAPES.items())}
    optimizer = torch.optim.RAdam(
        params.values(), betas=(beta1, beta2), eps=epsilon, weight_decay=weight_decay, decoupled_weight_decay=True
    )
    for step in range(20):
        for path, value in params.items():
            value.grad = torch.tensor(gradient(path, step))
        optimizer.param_groups[0]["lr"] = RATES[step]
        optimizer.step()
    return {path: value.reshape(-1).tolist() for path, value in params.items()}


for beta2, epsilon in [(0.99, 1e-6), (0.999, 1e-5)]:
    ours, _, _ = ranger(0.95, beta2, epsilon, 0.1, True, 1000, 0.5, False, False)
    for path, expected in radam(0.95, beta2, epsilon, 0.1).items():
        assert np.abs(np.array(ours[path]) - expected).max() < 1e-12, path

cases = []
for options, cycle in [
    ({}, False),
    ({"weightDecay": 0.5, "decayNormAndBias": True, "epsilon": 1e-3}, False),
    ({"beta2": 0.999, "epsilon": 1e-5, "weightDecay": 0.0, "k": 5, "alpha": 0.8}, True),
    ({"gradientCentralisation": True}, False),
    ({"k": 1000, "weightDecay": 0.1, "decayNormAndBias": True}, False),
]:
    defaults = {"beta1": 0.95, "beta2": 0.99, "epsilon": 1e-6, "weightDecay": 0.01, "decayNormAndBias": False, "k": 6,
                "alpha": 0.5, "gradientCentralisation": False}
    o = defaults | options
    weights, state, first = ranger(o["beta1"], o["beta2"], o["epsilon"], o["weightDecay"], o["decayNormAndBias"], o["k"],
                                   o["alpha"], o["gradientCentralisation"], cycle)
    cases.append({"options": options, "cycle": cycle, "firstRectified": first, "weights": weights, "state": state})

versions = {"python": sys.version.split()[0], "numpy": np.__version__, "torch": torch.__version__.split("+")[0]}
with open("ranger.json", "w") as file:
    content = {"command": "python make_ranger.py", "versions": versions, "rates": RATES, "momenta": MOMENTA, "cases": cases}
    json.dump(content, file)
    file.write("\n")
