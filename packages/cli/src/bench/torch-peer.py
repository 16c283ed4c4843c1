"""The PyTorch side of a measurement: the networks of the FashionMNIST table, timm's ResNet-18 and xresnet; AdamW, OneCycle.

Speaks JSON lines: the set-up, then `{"steps": n}` for every turn, on standard input; answers on standard output.
Needs nothing but torch. Run by `pnpm bench train --peer torch`.
"""

import json
import os
import struct
import sys
import time
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F


class GeneralRelu(nn.Module):
    def __init__(self, slope, offset):
        super().__init__()
        self.slope, self.offset = slope, offset

    def forward(self, x):
        return F.leaky_relu(x, self.slope) - self.offset


class Conv(nn.Module):
    """Convolution, activation if wanted, then batch norm."""

    def __init__(self, net, inputs, outputs, size, stride, activate):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        self.activation = GeneralRelu(net["slope"], net["offset"]) if activate else None
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        x = self.conv(x)
        return self.norm(x if self.activation is None else self.activation(x))


class DoubleConv(nn.Module):
    def __init__(self, net, inputs, outputs, size, stride, activate):
        super().__init__()
        self.convA = Conv(net, inputs, outputs, size, 1, activate)
        self.convB = Conv(net, outputs, outputs, size, stride, activate)

    def forward(self, x):
        return self.convB(self.convA(x))


class ResidualConv(nn.Module):
    def __init__(self, net, inputs, outputs, size, stride, activate):
        super().__init__()
        self.convA = Conv(net, inputs, outputs, size, 1, activate)
        self.convB = Conv(net, outputs, outputs, size, stride, False)
        self.stride = stride
        self.idConv = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None
        self.activation = GeneralRelu(net["slope"], net["offset"]) if activate else None

    def forward(self, x):
        side = F.avg_pool2d(x, 2, ceil_mode=True) if self.stride == 2 else x
        if self.idConv is not None:
            side = self.idConv(side)
        y = self.convB(self.convA(x)) + side
        return y if self.activation is None else self.activation(y)


class Slowai(nn.Module):
    def __init__(self, net):
        super().__init__()
        block = {"conv": Conv, "double-conv": DoubleConv, "residual-conv": ResidualConv}[net["block"]]
        channels = net["channels"]
        last = len(channels) - 2
        self.layers = nn.Sequential(
            *[
                block(net, channels[i], channels[i + 1], 3 if i else 5, 2 if i else net["firstStride"], i < last)
                for i in range(last + 1)
            ]
        )

    def forward(self, x):
        return self.layers(x).flatten(1)


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        side = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(x)) + side, inplace=True)


class Resnet18(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for stage in range(4):
            outputs = 64 * 2**stage
            first = BasicBlock(inputs, outputs, 2 if stage else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(first, BasicBlock(outputs, outputs, 1)))
            inputs = outputs
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x)), inplace=True), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def named(**parts):
    """Layers one after the other, under names of their own."""
    return nn.Sequential(OrderedDict(parts))


def conv_norm(inputs, outputs, size=1, stride=1, suffix=""):
    conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
    return {f"conv{suffix}": conv, f"norm{suffix}": nn.BatchNorm2d(outputs)}


class XresnetBlock(nn.Module):
    """1 x 1, 3 x 3 with the stride, 1 x 1, or two 3 x 3; the shortcut pools and then changes the channels."""

    def __init__(self, inputs, inner, outputs, stride):
        super().__init__()
        if inner == outputs:
            windows = [(inputs, inner, 3, stride), (inner, outputs, 3, 1)]
        else:
            windows = [(inputs, inner, 1, 1), (inner, inner, 3, stride), (inner, outputs, 1, 1)]
        self.depth = len(windows)
        for index, window in enumerate(windows):
            for name, layer in conv_norm(*window, suffix=index + 1).items():
                self.add_module(name, layer)
        shortcut = {} if stride == 1 else {"pool": nn.AvgPool2d(2, ceil_mode=True)}
        if inputs != outputs:
            shortcut.update(conv_norm(inputs, outputs))
        self.shortcut = named(**shortcut)

    def forward(self, x):
        side = self.shortcut(x)
        for index in range(1, self.depth + 1):
            x = getattr(self, f"norm{index}")(getattr(self, f"conv{index}")(x))
            if index < self.depth:
                x = F.relu(x, inplace=True)
        return F.relu(x + side, inplace=True)


class Xresnet(nn.Module):
    def __init__(self, net, channels, classes):
        super().__init__()
        widths = [channels, *net["stemWidths"]]
        stem = {
            str(index + 1): named(**conv_norm(widths[index], width, 3, 1 if index else 2), act=nn.ReLU(inplace=True))
            for index, width in enumerate(net["stemWidths"])
        }
        self.stem = named(**stem, pool=nn.MaxPool2d(3, 2, 1))
        inputs = widths[-1]
        stages = list(zip(net["layers"], net["widths"]))
        for stage, (depth, inner) in enumerate(stages):
            blocks = {}
            for index in range(depth):
                stride = 2 if stage and not index else 1
                blocks[f"block{index + 1}"] = XresnetBlock(inputs, inner, inner * net["expansion"], stride)
                inputs = inner * net["expansion"]
            self.add_module(f"stage{stage + 1}", named(**blocks))
        self.stages = len(stages)
        self.head = named(linear=nn.Linear(inputs, classes))

    def forward(self, x):
        x = self.stem(x)
        for stage in range(self.stages):
            x = getattr(self, f"stage{stage + 1}")(x)
        return self.head(x.mean((2, 3)))


