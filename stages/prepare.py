"""Read every photo once: into a table, an array of pixels, and a list of problems."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.common import files, parameters
from stages.photos import audit, finding, individuals, lookalikes, reading
from stages.photos.audit import Audit
from stages.photos.decoding import PhotoError


def read_photos(
    folder: str, found: pd.DataFrame, image_size: int, append: Callable[[np.ndarray], None]
) -> Audit:
    """Read all photos of a folder, and note what is wrong with them.

    Args:
        folder: the folder of photos.
        found: data frame with the columns `photo`, `label`, `individual`, and `split` if it is
            given.
        image_size: side of the square that each photo is stretched to, pixels.
        append: is called with the pixels of each photo that can be used, `uint8`
            `[1, image_size, image_size, 3]`.

    Returns:
        The `Audit`, not yet checked.
    """
    unusable, used = [], []
    photos = reading.read(folder, found["photo"], image_size)
    rows = found.itertuples(index=False)
    for row, photo in zip(rows, tqdm(photos, "photos", len(found), disable=None), strict=True):
        if isinstance(photo, PhotoError):
            unusable.append((*row, photo.problem, photo.detail))
        else:
            append(photo.pixels[None])
            used.append((*row, photo.sha256, photo.phash))
    table = pd.DataFrame(used, columns=[*found, "sha256", "phash"])
    table["group"] = lookalikes.group_photos(table["sha256"], table.pop("phash"))
    problems = pd.DataFrame(unusable, columns=[*found, "problem", "detail"])[audit.COLUMNS]
    problems = pd.concat([problems, lookalikes.list_lookalikes(table)])
    return Audit(table, problems.sort_values("photo", ignore_index=True))


def main() -> None:
    params = parameters.read()
    found = finding.find(params.photos)
    photos = found.photos.assign(
        individual=individuals.name_individuals(found.photos, params.groups)
    )
    given = [column for column in ("split",) if column in photos]

    shape = (params.image_size, params.image_size, 3)
    with files.appending(parameters.PIXELS, np.uint8, shape) as rows:
        known = photos[["photo", "label", "individual", *given]]
        read = read_photos(params.photos, known, params.image_size, rows.append)
        audited = audit.complete(read, found.unlisted)
        # Before the pixels of an earlier run are replaced.
        audit.check(audited, found.photos, params)
        rows.keep(np.flatnonzero(read.used["photo"].isin(audited.used["photo"])))
    used = audited.used[["photo", "label", *given, "sha256", "group"]]
    files.write_table("data/photos.csv", used)
    files.write_table("metrics/photos.csv", audited.problems)

    print("\n".join([*found.notes, audit.summarize(audited)]))
    if params.groups == "none" and (suspicion := individuals.suspect_individuals(found.photos)):
        print(suspicion)
    if Path(params.photos) != (folder := Path(params.photos).resolve()) and (
        not folder.is_relative_to(Path.cwd())
    ):
        print(f"photos is outside this project: for queued experiments, set it to {folder}")


if __name__ == "__main__":
    main()
