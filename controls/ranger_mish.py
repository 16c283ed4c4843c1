"""Trains the recipe of imagewoof-128-5/ranger-mish in PyTorch. The program is written from the definitions of the recipe and
draws its own initial weights and random numbers.

    python controls/ranger_mish.py --photos FOLDER --size 64 --seeds 1-20 --out controls/results/imagewoof-64-f32.jsonl

FOLDER contains Imagewoof v2 as packed by fast.ai: {train,val}/<class>/*.JPEG. Every finished seed adds one line to the output
file. The program skips seeds that the file already contains, so the same command continues an interrupted run.
Set MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_ to 1e11: PyTorch then keeps its memory between steps and runs faster.
"""

import argparse
import contextlib
import glob
import json
import math
import os
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from torch import nn
from torchvision.transforms import RandomResizedCrop

EPOCHS, BATCH, RATE, FLAT, SMOOTHING = 5, 64, 4e-3, 0.72, 0.1
MEAN, STD = (torch.tensor(x).view(3, 1, 1) for x in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))


# --- photos -----------------------------------------------------------------------------------------------------------


class Photos:
    """Photos of one split, decoded once by Pillow into a file that all seeds read."""

    def __init__(self, root, split, cache):
        self.files = sorted(glob.glob(f"{root}/{split}/*/*.JPEG"))
        names = sorted({f.split("/")[-2] for f in self.files})
        self.labels = np.array([names.index(f.split("/")[-2]) for f in self.files])
        path = f"{cache}/{split}"
        if not os.path.exists(path + ".json"):
            sizes = []
            with open(path + ".bytes", "wb") as out:
                for f in self.files:
                    pixels = np.asarray(Image.open(f).convert("RGB"))
                    sizes.append(pixels.shape[:2])
                    out.write(pixels.tobytes())
            with open(path + ".json", "w") as out:
                json.dump([[int(h), int(w)] for h, w in sizes], out)
        self.sizes = json.load(open(path + ".json"))
        self.offsets = np.concatenate([[0], np.cumsum([3 * h * w for h, w in self.sizes])])
        self.bytes = np.memmap(path + ".bytes", np.uint8, "r")

    def __len__(self):
        return len(self.files)

    def image(self, i):
        return Image.fromarray(self.bytes[self.offsets[i] : self.offsets[i + 1]].reshape(*self.sizes[i], 3))


def training_pixels(photo, size):
    """A region of 35 to 100 % of the area, 3:4 to 4:3, cut and then resized; every second one mirrored."""
    top, left, height, width = RandomResizedCrop.get_params(photo, [0.35, 1.0], [3 / 4, 4 / 3])
    cut = photo.crop((left, top, left + width, top + height)).resize((size, size), Image.Resampling.BILINEAR)
    return cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else cut


def validation_pixels(photo, size):
    """The shorter side resized to size + 32, then the square in the centre."""
    resized = torchvision.transforms.functional.resize(photo, size + 32, torchvision.transforms.InterpolationMode.BILINEAR)
    return torchvision.transforms.functional.center_crop(resized, [size, size])


class Training(torch.utils.data.Dataset):
    def __init__(self, photos, size):
        self.photos, self.size = photos, size

    def __len__(self):
        return len(self.photos)

    def __getitem__(self, i):
        return np.asarray(training_pixels(self.photos.image(i), self.size)).copy(), self.photos.labels[i]


def seed_worker(_):
    random.seed(torch.initial_seed() % 2**32)


def normalised(pixels):
    return ((pixels.permute(0, 3, 1, 2).float() / 255 - MEAN) / STD).contiguous(memory_format=torch.channels_last)


# --- network ----------------------------------------------------------------------------------------------------------


def conv_norm(inputs, outputs, kernel, stride=1, act=True, last=False):
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight)
    norm = nn.BatchNorm2d(outputs)
    if last:  # a residual branch begins as nothing
        nn.init.zeros_(norm.weight)
    return nn.Sequential(conv, norm, *([nn.Mish()] if act else []))


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        outputs = 4 * width
        self.branch = nn.Sequential(
            conv_norm(inputs, width, 1), conv_norm(width, width, 3, stride), conv_norm(width, outputs, 1, act=False, last=True)
        )
        shortcut = [nn.AvgPool2d(2, ceil_mode=True)] if stride == 2 else []
        if inputs != outputs:
            shortcut.append(conv_norm(inputs, outputs, 1, act=False))
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x):
        return F.mish(self.branch(x) + self.shortcut(x))


def xresnet50(classes=10):
    layers = [conv_norm(3, 32, 3, 2), conv_norm(32, 64, 3), conv_norm(64, 64, 3), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for stage, (blocks, width) in enumerate(zip([3, 4, 6, 3], [64, 128, 256, 512])):
        for block in range(blocks):
            layers.append(Bottleneck(inputs, width, 2 if stage > 0 and block == 0 else 1))
            inputs = 4 * width
    head = nn.Linear(inputs, classes)
    nn.init.kaiming_normal_(head.weight)
    nn.init.zeros_(head.bias)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)


# --- optimizer --------------------------------------------------------------------------------------------------------


