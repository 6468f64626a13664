"""Divide the photos into training and validation, once for both networks."""

import hashlib

from stages import files, parameters


def assign(table, fraction, seed):
    """Choose the photos to validate on.

    A photo's rank depends on the seed and its content alone: neither its name, nor the
    order of the files, nor another class plays a part. In each class the photos that
    rank first validate; byte-identical photos share a rank, and stay together.

    Args:
        table: data frame with the columns `photo`, `label` and `sha256`.
        fraction: share of each class to validate on, between 0 and 1.
        seed: another seed gives another split.

    Returns:
        A list with `"train"` or `"validation"` for each row of `table`. Each class has
        the given fraction of its photos, rounded, in validation; fewer only where
        identical photos leave no other choice.

    Raises:
        SystemExit: if a class is too small to have photos on both sides.
    """
    validation = set()
    for label, photos in table.groupby("label"):
        quota = round(len(photos) * fraction)
        if not 0 < quota < len(photos):
            raise SystemExit(
                f"photos: class {label!r} has {len(photos)}; expected enough for at least one to "
                f"train and one to validate at validation_fraction {fraction}. Add photos."
            )
        copies = photos["sha256"].value_counts()
        for sha256 in sorted(copies.index, key=lambda content: _rank(content, seed)):
            if copies[sha256] <= quota:
                validation.add(sha256)
                quota -= copies[sha256]
    return ["validation" if sha256 in validation else "train" for sha256 in table["sha256"]]


def _rank(sha256, seed):
    return hashlib.sha256(f"{seed}:{sha256}".encode()).hexdigest()


def main():
    parameter = parameters.read()
    table = files.read_table("data/photos.csv")

    side = assign(table, parameter.validation_fraction, parameter.seed)
    table.insert(2, "split", side)
    files.write_table("data/split.csv", table)

    print(f"{side.count('train')} photos to train, {side.count('validation')} to validate")


if __name__ == "__main__":
    main()
