"""Read every photo once: into a table, an array of pixels, and a list of what is wrong."""

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.common import files, parameters
from stages.photos import decoding, finding, lookalikes, reading


def read(folder, table, image_size, append):
    """Read all photos.

    Args:
        folder: of the photos.
        table: what `finding.find` returns.
        image_size: side of the square that each is stretched to, pixels.
        append: takes the pixels `[1, image_size, image_size, 3]` of each that can be used.

    Returns:
        `(used, problems)`: data frames with `photo` and `label`. Those used also have
        `sha256`, and `group`, the same for photos that look the same; the others, the
        duplicates among those used and photos with two labels have a `problem` and a
        `detail`.
    """
    used, unusable = [], []
    found = reading.read(folder, table["photo"], image_size)
    rows = table.itertuples(index=False)
    for row, photo in zip(rows, tqdm(found, "photos", len(table), disable=None), strict=True):
        if isinstance(photo, decoding.PhotoError):
            unusable.append((*row, photo.problem, photo.detail))
        else:
            append(photo.pixels[None])
            used.append((*row, photo.sha256, photo.phash))
    used = pd.DataFrame(used, columns=["photo", "label", "sha256", "phash"])
    used["group"] = lookalikes.group(used["sha256"], used.pop("phash"))
    unusable = pd.DataFrame(unusable, columns=["photo", "label", "problem", "detail"])
    problems = pd.concat([unusable, lookalikes.describe(used)])
    return used, problems.sort_values("photo", ignore_index=True)


def check(found, used, problems, params):
    """See that what can be used is enough, and right.

    Args:
        found: what `finding.find` returns.
        used, problems: what `read` returns.
        params: the `Parameters`.

    Raises:
        SystemExit: if a photo has two labels, or cannot be used and `on_bad_photo` is
            `fail`; all such photos are listed. Or if a class has none that can be used.
    """
    two_labels = problems["problem"] == "two labels"
    unusable = ~problems["photo"].isin(used["photo"])
    wrong = two_labels | unusable if params.on_bad_photo == "fail" else two_labels
    if wrong.any():
        lines = [
            f"  {files.escape(row.photo)}: {row.problem} ({files.escape(row.detail)})"
            for row in problems[wrong].itertuples()
        ]
        advice = "Repair or remove them"
        if (wrong & unusable).any():
            advice += ", or set on_bad_photo to skip in params.yaml"
        if two_labels.any():
            advice += "; of a photo with two labels, keep one"
        heading = f"photos: {wrong.sum()} of {len(found)} in {params.photos!r} cannot be used:"
        raise SystemExit("\n".join([heading, *lines, f"{advice}."]))
    if lost := sorted(set(found["label"]) - set(used["label"])):
        raise SystemExit(
            f"photos: none of class {lost[0]!r} can be used; expected some of every class. Repair "
            "them, or remove the folder."
        )


def summarise(used, problems):
    """Print how many photos there are of each class, and how many of each problem."""
    classes = used["label"].value_counts(sort=False)
    counts = ", ".join(f"{count} {files.escape(name)}" for name, count in classes.items())
    print(f"{len(used)} photos of {len(classes)} classes: {counts}")
    unusable = ~problems["photo"].isin(used["photo"])
    for what, rows in (("left out", problems[unusable]), ("used", problems[~unusable])):
        counts = rows["problem"].value_counts(sort=False)
        if counts.size:
            print(f"{what}:", ", ".join(f"{count} {problem}" for problem, count in counts.items()))
    if problems.size:
        print("metrics/photos.csv lists them")


def main():
    params = parameters.read()
    found = finding.find(params.photos)
    size = params.image_size
    with files.appending("data/pixels.npy", np.uint8, (size, size, 3)) as append:
        used, problems = read(params.photos, found, size, append)
        check(found, used, problems, params)
    files.write_table("data/photos.csv", used)
    files.write_table("metrics/photos.csv", problems)
    summarise(used, problems)


if __name__ == "__main__":
    main()
