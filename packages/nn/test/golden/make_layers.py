"""Pools, running statistics of batch norm, initial distributions, torchmetrics' accuracy: layers.json."""

import torch
import torch.nn.functional as F
import torchmetrics

from fill import chirp, numbers, save


def pool_case(name, shape, pool):
    x = chirp(shape, 0.5).permute(0, 3, 1, 2).contiguous().requires_grad_()
    y = pool(x)
    y.backward(chirp(tuple(y.permute(0, 2, 3, 1).shape), 0.25).permute(0, 3, 1, 2))
    return {
        "name": name,
        "shape": list(shape),
        "y": numbers(y.permute(0, 2, 3, 1)),
        "dx": numbers(x.grad.permute(0, 2, 3, 1)),
    }


def average(x):
    return F.avg_pool2d(x, 2, ceil_mode=True)


def largest(x):
    return F.max_pool2d(x, 3, 2, 1)


def running():
    norm = torch.nn.BatchNorm2d(3).double()
    with torch.no_grad():
        norm.weight.copy_(chirp((3,), 1, 0.2, 1))
        norm.bias.copy_(chirp((3,), 2, 0.2))
    for step in range(3):
        y = norm(chirp((2, 3, 2, 3), step, 2, 1).permute(0, 3, 1, 2))
    trained = numbers(y.permute(0, 2, 3, 1))
    norm.eval()
    evaluated = norm(chirp((1, 3, 2, 3), 5).permute(0, 3, 1, 2))
    return {
        "mean": numbers(norm.running_mean),
        "variance": numbers(norm.running_var),
        "trained": trained,
        "evaluated": numbers(evaluated.permute(0, 2, 3, 1)),
    }


def accuracy_case(average, batches, classes):
    metric = torchmetrics.classification.MulticlassAccuracy(num_classes=classes, average=average)
    for guesses, labels in batches:
        metric.update(torch.tensor(guesses), torch.tensor(labels))
    return {"average": average, "classes": classes, "batches": batches, "value": metric.compute().item()}


UNEVEN = [[[0, 0, 1, 2, 2], [0, 0, 0, 2, 1]], [[0, 1, 2], [0, 1, 2]], [[0], [1]]]

save(
    "layers",
    {
        "pools": [
            pool_case("average", (2, 4, 6, 3), average),
            pool_case("average", (2, 5, 7, 3), average),
            pool_case("average", (1, 1, 4, 2), average),
            pool_case("max", (2, 7, 6, 3), largest),
            pool_case("max", (1, 2, 1, 2), largest),
            pool_case("global", (2, 3, 5, 4), lambda x: F.adaptive_avg_pool2d(x, 1)),
        ],
        "running": running(),
        "accuracy": [
            accuracy_case("micro", UNEVEN, 3),
            accuracy_case("macro", UNEVEN, 3),
            # Class 3 is neither a target nor guessed; class 2 is only guessed.
            accuracy_case("macro", [[[0, 1, 2, 1], [0, 1, 1, 1]]], 4),
        ],
    },
)