def create_model(network, channels, classes):
    if network["kind"] == "slowai":
        return Slowai(network)
    return Resnet18(channels, classes) if network["kind"] == "resnet18" else Xresnet(network, channels, classes)


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        body = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(body, dtype=torch.float32, offset=begin, count=(end - begin) // 4)
        tensors[name] = values.clone().reshape(entry["shape"])
    return tensors


TAILS = {"gamma": "weight", "beta": "bias", "mean": "running_mean", "variance": "running_var"}


def load_weights(model, tensors):
    """Takes over Tricklab's weights: other names of batch norm's, other order of axes."""
    state = {}
    for name, value in tensors.items():
        if not name.startswith("model/"):
            continue
        *folders, tail = name.split("/")[1:]
        value = value.permute(3, 2, 0, 1) if value.ndim == 4 else value.t() if value.ndim == 2 else value
        state[".".join([*folders, TAILS.get(tail, tail)])] = value.contiguous()
    found = model.load_state_dict(state, strict=False)
    missing = [key for key in found.missing_keys if not key.endswith("num_batches_tracked")]
    if missing or found.unexpected_keys:
        raise ValueError(f"the weights do not fit: missing {missing}, unexpected {found.unexpected_keys}")


def resident():
    """Resident memory now and at its peak, in bytes; the peak alone where the system does not tell the rest."""
    try:
        with open("/proc/self/status") as file:
            lines = dict(line.split(":", 1) for line in file)
        return tuple(int(lines[key].split()[0]) * 1024 for key in ("VmRSS", "VmHWM"))
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return peak, peak


def answer(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def create_step(setup):
    tensors = read_safetensors(setup["share"])
    # Class numbers, as PyTorch's own examples have them: with one-hot targets the loss is the same and slower.
    batches = [
        (tensors[f"batch/{i}/images"].permute(0, 3, 1, 2), tensors[f"batch/{i}/targets"].argmax(1))
        for i in range(setup["batches"])
    ]
    channels, classes = batches[0][0].shape[1], tensors["batch/0/targets"].shape[1]
    model = create_model(setup["network"], channels, classes)
    count = sum(parameter.numel() for parameter in model.parameters())
    if count != setup["parameters"]:
        raise ValueError(f"the networks differ: {count} parameters here, {setup['parameters']} on our side")
    load_weights(model, tensors)
    layout = torch.channels_last if setup["channelsLast"] else torch.contiguous_format
    model = model.to(memory_format=layout).train()
    if setup["compile"]:
        model = torch.compile(model)
    batches = [(images.contiguous(memory_format=layout), labels) for images, labels in batches]

    options, schedule = setup["optimizer"], setup["schedule"]
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=options["learningRate"],
        betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"],
        weight_decay=options["weightDecay"],
    )
    scheduler = None
    if schedule["use"] == "one-cycle":
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            options["learningRate"],
            total_steps=setup["totalSteps"],
            pct_start=schedule["pctStart"],
            cycle_momentum=schedule["cycleMomentum"],
            base_momentum=schedule["baseMomentum"],
            max_momentum=schedule["maxMomentum"],
            div_factor=schedule["divFactor"],
            final_div_factor=schedule["finalDivFactor"],
        )
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=setup["precision"] == "bf16")
    done = 0

    def step():
        nonlocal done
        images, labels = batches[done % len(batches)]
        done += 1
        optimizer.zero_grad(set_to_none=True)
        with autocast:
            loss = F.cross_entropy(model(images).float(), labels)
        loss.backward()
        optimizer.step()
        # A long measurement may outlast the schedule, which refuses to go on beyond its end.
        if scheduler is not None and done < setup["totalSteps"]:
            scheduler.step()
        return loss.item()

    return step


def main():
    setup = json.loads(sys.stdin.readline())
    torch.set_num_threads(setup["threads"])
    step = create_step(setup)
    losses, warmups = [], []
    for i in range(setup["warmup"]):
        start = time.perf_counter()
        losses.append(step())
        warmups.append(time.perf_counter() - start)
        if i == 0:
            answer(bench="first-step")
    layout = "channels_last" if setup["channelsLast"] else "contiguous (NCHW)"
    answer(
        bench="ready",
        name=f"PyTorch {'compiled' if setup['compile'] else 'eager'}, CPU",
        version=torch.__version__,
        threads=torch.get_num_threads(),
        notes=[f"memory format {layout}, AdamW and its schedule, no metrics"],
        losses=losses[:4],
        # The network is compiled in its first steps.
        **({"compileSeconds": sum(warmups) - len(warmups) * min(warmups)} if setup["compile"] else {}),
    )
    for line in sys.stdin:
        times, processor, sizes = [], [], []
        for _ in range(json.loads(line)["steps"]):
            start, before = time.perf_counter(), time.process_time()
            step()
            processor.append((time.process_time() - before) * 1000)
            times.append((time.perf_counter() - start) * 1000)
            sizes.append(resident()[0])
        answer(bench="turn", times=times, processor=processor, resident=sizes, peakResident=resident()[1])


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)
    except torch._dynamo.exc.BackendCompilerFailed as error:
        what = f"PyTorch cannot compile the network here: {str(error).strip().splitlines()[-1]}."
        problem = {"code": "E_PEER_UNAVAILABLE", "what": what}
        answer(bench="problem", problems=[{**problem, "fix": "install a C++ compiler, or leave --compile out."}])
    except Exception:
        import traceback

        answer(bench="fault", stack=traceback.format_exc())
