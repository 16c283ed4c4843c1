"""Golden numbers of numpy's eigh in float64: python make_whitening.py > whitening.json"""

import json

import numpy as np

height, width, channels, size, epsilon = 5, 6, 2, 2, 5e-4
i = np.arange(2 * height * width * channels, dtype=np.float64)
images = np.sin(0.7 * i * i + 0.5).astype(np.float32).astype(np.float64).reshape(2, height, width, channels)
patches = np.array(
    [
        images[n, y : y + size, x : x + size].ravel()
        for n in range(2)
        for y in range(height - size + 1)
        for x in range(width - size + 1)
    ]
)
moments = patches.T @ patches / len(patches)
values, vectors = np.linalg.eigh(moments)
values, vectors = values[::-1], vectors[:, ::-1]
vectors = vectors * np.sign(vectors[0])
filters = vectors / np.sqrt(values + epsilon)
numbers = {"moments": moments, "values": values, "filters": np.concatenate([filters, -filters], 1)}
print(json.dumps({name: [round(v, 9) for v in value.ravel().tolist()] for name, value in numbers.items()}))
