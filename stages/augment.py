"""Make altered copies of every photo, if `augment` asks for them; both networks train on them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from stages.common import files, parameters

COPIES = 4  # of each photo; the base runs over all of them
NOTE = "Pixels of altered copies, if `augment` in params.yaml asks for some.\n"


def build_light() -> Any:
    """Build the layers of `light`, which flip, shift, zoom and light photos a little, at random.

    Returns:
        A `keras.Sequential` from RGB pixels `[n, rows, columns, 3]`, 0 to 255, to the same.
    """
    from stages.networks.backend import keras  # which takes seconds, and is seldom needed

    return keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal", seed=0),
            keras.layers.RandomTranslation(0.1, 0.1, fill_mode="reflect", seed=1),
            keras.layers.RandomZoom(0.15, fill_mode="reflect", seed=2),
            keras.layers.RandomBrightness(0.15, seed=3),
        ]
    )


def make_copies(
    pixels: np.ndarray | files.Array, alter: Any, append: Callable[[np.ndarray], None]
) -> None:
    """Alter all photos `COPIES` times, with no more than a batch in memory.

    Args:
        pixels: `uint8` `[n, image_size, image_size, 3]`.
        alter: what `build_light` returns.
        append: is called with some pixels at a time: first with all photos as they are, then
            with the first copy of each, then the second, and so on.
    """
    parts = [slice(start, start + 16) for start in range(0, len(pixels), 16)]
    for part in parts:
        append(pixels[part])
    with tqdm(desc="copies", total=COPIES * len(pixels), disable=None) as bar:
        for _ in range(COPIES):
            for part in parts:
                altered = np.asarray(alter(pixels[part].astype(np.float32), training=True))
                append(np.clip(np.round(altered), 0, 255).astype(np.uint8))
                bar.update(len(altered))


def main() -> None:
    params = parameters.read()
    folder = Path(parameters.AUGMENTED).parent
    if params.augment == "none":
        with files.writing(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            # DVC expects an output even so, and warns of an empty folder.
            (folder / ".empty").write_text(NOTE)
        print("augment is none: no copies made")
        return

    pixels = files.read_array(parameters.PIXELS)
    with files.appending(parameters.AUGMENTED, np.uint8, pixels.shape[1:]) as rows:
        make_copies(pixels, build_light(), rows.append)
    (folder / ".empty").unlink(missing_ok=True)

    print(f"{COPIES} altered copies of each of {len(pixels)} photos")


if __name__ == "__main__":
    main()
