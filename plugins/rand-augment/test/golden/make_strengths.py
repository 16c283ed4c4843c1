"""Amounts of torchvision's RandAugment at every level, for images of 48 x 64: python make_strengths.py > strengths.json"""

import json

from torchvision.transforms import RandAugment

space = RandAugment()._augmentation_space(31, (48, 64))
print(json.dumps({op: values.tolist() if values.ndim else None for op, (values, _signed) in space.items()}))
