"""Make altered copies of every photo, if `augment` asks for some, for both networks to train on."""

import shutil
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stages.common import files, parameters

COPIES = 4  # of each photo; the base runs over all of them
NOTE = "Pixels of altered copies, if `augment` in params.yaml asks for some.\n"


def light():
    """Build layers that alter photos as another moment would: a little, each time otherwise.

    Returns:
        A `keras.Sequential`: RGB pixels `[n, rows, columns, 3]` from 0 to 255 in and out.
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


def copy(pixels, alter, append):
    """Alter all photos, `COPIES` times, of which no more than a batch is in memory.

    Args:
        pixels: `uint8` array `[n, image_size, image_size, 3]`.
        alter: what `light` returns.
        append: takes the pixels of some photos: first of all as they are, then of all as
            first copies, and so on.
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


def main():
    params = parameters.read()
    folder = Path(parameters.AUGMENTED).parent
    if params.augment == "none":
        with files.writing(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            # DVC expects an output even so, and warns of an empty folder.
            (folder / ".empty").write_text(NOTE)
        print("augment is none: nothing to make")
        return
    pixels = files.read_array("data/pixels.npy")
    with files.appending(parameters.AUGMENTED, np.uint8, pixels.shape[1:]) as append:
        copy(pixels, light(), append)
    (folder / ".empty").unlink(missing_ok=True)
    print(f"{COPIES} altered copies of each of {len(pixels)} photos")


if __name__ == "__main__":
    main()
