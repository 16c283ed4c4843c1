"""The torchvision side of `pnpm bench data --peer torch`: decodes, crops, mirrors and normalises the same photos.

Speaks JSON lines as torch-peer.py does: the set-up, then `{"steps": n}` for every turn of n batches, on standard input.
Needs torch, torchvision and Pillow.
"""

import json
import os
import resource
import sys
import time


def say(kind, **more):
    print(json.dumps({"bench": kind, **more}), flush=True)


try:
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset, Subset
    from torchvision import transforms
except ImportError as error:
    say(
        "problem",
        problems=[
            {
                "code": "E_PEER_UNAVAILABLE",
                "what": "The peer's Python lacks a package.",
                "expected": "torch, torchvision and Pillow.",
                "received": f"{error}.",
                "fix": f"{sys.executable} -m pip install torchvision",
            }
        ],
    )
    sys.exit(0)


class Photos(Dataset):
    def __init__(self, files, size, min_scale, mean, std):
        self.files = files
        self.transform = transforms.Compose(
            [
                transforms.RandomResizedCrop(size, scale=(min_scale, 1)),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(mean, std),
            ]
        )

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        with Image.open(self.files[index]) as image:
            return self.transform(image.convert("RGB"))


def cpu_seconds():
    # Workers have ended, and are counted, when a loader is exhausted.
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main():
    setup = json.loads(sys.stdin.readline())
    # As PyTorch advises where several processes load: one thread each.
    torch.set_num_threads(1)
    photos = {
        size: Photos(setup["files"], size, setup["minScale"], setup["mean"], setup["std"]) for size in setup["sizes"]
    }

    def read(size, batches):
        images = Subset(photos[size], range(batches * setup["batchSize"]))
        loader = DataLoader(images, setup["batchSize"], shuffle=True, num_workers=setup["workers"])
        begin, cpu, count = time.perf_counter(), cpu_seconds(), 0
        for batch in loader:
            count += len(batch)
        return {"images": count, "seconds": time.perf_counter() - begin, "cpuSeconds": cpu_seconds() - cpu}

    say("first-step")
    for size in setup["sizes"]:
        read(size, 1)
    say("ready", torch=torch.__version__, pillow=Image.__version__)
    for line in sys.stdin:
        order = json.loads(line)
        say("turn", reads=[read(size, order["steps"]) for size in setup["sizes"]])


if __name__ == "__main__":
    main()
    # Skips the interpreter's tear-down, which has nothing left to do.
    sys.stdout.flush()
    os._exit(0)
