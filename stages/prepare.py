"""Read every photo once: into a table, an array of pixels, and a list of problems."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.common import files, parameters
from stages.photos import audit, finding, lookalikes, reading
from stages.photos.decoding import PhotoError


def read_photos(
    folder: str, found: pd.DataFrame, image_size: int, append: Callable[[np.ndarray], None]
) -> audit.Audit:
    """Read all photos of a folder, and note what is wrong with them.

    Args:
        folder: the folder of photos.
        found: what `finding.find` returns.
        image_size: side of the square that each photo is stretched to, pixels.
        append: is called with the pixels of each photo that can be used, `uint8`
            `[1, image_size, image_size, 3]`.

    Returns:
        The `Audit`, not yet checked.
    """
    used, unusable = [], []
    photos = reading.read(folder, found["photo"], image_size)
    rows = found.itertuples(index=False)
    for row, photo in zip(rows, tqdm(photos, "photos", len(found), disable=None), strict=True):
        if isinstance(photo, PhotoError):
            unusable.append((*row, photo.problem, photo.detail))
        else:
            append(photo.pixels[None])
            used.append((*row, photo.sha256, photo.phash))
    table = pd.DataFrame(used, columns=["photo", "label", "sha256", "phash"])
    table["group"] = lookalikes.group_photos(table["sha256"], table.pop("phash"))
    problems = pd.DataFrame(unusable, columns=["photo", "label", "problem", "detail"])
    problems = pd.concat([problems, lookalikes.list_lookalikes(table)])
    return audit.Audit(table, problems.sort_values("photo", ignore_index=True))


def main() -> None:
    params = parameters.read()
    found = finding.find(params.photos)

    shape = (params.image_size, params.image_size, 3)
    with files.appending(parameters.PIXELS, np.uint8, shape) as append:
        photos = read_photos(params.photos, found, params.image_size, append)
        audit.check(photos, found, params)  # before the pixels of an earlier run are replaced
    files.write_table("data/photos.csv", photos.used)
    files.write_table("metrics/photos.csv", photos.problems)

    print(audit.summarize(photos))


if __name__ == "__main__":
    main()
