"""Run the frozen base once over every photo, and keep the base and its features."""

import numpy as np
from tqdm import tqdm

from stages import bases, files, parameters
from stages.backend import INFERENCE_BATCH


def features(base, pixels, destination):
    """Run the base over all photos.

    Args:
        base: what `bases.build` returns.
        pixels: `uint8` array `[n, image_size, image_size, 3]`.
        destination: path of a new `.npy` file for the `float32` array
            `[n, rows, columns, channels]`, of which no more than a batch is in memory.
    """
    shape = (len(pixels), *base.output_shape[1:])
    array = np.lib.format.open_memmap(destination, "w+", np.float32, shape)
    for start in tqdm(range(0, len(pixels), INFERENCE_BATCH), "features", disable=None):
        batch = slice(start, start + INFERENCE_BATCH)
        array[batch] = base.predict_on_batch(pixels[batch])
    array.flush()


def main():
    parameter = parameters.read()
    pixels = files.read_array("data/pixels.npy")

    base = bases.build(parameter.base, parameter.image_size)
    with files.replacing("data/base/features.npy") as temporary:
        features(base, pixels, temporary)
    files.save_network(base, "data/base/base.keras")
    files.write_json("metrics/base.json", bases.describe(base, parameter.base))

    print(f"{parameter.base.name}: features {list(base.output_shape[1:])} of {len(pixels)} photos")


if __name__ == "__main__":
    main()
