"""Photos: a folder with one sub-folder per class, read into a table and an array."""

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageOps
from tqdm import tqdm

RESERVED = ("photo", "actual", "predicted")  # columns of the predictions beside the classes


def find(folder):
    """List the photos of a folder, in an order that does not depend on the file system.

    Args:
        folder: has one sub-folder per class; what lies beside these, and files whose
            names begin with a dot, are not photos.

    Returns:
        A data frame with the columns `photo` (path relative to `folder`, with `/`) and
        `label` (name of the sub-folder), sorted by `photo`.

    Raises:
        SystemExit: if the folder is missing, has fewer than two classes, or a class
            has no photo or the name of a column.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SystemExit(
            f"photos: {str(folder)!r} is not a folder; expected one with a sub-folder of "
            "photos per class. Put it there, or name another as `photos` in params.yaml."
        )
    classes = sorted(
        entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != "."
    )
    if len(classes) < 2:
        raise SystemExit(
            f"photos: {str(folder)!r} has {_sub_folders(classes)}; expected at least 2, one per "
            "class. Add them, or name another folder as `photos` in params.yaml."
        )
    if taken := [name for name in classes if name in RESERVED]:
        raise SystemExit(
            f"photos: {str(folder / taken[0])!r} names a class {taken[0]!r}, which the "
            "predictions need as a column; rename the folder."
        )
    photos = [
        (path.relative_to(folder).as_posix(), name)
        for name in classes
        for path in (folder / name).rglob("*")
        if path.is_file() and path.name[0] != "."
    ]
    table = pd.DataFrame(sorted(photos), columns=["photo", "label"])
    if empty := sorted(set(classes) - set(table["label"])):
        raise SystemExit(
            f"photos: {str(folder / empty[0])!r} has no photo; expected some in every class. "
            "Add photos, or remove the folder."
        )
    return table


def decode(path, image_size):
    """Read one photo.

    Args:
        path: a file in any format that Pillow reads.
        image_size: side of the square result, pixels.

    Returns:
        `(pixels, sha256)`: RGB `uint8` of shape `[image_size, image_size, 3]`, upright
        as EXIF says and stretched to the square, and the SHA-256 of the file's bytes.

    Raises:
        SystemExit: if the file is not a photo that can be read.
    """
    try:
        content = Path(path).read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            # A JPEG many times too large is decoded at a fraction of its size, for speed.
            image.draft("RGB", (2 * image_size, 2 * image_size))
            image = ImageOps.exif_transpose(image).convert("RGB")
            image = image.resize((image_size, image_size), Image.Resampling.BILINEAR)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise SystemExit(
            f"photos: {str(path)!r} cannot be read as a photo ({error}). Repair or remove it."
        ) from None
    return np.asarray(image), hashlib.sha256(content).hexdigest()


def read(folder, photos, pixels):
    """Read many photos on all cores, with a progress bar.

    Args:
        folder: the folder that the photos' paths are relative to.
        photos: `n` paths.
        pixels: a `uint8` array `[n, image_size, image_size, 3]` to be filled, on disk
            or in memory: at no time does this function hold all photos.

    Returns:
        A list of `n` SHA-256 hashes of the files' bytes.

    Raises:
        SystemExit: if a file is not a photo that can be read.
    """

    def read_one(row):
        pixels[row], sha256 = decode(Path(folder) / photos[row], pixels.shape[1])
        return sha256

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = range(len(photos))
        return list(tqdm(pool.map(read_one, rows), "photos", len(rows), disable=None))


def check_labels(table):
    """See that no photo has two labels: the networks could not learn, nor be scored.

    Args:
        table: data frame with the columns `photo`, `label` and `sha256`.

    Raises:
        SystemExit: if a photo has, byte for byte.
    """
    labels = table.groupby("sha256")["label"].nunique()
    if (twice := table[table["sha256"].isin(labels[labels > 1].index)]).size:
        same = twice[twice["sha256"] == twice["sha256"].iloc[0]]["photo"]
        raise SystemExit(
            f"photos: {' and '.join(map(repr, same))} are the same photo under different labels; "
            "expected one label for each photo. Remove all but one."
        )


def _sub_folders(names):
    return f"only the sub-folder {names[0]!r}" if names else "no sub-folders"
