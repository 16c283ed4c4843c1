"""Mean entropy of mixed and smoothed targets, by adaptive quadrature of the Beta density and by simulation.

python make_entropies.py > entropies.json   (numpy, scipy)
"""

import json

import numpy as np
from scipy.integrate import quad
from scipy.stats import beta


def entropy(targets):
    return -(targets * np.log(np.where(targets > 0, targets, 1))).sum(-1)


def targets(share, outputs, epsilon):
    target = np.zeros(outputs)
    target[0] += share
    target[1] += 1 - share
    return (1 - epsilon) * target + epsilon / outputs


def mean(outputs, epsilon, alpha, same):
    plain = entropy(targets(1.0, outputs, epsilon))
    if alpha == 0:
        return plain
    # x = share ** alpha takes away the pole of the density at 0; the density is symmetric about 1/2.
    if alpha < 1:
        f = lambda x: entropy(targets(x ** (1 / alpha), outputs, epsilon)) * (1 - x ** (1 / alpha)) ** (alpha - 1)
        one = lambda x: (1 - x ** (1 / alpha)) ** (alpha - 1)
        top = 0.5**alpha
        mixed = quad(f, 0, top, epsabs=1e-12, limit=500)[0] / quad(one, 0, top, epsabs=1e-12, limit=500)[0]
    else:
        f = lambda share: entropy(targets(share, outputs, epsilon)) * beta.pdf(share, alpha, alpha)
        mixed = 2 * quad(f, 0, 0.5, epsabs=1e-12, limit=500)[0]
    return same * plain + (1 - same) * mixed


cases = [
    dict(outputs=10, epsilon=0.0, alpha=0.0, same=0.1),
    dict(outputs=10, epsilon=0.1, alpha=0.0, same=0.1),
    dict(outputs=1000, epsilon=0.1, alpha=0.0, same=0.1),
    dict(outputs=10, epsilon=0.1, alpha=0.5, same=0.1),
    dict(outputs=10, epsilon=0.1, alpha=0.2, same=0.1),
    dict(outputs=10, epsilon=0.0, alpha=0.4, same=0.25),
    dict(outputs=3, epsilon=0.3, alpha=1.0, same=0.0),
    dict(outputs=10, epsilon=0.1, alpha=4.0, same=0.1),
]
rows = [{**case, "entropy": float(mean(**case))} for case in cases]

# The same by drawing: a mistake in the integral would show.
random = np.random.default_rng(1)
for row in rows:
    n = 200_000
    share = random.beta(row["alpha"], row["alpha"], n) if row["alpha"] > 0 else np.ones(n)
    share = np.where(random.random(n) < row["same"], 1.0, share)
    drawn = np.zeros((n, row["outputs"])) if row["outputs"] <= 10 else None
    if drawn is None:
        continue
    drawn[:, 0] = share
    drawn[:, 1] = 1 - share
    drawn = (1 - row["epsilon"]) * drawn + row["epsilon"] / row["outputs"]
    assert abs(entropy(drawn).mean() - row["entropy"]) < 3e-3, row
print(json.dumps(rows, indent=2))
