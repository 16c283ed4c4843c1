"""Trains a whole row in PyTorch from the weights and on the batches of Tricklab. `pnpm lab trace TABLE/ROW --whole` writes them; the
networks and optimizers are those of replay.py, written from their definitions.

    python controls/follow.py TRACE_FOLDER --out controls/results/imagewoof-64-f32-paired.jsonl

Adds one JSON line to the output file: the scores of the validation images after each epoch. A seed that the file already contains
is skipped. `pnpm repro compare RUN FILE --paired` sets a run with the same seeds against the file.
Set MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_ to 1e11: PyTorch then keeps its memory between steps and runs faster. On a busy
machine, several seeds with OMP_NUM_THREADS=1 each are faster than one with all threads.
"""

import argparse
import contextlib
import json
import os
import time

import torch
from replay import OPTIMIZERS, loss_of, network_of, to_torch
from safetensors.torch import load_file


def channels_last(tensor):
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor


def read(folder, kind, index):
    tensors = load_file(f"{folder}/{kind}/{index}.safetensors")
    return tensors["images"].permute(0, 3, 1, 2), tensors["targets"]


def score(network, half, folder, batches):
    """Mean loss, accuracy and top-5 accuracy over the validation images."""
    network.training = False
    loss = right = top5 = count = 0
    with torch.no_grad():
        for index in range(batches):
            images, targets = read(folder, "valid", index)
            with half():
                scores = network(images).float()
            ranks = scores.topk(5, 1).indices == targets.argmax(1)[:, None]
            loss += loss_of(scores, targets).item() * len(images)
            right += ranks[:, 0].sum().item()
            top5 += ranks.any(1).sum().item()
            count += len(images)
    network.training = True
    return {"loss": loss / count, "accuracy": right / count, "top5": top5 / count}, count


def train(trace, args):
    folder, recipe = args.folder, trace["recipe"]
    roles = {p["path"]: p["role"] for p in trace["parameters"]}
    start = load_file(f"{folder}/start.safetensors")
    params = {path: channels_last(to_torch(start[f"model/{path}"])) for path in roles}
    learned = {path: params[path].requires_grad_() for path, role in roles.items() if role != "buffer"}
    network = network_of(recipe, params)
    optimizer = OPTIMIZERS[recipe["optimizer"]["use"]](recipe["optimizer"], learned, roles)
    half = lambda: torch.autocast("cpu", torch.bfloat16) if args.precision == "bf16" else contextlib.nullcontext()
    per_epoch, begin, smooth, trained, epochs = trace["stepsPerEpoch"], time.time(), 0.0, 0, []
    for i, step in enumerate(trace["steps"]):
        images, targets = read(folder, "batches", i)
        with half():
            scores = network(images)
        loss = loss_of(scores.float(), targets)
        for p in learned.values():
            p.grad = None
        loss.backward()
        with torch.no_grad():
            optimizer.step(i + 1, step["learningRate"], step.get("momentum", recipe["optimizer"]["beta1"]))
        smooth = 0.98 * smooth + 0.02 * loss.item()
        trained += len(images) if i < per_epoch else 0
        if (i + 1) % 20 == 0:
            print(f"seed {trace['seed']} step {i + 1}/{len(trace['steps'])} loss {loss.item():.3f} {time.time() - begin:.0f} s", flush=True)
        if (i + 1) % per_epoch == 0:
            scores, valid = score(network, half, folder, trace["validBatches"])
            epochs.append({"smoothLoss": smooth / (1 - 0.98 ** (i + 1)), **scores})
            print(f"seed {trace['seed']} epoch {len(epochs)} {epochs[-1]}", flush=True)
    return {
        "seed": trace["seed"], "table": trace["table"], "row": trace["row"], "precision": args.precision, "train": trained,
        "valid": valid, "torch": torch.__version__, "threads": torch.get_num_threads(),
        "seconds": round(time.time() - begin, 1), "epochs": epochs,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="folder that `pnpm lab trace --whole` has written")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="precision of the passes; bf16 uses autocast of PyTorch")
    parser.add_argument("--out", required=True, help="output file, one JSON line for each seed")
    args = parser.parse_args()
    trace = json.load(open(f"{args.folder}/trace.json"))
    if not trace.get("whole"):
        parser.error(f"{args.folder} contains the first steps only; write it with --whole")
    done = {json.loads(line)["seed"] for line in open(args.out)} if os.path.exists(args.out) else set()
    if trace["seed"] in done:
        return print(f"{args.out} already contains seed {trace['seed']}.")
    line = train(trace, args)
    with open(args.out, "a") as out:
        out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
