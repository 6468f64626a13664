"""Divide the photos into training and validation, once for both networks."""

import hashlib
from collections import Counter

from stages.common import files, parameters


def assign(table, fraction, seed):
    """Choose the photos to validate on.

    Photos that look the same are one group, and stay together. A group's rank depends on
    the seed and its content alone: neither names, nor the order of the files, nor another
    class plays a part. The groups that rank first validate, as long as none of their
    classes gets more than its share.

    Args:
        table: data frame with the columns `label` and `group`.
        fraction: share of each class to validate on, between 0 and 1.
        seed: another seed gives another split.

    Returns:
        A list with `"train"` or `"validation"` for each row of `table`. Each class has
        the given fraction of its photos, rounded, in validation; fewer where its groups do
        not add up to that.

    Raises:
        SystemExit: if a class is too small, or too much alike, to have photos on both sides.
    """
    quota = {}
    for label, count in table["label"].value_counts().items():
        quota[label] = round(count * fraction)
        if not 0 < quota[label] < count:
            raise SystemExit(
                f"photos: class {label!r} has {count}; expected enough for at least one to "
                f"train and one to validate at validation_fraction {fraction}. Add photos."
            )
    labels = table.groupby("group")["label"].agg(Counter)
    validation = set()
    for group in sorted(labels.index, key=lambda group: _rank(group, seed)):
        if all(count <= quota[label] for label, count in labels[group].items()):
            validation.add(group)
            for label, count in labels[group].items():
                quota[label] -= count
    validates = table["group"].isin(validation)
    if alike := sorted(set(table["label"]) - set(table["label"][validates])):
        raise SystemExit(
            f"photos: those of class {alike[0]!r} look too much alike to be divided; expected some "
            "that do not (metrics/photos.csv lists those that do). Add photos, or raise "
            "validation_fraction in params.yaml."
        )
    return ["validation" if one else "train" for one in validates]


def _rank(group, seed):
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()


def main():
    params = parameters.read()
    table = files.read_table("data/photos.csv")

    side = assign(table, params.validation_fraction, params.seed)
    table.insert(2, "split", side)
    files.write_table("data/split.csv", table.drop(columns="group"))

    print(f"{side.count('train')} photos to train, {side.count('validation')} to validate")


if __name__ == "__main__":
    main()
