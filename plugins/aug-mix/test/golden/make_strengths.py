"""Amounts of torchvision's AugMix at every level, for images of 48 x 64: python make_strengths.py > strengths.json"""

import json

from torchvision.transforms import AugMix

space = AugMix()._augmentation_space(10, (48, 64))
print(json.dumps({op: values.tolist() if values.ndim else None for op, (values, _signed) in space.items()}))
