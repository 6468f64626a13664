"""The photos of the page, larger than the networks get them."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from stages.common import files
from stages.page.rendering import encode_jpeg
from stages.photos import reading
from stages.photos.decoding import Photo

SIZE = 320  # side, pixels


def read_pictures(
    folder: str, table: pd.DataFrame, pixels: np.ndarray | files.Array
) -> Iterator[str]:
    """Read photos for the page.

    Args:
        folder: the folder of photos.
        table: of the photos to read, with the columns `photo` and `sha256`; the index is the
            row of the pixels.
        pixels: of all photos, as `prepare` wrote them: shown instead where the file is no
            longer the one that was read then.

    Yields:
        For each photo, the `data:` URL of a JPEG, stretched to a square.
    """
    photos: Iterable = reading.read(folder, table["photo"], SIZE, levels=reading.read_levels())
    for row, sha256, photo in zip(table.index, table["sha256"], photos, strict=True):
        same = isinstance(photo, Photo) and photo.sha256 == sha256
        yield encode_jpeg(photo.pixels if same else pixels[row], SIZE)


def read_overlays() -> list[list[str]]:
    """Return where each network looks in each of the first mistakes, as `data:` URLs of JPEGs."""
    overlays = files.read_array("data/occlusions.npy")
    return [[encode_jpeg(each) for each in overlays[row]] for row in range(len(overlays))]
