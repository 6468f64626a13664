"""Read every photo once: into a table, an array of pixels, and a list of problems."""

from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.common import files, parameters
from stages.photos import audit, decoding, finding, individuals, lookalikes, reading
from stages.photos.audit import Audit
from stages.photos.decoding import Levels, PhotoError


def read_photos(
    folder: str, found: pd.DataFrame, image_size: int, rows: files.Rows
) -> tuple[Audit, Levels | None]:
    """Read all photos of a folder, and note what is wrong with them.

    Args:
        folder: the folder of photos.
        found: data frame with the columns `photo`, `label`, `individual`, and `split` if it is
            given.
        image_size: side of the square that each photo is stretched to, pixels.
        rows: gets the pixels of each photo that can be used, `uint8`
            `[image_size, image_size, 3]`.

    Returns:
        The `Audit`, not yet checked, and the smallest and the largest value of all pictures
        of 16 bits, if there are any.
    """
    used: list[tuple] = []
    listed: list[tuple] = []
    sketches = np.empty(len(found), decoding.SKETCH)
    ranges: dict[int, Levels] = {}  # of the pictures of 16 bits, by their number in `used`
    results = reading.read(folder, found["photo"], image_size)
    bar = tqdm(results, "photos", len(found), disable=None)
    for row, result in zip(found.itertuples(index=False), bar, strict=True):
        if isinstance(result, PhotoError):
            listed.append((row.photo, row.label, result.problem, result.detail))
            continue
        if result.levels:
            ranges[len(used)] = result.levels
        else:
            listed += [(row.photo, row.label, *note) for note in result.notes]
        rows.append(result.pixels[None])
        sketches[len(used)] = result.sketch
        used.append((*row, result.sha256))
    table = pd.DataFrame(used, columns=[*found, "sha256"])

    levels = None
    if ranges:
        # Only now the range of the whole folder is known: one for all keeps them comparable.
        levels = min(low for low, _ in ranges.values()), max(high for _, high in ranges.values())
        again = table.iloc[list(ranges)]
        results = reading.read(folder, again["photo"], image_size, levels=levels)
        for number, row, result in zip(ranges, again.itertuples(), results, strict=True):
            if isinstance(result, PhotoError) or result.sha256 != row.sha256:
                name = files.escape(str(row.photo))
                raise SystemExit(f"photos: {name} changed while it was read; run it again.")
            listed += [(row.photo, row.label, *note) for note in result.notes]
            rows.replace(number, result.pixels[None])
            sketches[number] = result.sketch

    table["group"] = lookalikes.group_photos(table["sha256"], sketches[: len(table)])
    problems = pd.DataFrame(listed, columns=audit.COLUMNS)
    problems = pd.concat([problems, lookalikes.list_lookalikes(table)])
    return Audit(table, problems.sort_values("photo", ignore_index=True)), levels


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
        read, levels = read_photos(params.photos, known, params.image_size, rows)
        audited = audit.complete(read, found.unlisted)
        # Before the pixels of an earlier run are replaced.
        audit.check(audited, found.photos, params)
        rows.keep(np.flatnonzero(read.used["photo"].isin(audited.used["photo"])))
    used = audited.used[["photo", "label", *given, "sha256", "group"]]
    files.write_table("data/photos.csv", used)
    files.write_table("metrics/photos.csv", audited.problems)
    low, high = levels or (None, None)
    files.write_json(parameters.LEVELS, {"low": low, "high": high})

    print("\n".join([*found.notes, audit.summarize(audited)]))
    if levels:
        print(f"pictures of 16 bits: values {low} to {high} become 0 to 255")
    if params.groups == "none" and (suspicion := individuals.suspect_individuals(found.photos)):
        print(suspicion)
    if Path(params.photos) != (folder := Path(params.photos).resolve()) and (
        not folder.is_relative_to(Path.cwd())
    ):
        print(f"photos is outside this project: for queued experiments, set it to {folder}")


if __name__ == "__main__":
    main()
