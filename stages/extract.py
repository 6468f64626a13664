"""Run the frozen base once over every photo, and keep the base and its features."""

from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from stages.common import files, parameters
from stages.networks import bases
from stages.networks.backend import INFERENCE_BATCH, compile_inference, keras


def extract_features(
    base: keras.Model,
    pixels: np.ndarray | files.Array,
    photos: int,
    append: Callable[[np.ndarray], None],
) -> None:
    """Run the base over all photos, with no more than a batch in memory.

    Args:
        base: what `bases.build` returns.
        pixels: `uint8` `[n, image_size, image_size, 3]`: of all photos, then of all their first
            copies, and so on.
        photos: their number. No batch mixes them with their copies, since some processors
            give a photo other last digits in a batch of another size.
        append: is called with the features of some photos at a time, `float32`
            `[any, rows, columns, channels]`.

    Raises:
        SystemExit: if a feature is not finite.
    """
    run = compile_inference(base)
    ends = range(photos, len(pixels) + 1, photos)
    starts = [(start, end) for end in ends for start in range(end - photos, end, INFERENCE_BATCH)]
    for start, end in tqdm(starts, "features", disable=None):
        batch = run(pixels[start : min(start + INFERENCE_BATCH, end)].astype(np.float32))
        if not np.isfinite(batch).all():
            raise SystemExit(
                "base: some of its features are not finite; expected finite numbers. Set "
                "base.weights in params.yaml to other weights."
            )
        append(batch)


def main() -> None:
    params = parameters.read()
    pixels = files.read_array(params.training_pixels)
    photos = len(files.read_array(parameters.PIXELS))

    base = bases.build(params.base, params.image_size)
    shape = base.output_shape[1:]
    # Half precision would halve the size, but change the metrics.
    with files.appending(parameters.FEATURES, np.float32, shape) as rows:
        extract_features(base, pixels, photos, rows.append)
    files.save_network(bases.append_probe(base), parameters.BASE)
    files.write_json("metrics/base.json", bases.describe(base, params.base))

    what = "photos" if params.augment == "none" else "photos and copies"
    print(f"{params.base.name}: features {list(shape)} of {len(pixels)} {what}")


if __name__ == "__main__":
    main()
