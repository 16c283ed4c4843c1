"""fastai's fine_tune of a linear model, after a cycle of its own: fine-tune.json.

The rates and momenta of every step, the printed losses and the final weights. As in make_fastai.py the bounds of fastai's
schedules are float64. The samples are x[i] = sin(0.7 i² + feature), of class i mod 3, in their order.
"""

import json
import sys

import fastai
import torch
from fastai.basics import DataLoader, DataLoaders, Learner, Callback, CrossEntropyLossFlat
from fastai.callback import schedule
from fastai.optimizer import Adam

schedule.tensor = lambda values: torch.tensor(list(values), dtype=torch.float64)

FEATURES, CLASSES, BATCH = 4, 3, 4
SIZES = {"train": 18, "valid": 7}


def sample(index):
    features = [0.7 * index * index + feature for feature in range(FEATURES)]
    return torch.sin(torch.tensor(features, dtype=torch.float64)).float(), torch.tensor(index % CLASSES)


class Watch(Callback):
    order = 70  # after ParamScheduler

    def before_batch(self):
        if self.training:
            rows.append([float(self.opt.hypers[-1]["lr"]), float(self.opt.hypers[-1]["mom"])])

    def after_epoch(self):
        losses.append([float(value) for value in self.recorder.log[1:3]])


def loader(first, count, drop_last=False):
    return DataLoader([sample(first + index) for index in range(count)], bs=BATCH, shuffle=False, num_workers=0, drop_last=drop_last)


rows, losses = [], []
model = torch.nn.Linear(FEATURES, CLASSES)
with torch.no_grad():
    model.weight.copy_(torch.sin(torch.arange(12.0)).reshape(CLASSES, FEATURES))
    model.bias.zero_()
dls = DataLoaders(loader(0, SIZES["train"]), loader(SIZES["train"], SIZES["valid"]), device="cpu")
learner = Learner(dls, model, loss_func=CrossEntropyLossFlat(), opt_func=Adam, wd=0.01, cbs=Watch(), train_bn=False)
with learner.no_bar(), learner.no_logging():
    learner.fit_one_cycle(2, 0.02)
    learner.fine_tune(3, base_lr=0.04)

versions = {"python": sys.version.split()[0], "torch": torch.__version__.split("+")[0], "fastai": fastai.__version__}
with open("fine-tune.json", "w") as file:
    json.dump(
        {
            "command": "python make_fine_tune.py",
            "versions": versions,
            "rows": rows,
            "losses": losses,
            "weight": model.weight.detach().t().reshape(-1).tolist(),
            "bias": model.bias.detach().tolist(),
        },
        file,
    )
    file.write("\n")
