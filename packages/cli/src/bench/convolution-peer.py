"""The PyTorch side of `pnpm bench layer conv|depthwise --peer torch`: a convolution and its gradients.

Speaks JSON lines as torch-peer.py does: the set-up, then `{"steps": n, "calls": n, "pass": …, "format": …}` for every
turn, on standard input; answers on standard output. Needs nothing but torch.
"""

import json
import os
import sys
import time

import torch
from torch.nn import functional as F

FORMATS = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}


def answer(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def read_shared(setup):
    """What our side wrote, one after the other: image, filter, gradient; its output and its two gradients."""
    images, filters, outputs = setup["shapes"]
    shapes = [images, filters, outputs, outputs, images, filters]
    sizes = [torch.Size(shape).numel() for shape in shapes]
    parts = torch.from_file(setup["share"], size=sum(sizes)).split(sizes)
    # From NHWC and HWCD, or HWC1 of depthwise windows, to the order of axes here.
    filter_axes = (2, 3, 0, 1) if setup["depthwise"] else (3, 2, 0, 1)
    axes = [filter_axes if shape is filters else (0, 3, 1, 2) for shape in shapes]
    return [part.reshape(shape).permute(order) for part, shape, order in zip(parts, shapes, axes)]


def create_runs(setup, image, weight, gradient):
    stride, padding = setup["stride"], setup["padding"]
    groups = weight.shape[0] if setup["depthwise"] else 1
    window = {"stride": stride, "padding": padding, "groups": groups}
    dtype = torch.bfloat16 if setup["precision"] == "bf16" else torch.float32
    runs = {}
    for name, memory_format in FORMATS.items():
        x, w, dy = (
            tensor.to(dtype).clone(memory_format=memory_format).requires_grad_(index < 2)
            for index, tensor in enumerate((image, weight, gradient))
        )

        def forward(x=x, w=w):
            with torch.no_grad():
                return (F.conv2d(x, w, **window),)

        def with_gradients(x=x, w=w, dy=dy):
            return torch.autograd.grad(F.conv2d(x, w, **window), (x, w), dy)

        def one_gradient(index, x=x.detach(), w=w.detach(), dy=dy):
            wanted = [index == 0, index == 1, False]
            arguments = [stride, stride], [padding, padding], [1, 1], False, [0, 0], groups, wanted
            return (torch.ops.aten.convolution_backward(dy, x, w, None, *arguments)[index],)

        runs["forward", name], runs["forward and gradients", name] = forward, with_gradients
        runs["input gradient", name] = lambda run=one_gradient: run(0)
        runs["filter gradient", name] = lambda run=one_gradient: run(1)
    return {key: run for key, run in runs.items() if key[0] in setup["passes"]}


def main():
    setup = json.loads(sys.stdin.readline())
    torch.set_num_threads(setup["threads"])
    *inputs, output, image_gradient, filter_gradient = read_shared(setup)
    runs = create_runs(setup, *inputs)
    differences = []
    for name in FORMATS:
        # Each of our results belongs to one of them, in the order of the passes.
        found = [result for one in setup["passes"] for result in runs[one, name]()]
        for ours, theirs in zip((output, image_gradient, filter_gradient), found):
            theirs = theirs.float()
            differences.append(((ours - theirs).abs().max() / theirs.abs().max()).item())
    answer(bench="first-step")
    for _ in range(setup["warmup"]):
        for run in runs.values():
            run()
    answer(
        bench="ready",
        name="PyTorch eager, CPU",
        version=torch.__version__,
        threads=torch.get_num_threads(),
        notes=[],
        losses=[],
        difference=max(differences),
    )
    for line in sys.stdin:
        order = json.loads(line)
        run, calls = runs[order["pass"], order["format"]], order["calls"]
        times, processor = [], []
        for _ in range(order["steps"]):
            start, before = time.perf_counter(), time.process_time()
            for _ in range(calls):
                run()
            processor.append((time.process_time() - before) * 1000 / calls)
            times.append((time.perf_counter() - start) * 1000 / calls)
        answer(bench="turn", times=times, processor=processor, resident=[], peakResident=0)


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)
    except Exception:
        import traceback

        answer(bench="fault", stack=traceback.format_exc())
