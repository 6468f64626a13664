"""Run the frozen base once over every photo, and keep the base and its features."""

import numpy as np
from tqdm import tqdm

from stages.common import files, parameters
from stages.networks import bases
from stages.networks.backend import INFERENCE_BATCH, compile_inference


def features(base, pixels, append):
    """Run the base over all photos, of which no more than a batch is in memory.

    Args:
        base: what `bases.build` returns.
        pixels: `uint8` array `[n, image_size, image_size, 3]`.
        append: takes the features of some photos, `float32` `[any, rows, columns, channels]`.

    Raises:
        SystemExit: if they are not finite.
    """
    run = compile_inference(base)
    for start in tqdm(range(0, len(pixels), INFERENCE_BATCH), "features", disable=None):
        batch = run(pixels[start : start + INFERENCE_BATCH].astype(np.float32))
        if not np.isfinite(batch).all():
            raise SystemExit(
                "base: its features are not finite; expected a base whose weights are. Choose "
                "other weights as base.weights in params.yaml."
            )
        append(batch)


def main():
    params = parameters.read()
    pixels = files.read_array(params.training_pixels)

    base = bases.build(params.base, params.image_size)
    shape = base.output_shape[1:]
    # Half of the precision would be half of the size, but would change the metrics.
    with files.appending("data/base/features.npy", np.float32, shape) as append:
        features(base, pixels, append)
    files.save_network(base, "data/base/base.keras")
    files.write_json("metrics/base.json", bases.describe(base, params.base))

    what = "photos" if params.augment == "none" else "photos and copies"
    print(f"{params.base.name}: features {list(shape)} of {len(pixels)} {what}")


if __name__ == "__main__":
    main()
