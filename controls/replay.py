"""Repeats in PyTorch the training steps that `pnpm lab trace` has recorded. The weights and batches are those of the trace; the
networks and optimizers are written from their definitions.

    python controls/replay.py TRACE_FOLDER [--json FILE]

For each step, the program prints the two losses and their relative difference. At the end it prints the differences of the
weights, of the statistics, of the optimizer state and of the validation losses. It cannot repeat rows with dropout or
stochastic depth, because a trace does not contain their random numbers.
"""

import argparse
import json
import math

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

torch.set_default_dtype(torch.float32)


def to_torch(tensor):
    """Kernels [height, width, in, out] become [out, in, height, width]; matrices [in, out] become [out, in]."""
    if tensor.ndim == 4:
        return tensor.permute(3, 2, 0, 1).contiguous()
    return tensor.t().contiguous() if tensor.ndim == 2 else tensor.clone()


def from_torch(tensor):
    if tensor.ndim == 4:
        return tensor.permute(2, 3, 1, 0)
    return tensor.t() if tensor.ndim == 2 else tensor


# --- layers -----------------------------------------------------------------------------------------------------------


class Network:
    """Layers as functions of one table of parameters, named as in the trace."""

    def __init__(self, recipe, params):
        self.model, self.p, self.training = recipe["model"], params, True
        slots = self.model["slots"]
        norm = slots.get("norm", {})
        self.epsilon = norm.get("epsilon", self.model["skeleton"].get("normEpsilon", 1e-5))
        self.momentum = norm.get("momentum", self.model["skeleton"].get("normMomentum", 0.1))
        act = slots.get("act", {"use": "relu"})["use"]
        self.act = {"relu": F.relu, "mish": F.mish, "swish": F.silu}[act]

    def norm(self, x, path):
        p = self.p
        gamma, beta, mean, variance = (p[f"{path}/{name}"] for name in ("gamma", "beta", "mean", "variance"))
        return F.batch_norm(x, mean, variance, gamma, beta, self.training, self.momentum, self.epsilon)

    def conv(self, x, path, stride=1):
        w = self.p[f"{path}/weight"]
        return F.conv2d(x, w, self.p.get(f"{path}/bias"), stride, w.shape[-1] // 2)

    def wide_conv(self, x, path, stride):
        """What the slot `conv` holds."""
        slot = self.model["slots"]["conv"]
        if slot["use"] == "twist":
            return self.twist(x, path, stride)
        if slot["use"] == "permuted-groups":
            return self.grouped(x, path, stride, slot)
        return self.conv(x, path, stride)

    def grouped(self, x, path, stride, slot):
        """Group i reads the group before it in its cycle of so many groups."""
        w = self.p[f"{path}/weight"]
        groups = x.shape[1] // w.shape[1]
        cycle = {"none": 1, "2-cycles": 2, "4-cycles": 4, "n-cycle": groups}[slot["design"]]
        reads = [g // cycle * cycle + (g % cycle - 1) % cycle for g in range(groups)]
        n, c, h, v = x.shape
        x = x.view(n, groups, c // groups, h, v)[:, reads].reshape(n, c, h, v)
        return F.conv2d(x, w, None, stride, 1, 1, groups)

    def twist(self, x, path, stride):
        p = self.p
        grid = lambda size: 2 * torch.arange(size, dtype=torch.float32) / size - 1
        odd = lambda k: (k - k.flip(2, 3)) / 2  # what a turn by 180 degrees changes
        convolve = lambda k: F.conv2d(x, k, None, stride, 1)
        plain = convolve(p[f"{path}/weight"])
        place_x, place_y = grid(plain.shape[3])[None, None, None], grid(plain.shape[2])[None, None, :, None]
        if f"{path}/coefficients" in p:
            c = p[f"{path}/coefficients"]  # [D, 2C, 1, 1], slopes to the right and upwards in turns
            right = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
            up = torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]])
            kernel_x = c[:, 0::2] * right + c[:, 1::2] * up
            kernel_y = kernel_x.transpose(2, 3).flip(3)
            return plain + place_x * convolve(kernel_x) + place_y * convolve(kernel_y)
        centre = lambda name: p[f"{path}/{name}"][None, :, None, None]
        along_x, along_y = convolve(odd(p[f"{path}/weightX"])), convolve(odd(p[f"{path}/weightY"]))
        return plain + (place_x + centre("centreX")) * along_x + (place_y + centre("centreY")) * along_y

    def blur(self, x):
        """Max over 3 x 3, then the six-tap binomial filter with stride 2 on a mirrored border."""
        taps = torch.tensor([1.0, 5, 10, 10, 5, 1]) / 32
        c = x.shape[1]
        x = F.pad(F.max_pool2d(x, 3, 1, 1), (2, 3, 2, 3), mode="reflect")
        return F.conv2d(x, torch.outer(taps, taps).expand(c, 1, 6, 6), None, 2, 0, 1, c)

    def self_attention(self, x, path):
        """x + gamma (X X^T)(W X), W divided by its largest singular value as one step of power iteration knows it."""
        p, (n, c, h, v) = self.p, x.shape
        w = p[f"{path}/weight"].view(c, c)
        with torch.no_grad():
            if self.training:
                p[f"{path}/v"].copy_(F.normalize(w.t() @ p[f"{path}/u"], dim=0))
                p[f"{path}/u"].copy_(F.normalize(w @ p[f"{path}/v"], dim=0))
            left, right = p[f"{path}/u"].clone(), p[f"{path}/v"].clone()
        w = w / (left @ w @ right)
        flat = x.view(n, c, h * v)
        return x + p[f"{path}/gamma"] * ((flat @ flat.transpose(1, 2)) @ (w @ flat)).view_as(x)

    def squeeze_excite(self, x, path, act):
        hidden = act(self.conv(x.mean((2, 3), keepdim=True), f"{path}/reduce"))
        return x * torch.sigmoid(self.conv(hidden, f"{path}/expand"))


