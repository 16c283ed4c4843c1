"""Permuted groups in PyTorch, float64, and graph measures by networkx: permuted-groups.json.

The convolution is the ordinary grouped one of permuted channels. Tensors are scale * sin(0.7 i^2 + phase), rounded to
float32: images (batch, height, width, channel) phase 0.2, dy phase 1, weight (row, column, in, out) phase 0.5 and scale
sqrt(2 / (9 * in)).
"""

import json
import sys

import networkx
import numpy as np
import torch


def chirp(shape, phase, scale=1.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    values = (scale * np.sin(0.7 * i * i + phase)).astype(np.float32).astype(np.float64)
    return torch.tensor(values).reshape(shape)


def rounded(tensor):
    return [float(f"{value:.8g}") for value in tensor.detach().flatten().tolist()]


def cycles(groups, length):
    return [g - g % length + (g % length - 1) % length for g in range(groups)]


def convolution(design, length, shape, out, per_group, stride):
    channels = shape[-1]
    groups = channels // per_group
    sources = cycles(groups, length or groups)
    x = chirp(shape, 0.2).requires_grad_()
    weight = chirp((3, 3, per_group, out), 0.5, np.sqrt(2 / (9 * per_group))).requires_grad_()
    order = [s * per_group + m for s in sources for m in range(per_group)]
    permuted = x.permute(0, 3, 1, 2)[:, order]
    y = torch.nn.functional.conv2d(permuted, weight.permute(3, 2, 0, 1), stride=stride, padding=1, groups=groups)
    y = y.permute(0, 2, 3, 1)
    (y * chirp(y.shape, 1.0)).sum().backward()
    return {
        "design": design, "shape": shape, "outputChannels": out, "channelsPerGroup": per_group, "stride": stride,
        "values": rounded(y), "images": rounded(x.grad), "weight": rounded(weight.grad),
    }


def graph(links):
    g = networkx.Graph()
    g.add_nodes_from(range(len(links[0])))
    g.add_edges_from((i, s) for sources in links for i, s in enumerate(sources) if i != s)
    lengths = [d for start, row in networkx.all_pairs_shortest_path_length(g) for end, d in row.items() if end > start]
    n = len(links[0])
    return {
        "links": links, "clustering": networkx.average_clustering(g), "connected": len(lengths) / (n * (n - 1) / 2),
        "pathLength": sum(lengths) / len(lengths) if lengths else None,
        "components": networkx.number_connected_components(g), "edges": g.number_of_edges(),
    }


def random_links(groups, count, seed):
    rng = np.random.default_rng(seed)
    return [[int(v) for v in rng.integers(0, groups, groups)] for _ in range(count)]


content = {
    "command": "python make_permuted_groups.py",
    "versions": {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0],
                 "networkx": networkx.__version__},
    "cases": [
        convolution("none", 1, (2, 4, 5, 6), 9, 2, 1),
        convolution("4-cycles", 4, (2, 5, 4, 8), 8, 2, 1),
        convolution("4-cycles", 4, (1, 5, 5, 8), 16, 1, 2),
        convolution("2-cycles", 2, (2, 4, 4, 8), 4, 2, 1),
        convolution("n-cycle", None, (2, 4, 3, 6), 6, 2, 2),
    ],
    "graphs": [
        graph([cycles(16, 4)]), graph([cycles(8, 1)]), graph([cycles(8, 2)]), graph([cycles(9, 9)]),
        graph([[3, 0, 1, 2, 7, 4, 5, 6], [2, 3, 0, 1, 6, 7, 4, 5]]),
        graph(random_links(12, 2, 1)), graph(random_links(12, 1, 2)), graph(random_links(20, 3, 3)),
    ],
}
with open("permuted-groups.json", "w") as file:
    json.dump(content, file)
    file.write("\n")
