"""What `predict` is measured against: a bare loop that decodes photos and runs all networks.

`python -m bench.bare CLASSES PHOTO...`, the names of the classes separated by commas.
"""

import sys

import keras
import numpy as np
from PIL import Image


def main(names: str, *photos: str) -> None:
    classes = names.split(",")
    paths = [f"data/models/{name}.keras" for name in ("custom", "transfer", "probe")]
    networks = [keras.saving.load_model(path) for path in paths]
    size = networks[0].input_shape[1:3]
    pixels = []
    for photo in photos:
        with Image.open(photo) as image:
            pixels.append(np.asarray(image.convert("RGB").resize(size)))
    answers = [network.predict(np.stack(pixels), verbose=0) for network in networks]
    for photo, *rows in zip(photos, *answers, strict=True):
        print(photo, *(f"{classes[row.argmax()]} {row.max():.2f}" for row in rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