class Xresnet(Network):
    def pool_slot(self, place):
        pool = self.model["slots"].get("pool")
        return pool is not None and pool.get("where", "everywhere") in ("everywhere", place)

    def attention(self, x, path, last_of_stage):
        used = self.model["slots"].get("attention", [])
        found = 0
        for slot in used if isinstance(used, list) else [used]:
            if slot["where"] not in ("every-block", last_of_stage):
                continue
            found += 1
            at = f"{path}/attention{'' if found == 1 else found}"
            x = self.squeeze_excite(x, at, self.act) if slot["use"] == "se" else self.self_attention(x, at)
        return x

    def block(self, x, path, stride, last_of_stage):
        halve = lambda y: self.blur(y) if self.pool_slot("shortcut") else F.avg_pool2d(y, 2, 2, ceil_mode=True)
        pool_first = self.model["slots"]["residual"]["use"] == "pool-first"
        if pool_first and stride == 2:
            x, stride = halve(x), 1
        y = self.act(self.norm(self.conv(x, f"{path}/conv1"), f"{path}/norm1"))
        y = self.act(self.norm(self.wide_conv(y, f"{path}/conv2", stride), f"{path}/norm2"))
        y = self.norm(self.conv(y, f"{path}/conv3"), f"{path}/norm3")
        y = self.attention(y, path, last_of_stage)
        if stride == 2:
            x = halve(x)
        if f"{path}/shortcut/conv/weight" in self.p:
            x = self.norm(self.conv(x, f"{path}/shortcut/conv"), f"{path}/shortcut/norm")
        return self.act(y + x)

    def __call__(self, x):
        for i in range(len(self.model["skeleton"]["stemWidths"])):
            x = self.act(self.norm(self.conv(x, f"stem/{i + 1}/conv", 2 if i == 0 else 1), f"stem/{i + 1}/norm"))
        x = self.blur(x) if self.pool_slot("stem") else F.max_pool2d(x, 3, 2, 1)
        for stage, depth in enumerate(self.model["skeleton"]["layers"], 1):
            for i in range(1, depth + 1):
                last = f"stage{stage}-last" if i == depth else ""
                x = self.block(x, f"stage{stage}/block{i}", 2 if stage > 1 and i == 1 else 1, last)
        return F.linear(x.mean((2, 3)), self.p["head/linear/weight"], self.p["head/linear/bias"])