class Ranger:
    """Ranger 9.3.19: rectified Adam, weights decayed before the step, lookahead every six steps."""

    def __init__(self, params, beta1=0.95, beta2=0.99, epsilon=1e-6, decay=1e-2, k=6, alpha=0.5):
        self.params = list(params)
        self.settings = beta1, beta2, epsilon, decay, k, alpha
        self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in self.params]
        self.slow = None
        self.t = 0

    @torch.no_grad()
    def step(self, rate):
        beta1, beta2, epsilon, decay, k, alpha = self.settings
        self.t += 1
        t = self.t
        for p in self.params:
            if p.ndim > 1:
                p.mul_(1 - rate * decay)
        if self.slow is None:
            self.slow = [p.clone() for p in self.params]
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        for p, (m, v), slow in zip(self.params, self.moments, self.slow):
            m.mul_(beta1).add_(p.grad, alpha=1 - beta1)
            v.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
            step = rate / (1 - beta1**t)
            if length > 5:
                variance = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
                p.addcdiv_(m, v.sqrt().add_(epsilon), value=-step * math.sqrt((1 - beta2**t) * variance))
            else:
                p.add_(m, alpha=-step)
            if t % k == 0:
                slow.add_(p - slow, alpha=alpha)
                p.copy_(slow)


def rate_at(step, total):
    turn = int(total * FLAT)
    return RATE if step < turn else RATE / 2 * (1 + math.cos(math.pi * (step - turn) / (total - turn)))


# --- training ---------------------------------------------------------------------------------------------------------


def smoothed_loss(scores, labels, reduction="mean"):
    return F.cross_entropy(scores.float(), labels, label_smoothing=SMOOTHING, reduction=reduction)


def train(seed, args, training, validation, validation_labels):
    torch.manual_seed(seed)
    random.seed(seed)
    net = xresnet50().to(memory_format=torch.channels_last)
    optimizer = Ranger(net.parameters())
    batches = torch.utils.data.DataLoader(
        Training(training, args.size), BATCH, shuffle=True, drop_last=True, num_workers=1, prefetch_factor=4,
        persistent_workers=True, worker_init_fn=seed_worker,
    )  # fmt: skip
    half = lambda: torch.autocast("cpu", torch.bfloat16) if args.precision == "bf16" else contextlib.nullcontext()
    total, step, smooth, epochs, start = len(batches) * EPOCHS, 0, 0.0, [], time.time()
    for epoch in range(EPOCHS):
        net.train()
        for pixels, labels in batches:
            rate = rate_at(step, total)
            with half():
                scores = net(normalised(pixels))
            loss = smoothed_loss(scores, labels)
            net.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step(rate)
            step += 1
            smooth = 0.98 * smooth + 0.02 * loss.item()
            if step % 20 == 0:
                print(f"seed {seed} step {step}/{total} loss {loss.item():.3f} {time.time() - start:.0f} s", flush=True)
        net.eval()
        sums = np.zeros(3)
        with torch.no_grad():
            for at in range(0, len(validation), BATCH):
                labels = validation_labels[at : at + BATCH]
                with half():
                    scores = net(normalised(validation[at : at + BATCH])).float()
                ranks = scores.topk(5, 1).indices == labels[:, None]
                sums += [smoothed_loss(scores, labels, "sum").item(), ranks[:, 0].sum().item(), ranks.any(1).sum().item()]
        loss, accuracy, top5 = (sums / len(validation)).tolist()
        epochs.append({"smoothLoss": smooth / (1 - 0.98**step), "loss": loss, "accuracy": accuracy, "top5": top5})
        print(f"seed {seed} epoch {epoch + 1} {epochs[-1]}", flush=True)
    return epochs, time.time() - start


def seeds_of(text):
    return [s for part in text.split(",") for s in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True, help="folder that contains the folders train and val")
    parser.add_argument("--size", type=int, default=64, help="width of the images in pixels")
    parser.add_argument("--seeds", default="1", help="seeds to train, such as 1-20 or 1,3")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="precision of the passes; bf16 uses autocast of PyTorch")
    parser.add_argument("--out", required=True, help="output file, one JSON line for each seed")
    parser.add_argument("--cache", required=True, help="folder for the decoded photos, 5.4 GB")
    args = parser.parse_args()
    torch.set_num_threads(os.cpu_count())
    os.makedirs(args.cache, exist_ok=True)
    training, validation = (Photos(args.photos, split, args.cache) for split in ("train", "val"))
    pixels = torch.from_numpy(np.stack([np.asarray(validation_pixels(validation.image(i), args.size)) for i in range(len(validation))]))
    labels = torch.from_numpy(validation.labels)
    done = {json.loads(line)["seed"] for line in open(args.out)} if os.path.exists(args.out) else set()
    for seed in [s for s in seeds_of(args.seeds) if s not in done]:
        epochs, seconds = train(seed, args, training, pixels, labels)
        line = {
            "seed": seed, "size": args.size, "precision": args.precision, "train": len(training), "valid": len(validation),
            "torch": torch.__version__, "threads": torch.get_num_threads(), "seconds": round(seconds, 1), "epochs": epochs,
        }  # fmt: skip
        with open(args.out, "a") as out:
            out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
