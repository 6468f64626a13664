"""Split the photos into training, validation and test set, once for all networks."""

import hashlib
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from stages.common import files, parameters
from stages.common.parameters import SIDES


def assign_sides(
    table: pd.DataFrame, validation_fraction: float, test_fraction: float, seed: int
) -> list[str]:
    """Choose the photos of the training, the validation and the test set.

    Photos that look the same, or show one individual, are one group, and stay together. The
    test set does not depend on the seed: who tries several seeds must not see its photos.

    Args:
        table: data frame with the columns `label` and `group`, a row for each photo; if it has
            the column `split` as well, these sides are kept, except that the validation set
            is drawn from the training photos if there is none.
        validation_fraction: share of each class to validate on, between 0 and 1; of the
            training photos where only training and test photos are given.
        test_fraction: share of each class to test on, from 0 to 1; not if sides are given.
        seed: another seed gives another validation set.

    Returns:
        `"train"`, `"validation"` or `"test"` for each row of `table`.

    Raises:
        SystemExit: if sides are given and `test_fraction` is not 0, or a class has too few
            photos, or too few groups, for all sides.
    """
    sides = pd.Series("train", table.index)
    if "split" in table:
        if test_fraction:
            raise SystemExit(
                f"params.yaml: test_fraction is {test_fraction}, but the photos have a given "
                "split; expected 0. To seal some of them, put them into its folder test."
            )
        sides = table["split"].copy()
        if "validation" in set(sides):
            return list(sides)
    elif test_fraction:
        sides[draw(table, table, "test_fraction", test_fraction, "test")] = "test"
    rest = table[sides == "train"]
    # Sealed photos count, so that validation_fraction is of all photos; given ones do not.
    whole = rest if "split" in table else table
    chosen = draw(rest, whole, "validation_fraction", validation_fraction, seed)
    sides.loc[rest.index[chosen]] = "validation"
    return list(sides)


def draw(
    table: pd.DataFrame, whole: pd.DataFrame, parameter: str, fraction: float, seed: object
) -> np.ndarray:
    """Draw groups of photos: a share of each class.

    The groups are ranked by a hash of the seed and the group's name, which depends on the
    photos' content alone: neither names, nor the order of the files, nor another class plays
    a part. The groups that rank first are drawn, as long as none of their classes gets more
    than its share. A class whose groups are all larger than its share gives its smallest.

    Args:
        table: data frame with the columns `label` and `group`: the photos to draw from.
        whole: the same of the photos that `fraction` is a share of.
        parameter: name of the fraction.
        fraction: share of each class, between 0 and 1.
        seed: another seed gives other photos.

    Returns:
        `bool` `[n]`, whether each row of `table` is drawn. Of each class that is the fraction of
        its photos, rounded; fewer where its groups do not add up to that.

    Raises:
        SystemExit: if a class has too few photos, or too few groups.
    """
    left, quota = Counter[str](table["label"]), {}
    for label, count in sorted(Counter[str](whole["label"]).items()):
        quota[label] = round(count * fraction)
        if not 0 < quota[label] < left[label]:
            raise SystemExit(
                f"photos: class {label!r} has {count} photos; expected enough for at least one "
                f"on each side of the split at {parameter} {fraction}. Add photos, or change "
                f"{parameter} in params.yaml."
            )
    labels = table.groupby("group")["label"].agg(Counter)
    ranked = sorted(table["group"].unique(), key=lambda group: _rank(group, seed))
    drawn, have = set(), Counter[Any]()

    def take(group: str) -> None:
        drawn.add(group)
        have.update(labels[group])

    for group in ranked:  # the first that fit
        if all(have[label] + count <= quota[label] for label, count in labels[group].items()):
            take(group)
    for label in quota:
        if not have[label]:
            fitting = [
                group
                for group in ranked
                if label in labels[group]
                and all(have[name] + count < left[name] for name, count in labels[group].items())
            ]
            if not fitting:
                raise SystemExit(
                    f"photos: those of class {label!r} look too much alike to be split, or show "
                    "too few individuals; expected some for each side (metrics/photos.csv lists "
                    f"what looks alike). Add photos, or change {parameter} in params.yaml."
                )
            take(min(fitting, key=lambda group: labels[group].total()))
    return table["group"].isin(drawn).to_numpy()


def _rank(group: str, seed: object) -> str:
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()


def main() -> None:
    params = parameters.read()
    table = files.read_table("data/photos.csv")

    sides = assign_sides(table, params.validation_fraction, params.test_fraction, params.seed)
    columns = ["photo", "label", "split", "sha256", "group"]
    files.write_table("data/split.csv", table.assign(split=sides)[columns])

    counts = Counter(sides)
    if "split" in table:
        print("given split:", ", ".join(f"{counts[side]} {side}" for side in SIDES if counts[side]))
        return
    sealed = f", {counts['test']} test photos (sealed)" if counts["test"] else ""
    print(f"{counts['train']} training photos, {counts['validation']} validation photos{sealed}")


if __name__ == "__main__":
    main()