class EfficientNet(Network):
    STRIDES = [1, 2, 2, 2, 1, 2, 1]

    def same(self, x, w, stride, groups=1):
        """TensorFlow's padding: as many zeros as give ceil(size / stride), the odd one behind."""
        pads = []
        for size in (x.shape[3], x.shape[2]):
            total = max((math.ceil(size / stride) - 1) * stride + w.shape[-1] - size, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), w, None, stride, 0, 1, groups)

    def __call__(self, x):
        p = self.p
        x = self.act(self.norm(self.same(x, p["stem/conv/weight"], 2), "stem/norm"))
        for stage, stride in enumerate(self.STRIDES, 1):
            i = 1
            while f"stage{stage}/block{i}/project/weight" in p:
                x = self.block(x, f"stage{stage}/block{i}", stride if i == 1 else 1)
                i += 1
        x = self.act(self.norm(self.conv(x, "head/conv"), "head/norm")) if "head/conv/weight" in p else x
        return F.linear(x.mean((2, 3)), p["classifier/weight"], p["classifier/bias"])

    def block(self, x, path, stride):
        y = x
        if f"{path}/expand/weight" in self.p:
            y = self.act(self.norm(self.conv(y, f"{path}/expand"), f"{path}/expandNorm"))
        w = self.p[f"{path}/depthwise/weight"].transpose(0, 1)
        y = self.act(self.norm(self.same(y, w, stride, w.shape[0]), f"{path}/depthwiseNorm"))
        y = self.squeeze_excite(y, f"{path}/squeeze", self.act)
        y = self.norm(self.conv(y, f"{path}/project"), f"{path}/projectNorm")
        return y + x if stride == 1 and x.shape == y.shape else y


def network_of(recipe, params):
    family = recipe["model"]["skeleton"]["use"]
    return (EfficientNet if family.startswith("efficientnet") else Xresnet)(recipe, params)


# --- optimizers -------------------------------------------------------------------------------------------------------


class Adam:
    """Adam with decoupled decay, as PyTorch's AdamW and fastai's Adam are."""

    STATE = ["m", "v"]

    def __init__(self, o, params, roles):
        self.o, self.params = o, params
        self.decay = {n: o["weightDecay"] if roles[n] == "weight" or o["decayNormAndBias"] else 0 for n in params}
        self.state = {n: {"m": torch.zeros_like(p), "v": torch.zeros_like(p)} for n, p in params.items()}

    def step(self, t, rate, beta1):
        o = self.o
        for n, p in self.params.items():
            s, g = self.state[n], p.grad
            p.mul_(1 - rate * self.decay[n])
            s["m"].mul_(beta1).add_(g, alpha=1 - beta1)
            s["v"].mul_(o["beta2"]).addcmul_(g, g, value=1 - o["beta2"])
            root = (s["v"] / (1 - o["beta2"] ** t)).sqrt_().add_(o["epsilon"])
            p.addcdiv_(s["m"], root, value=-rate / (1 - beta1**t))


