"""Golden bytes of Pillow, by way of torchvision's `_apply_op`: python make_operations.py > operations.json

A case: torchvision's operation and magnitude, the name and amount here, whether bilinear, and the first 16 digits of the
SHA-256 of the bytes of each of the three images.
"""

import hashlib
import json

import numpy as np
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.autoaugment import _apply_op

NAMES = {
    "ShearX": "shear-x",
    "ShearY": "shear-y",
    "TranslateX": "translate-x",
    "TranslateY": "translate-y",
    "Rotate": "rotate",
    "Brightness": "brightness",
    "Color": "colour",
    "Contrast": "contrast",
    "Sharpness": "sharpness",
    "Posterize": "posterize",
    "Solarize": "solarize",
    "AutoContrast": "auto-contrast",
    "Equalize": "equalize",
}


def image(width, height, scale, shift):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return Image.fromarray((((7 * x + 13 * y + 29 * c + x * y) % 256) // scale + shift).astype(np.uint8))


IMAGES = [image(23, 17, 1, 0), image(12, 12, 3, 60), image(40, 31, 200, 77)]

AMOUNTS = {
    "ShearX": [0.0, 0.3, -0.3, 0.99, -0.99, 0.033],
    "TranslateX": [0, 5, -5, 32, -11],
    "Rotate": [0.0, 30.0, -30.0, 90.0, -90.0, 135.0, -4.5, 67.5],
    "Brightness": [0.0, 0.33, -0.33, 0.99, -0.99, 0.9, -0.9],
    "Posterize": [8, 7, 4, 2],
    "Solarize": [255.0, 0.0, 127.5, 93.5, 200.0],
    "AutoContrast": [0.0],
}
LIKE = {"ShearY": "ShearX", "TranslateY": "TranslateX", "Color": "Brightness", "Contrast": "Brightness"}
LIKE |= {"Sharpness": "Brightness", "Equalize": "AutoContrast"}
MOVES = ["ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"]

cases = []
for op, name in NAMES.items():
    for magnitude in AMOUNTS[LIKE.get(op, op)]:
        for smooth in [False, True] if op in MOVES else [False]:
            mode = InterpolationMode.BILINEAR if smooth else InterpolationMode.NEAREST
            bytes_ = [_apply_op(one, op, magnitude, mode, None).tobytes() for one in IMAGES]
            amount = 1 + magnitude if LIKE.get(op, op) == "Brightness" else magnitude
            digests = [hashlib.sha256(data).hexdigest()[:16] for data in bytes_]
            cases.append({"name": name, "amount": amount, "smooth": smooth, "digests": digests})
print(json.dumps(cases))
