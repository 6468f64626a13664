"""Split the photos into training and validation, once for both networks."""

import hashlib
from collections import Counter

import pandas as pd

from stages.common import files, parameters


def assign_sides(table: pd.DataFrame, fraction: float, seed: int) -> list[str]:
    """Choose the photos of the training and of the validation set.

    Photos that look the same are one group, and stay together. The groups are ranked by a
    hash of the seed and the group's name, which depends on the photos' content alone: neither
    names, nor the order of the files, nor another class plays a part. The groups that rank
    first are validated on, as long as none of their classes gets more than its share.

    Args:
        table: data frame with the columns `label` and `group`, a row for each photo.
        fraction: share of each class to validate on, between 0 and 1.
        seed: another seed gives another split.

    Returns:
        `"train"` or `"validation"` for each row of `table`. Of each class the given fraction
        of its photos, rounded, is validated on; fewer where its groups do not add up to that.

    Raises:
        SystemExit: if a class has too few photos, or too many that look alike, for both sides.
    """
    quota = {}
    for label, count in table["label"].value_counts().items():
        quota[label] = round(count * fraction)
        if not 0 < quota[label] < count:
            raise SystemExit(
                f"photos: class {label!r} has {count} photos; expected enough for at least one "
                f"training and one validation photo at validation_fraction {fraction}. Add photos."
            )
    labels = table.groupby("group")["label"].agg(Counter)
    validation = set()
    for group in sorted(labels.index, key=lambda group: _rank(group, seed)):
        if all(count <= quota[label] for label, count in labels[group].items()):
            validation.add(group)
            for label, count in labels[group].items():
                quota[label] -= count
    is_validation = table["group"].isin(validation)
    if alike := sorted(set(table["label"]) - set(table["label"][is_validation])):
        raise SystemExit(
            f"photos: those of class {alike[0]!r} look too much alike to be split; expected some "
            "that are not near duplicates (metrics/photos.csv lists them). Add photos, or raise "
            "validation_fraction in params.yaml."
        )
    return ["validation" if one else "train" for one in is_validation]


def _rank(group: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()


def main() -> None:
    params = parameters.read()
    table = files.read_table("data/photos.csv")

    sides = assign_sides(table, params.validation_fraction, params.seed)
    table.insert(2, "split", sides)
    files.write_table("data/split.csv", table.drop(columns="group"))

    train, validation = sides.count("train"), sides.count("validation")
    print(f"{train} training photos, {validation} validation photos")


if __name__ == "__main__":
    main()