class Ranger(Adam):
    """Rectified Adam inside lookahead, in the form of Ranger 9.3.19 or of fastai 2."""

    def step(self, t, rate, beta1):
        o, fastai = self.o, self.o.get("form") == "fastai-2"
        beta2, epsilon = o["beta2"], o["epsilon"]
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        for n, p in self.params.items():
            s, g = self.state[n], p.grad
            if fastai and t == 1:
                s["slow"] = p.clone()
            p.mul_(1 - rate * self.decay[n])
            if not fastai and t == 1:
                s["slow"] = p.clone()
            s["m"].mul_(beta1).add_(g, alpha=1 - beta1)
            s["v"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
            if length > o["rectifyAbove"]:
                r = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
                bias = math.sqrt(1 - beta2**t)
                root = (s["v"].sqrt() / bias).add_(epsilon) if fastai else s["v"].sqrt().add_(epsilon).div_(bias)
                p.addcdiv_(s["m"], root, value=-rate * r / (1 - beta1**t))
            else:
                p.add_(s["m"], alpha=-rate / (1 - beta1**t))
            if t % o["k"] == 0:
                s["slow"].add_(p - s["slow"], alpha=o["alpha"])
                p.copy_(s["slow"])


OPTIMIZERS = {"adam": Adam, "adamw": Adam, "ranger": Ranger}


# --- the replay -------------------------------------------------------------------------------------------------------


def loss_of(scores, targets):
    return -(targets * F.log_softmax(scores, 1)).sum(1).mean()


def relative(ours, theirs):
    return abs(ours - theirs) / max(abs(theirs), 1e-12)


def distance(found, expected, start):
    """Largest distance of two tensors over the largest change that the training made."""
    change = (expected - start).abs().max().item()
    return (found - expected).abs().max().item() / max(change, 1e-30)


def images_of(tensors, i):
    return tensors[f"images/{i}"].permute(0, 3, 1, 2).contiguous(), tensors[f"targets/{i}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="folder that `pnpm lab trace` has written")
    parser.add_argument("--json", help="output file for the result")
    args = parser.parse_args()
    trace = json.load(open(f"{args.folder}/trace.json"))
    start, end, batches, valid = (load_file(f"{args.folder}/{n}.safetensors") for n in ("start", "end", "batches", "valid"))
    recipe, roles = trace["recipe"], {p["path"]: p["role"] for p in trace["parameters"]}
    params = {path: to_torch(start[f"model/{path}"]) for path in roles}
    learned = {path: params[path].requires_grad_() for path, role in roles.items() if role != "buffer"}
    network = network_of(recipe, params)
    optimizer = OPTIMIZERS[recipe["optimizer"]["use"]](recipe["optimizer"], learned, roles)
    losses = []
    for i, step in enumerate(trace["steps"]):
        images, targets = images_of(batches, i)
        loss = loss_of(network(images), targets)
        for p in learned.values():
            p.grad = None
        loss.backward()
        with torch.no_grad():
            optimizer.step(i + 1, step["learningRate"], step.get("momentum", recipe["optimizer"]["beta1"]))
        losses.append(relative(loss.item(), step["loss"]))
        print(f"step {i + 1:3d}  trace {step['loss']:.7f}  PyTorch {loss.item():.7f}  {losses[-1]:.1e}", flush=True)
    network.training = False
    with torch.no_grad():
        valid_losses = [loss_of(network(x), y).item() for x, y in (images_of(valid, i) for i in range(len(trace["validLosses"])))]
    apart = {
        path: distance(from_torch(p.detach()), end[f"model/{path}"], start[f"model/{path}"]) for path, p in params.items()
    }
    of = lambda names: max((apart[n] for n in names), default=0)
    result = {
        "table": trace["table"], "row": trace["row"], "steps": len(losses), "batchSize": recipe["batchSize"],
        "torch": torch.__version__, "firstLoss": losses[0], "lastLoss": losses[-1],
        "validLoss": max(relative(a, b) for a, b in zip(valid_losses, trace["validLosses"])),
        "weights": of(n for n, r in roles.items() if r != "buffer"), "statistics": of(n for n, r in roles.items() if r == "buffer"),
        "optimizer": max(
            distance(from_torch(value), end[f"optimizer/{path}/{name}"], torch.zeros_like(end[f"optimizer/{path}/{name}"]))
            for path, state in optimizer.state.items() for name, value in state.items()
        ),
    }  # fmt: skip
    print(json.dumps(result, indent=2))
    if args.json:
        with open(args.json, "w") as file:
            file.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
