"""Amounts of torchvision's TrivialAugmentWide at every level: python make_strengths.py > strengths.json"""

import json

from torchvision.transforms import TrivialAugmentWide

space = TrivialAugmentWide()._augmentation_space(31)
print(json.dumps({op: values.tolist() if values.ndim else None for op, (values, _signed) in space.items()}))
