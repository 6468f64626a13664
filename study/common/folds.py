"""Splits: which photos are trained on and which are held out, over and over."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from stages.networks import linear


class Split(NamedTuple):
    """One division of the photos into a training set and held-out photos.

    Attributes:
        repeat, fold: which one, counted from 0.
        train, held_out: sorted `int` arrays of rows.
    """

    repeat: int
    fold: int
    train: np.ndarray
    held_out: np.ndarray


def derive_seed(*numbers: int) -> int:
    """Return a seed from 0 to 2**32 - 1; other numbers give an unrelated one."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def make_splits(
    labels: np.ndarray, groups: ArrayLike, folds: int, repeats: int, seed: int
) -> list[Split]:
    """Hold out each photo once per repeat: repeated stratified k-fold cross-validation.

    Photos of one group are on the same side. A repeat depends neither on the order of the
    photos nor on `repeats`: a larger study begins with the splits of a smaller one.

    Args:
        labels: `int` array `[n]`, class indices.
        groups: array `[n]`, equal for photos that look alike, or show one individual.
        folds: number of parts, of which each is held out once per repeat.
        repeats: number of divisions into folds.
        seed: another seed gives other splits.

    Returns:
        `folds * repeats` splits.

    Raises:
        SystemExit: if a class has too few photos to have one in each fold.
    """
    counts = np.bincount(linear.classify_groups(labels, groups), minlength=labels.max() + 1)
    smallest = counts.min()
    if smallest < folds:
        raise SystemExit(
            f"photos: a class has {smallest} different photos; expected at least study.folds, "
            f"which is {folds}. Add photos, or lower study.folds in study/params.yaml."
        )
    return [
        Split(repeat, fold, train, held_out)
        for repeat in range(repeats)
        for fold, (train, held_out) in enumerate(
            linear.divide(labels, groups, folds, derive_seed(seed, repeat))
        )
    ]


def derive_seeds(split: Split, count: int, seed: int) -> list[int]:
    """Return the seeds of `count` trainings on a split, the same ones for every network."""
    return [derive_seed(seed, split.repeat, split.fold, number) for number in range(count)]


def choose_of_each_class(
    labels: np.ndarray, groups: np.ndarray, split: Split, count: int, seed: int
) -> np.ndarray:
    """Choose different training photos, the same number of each class.

    A larger choice contains a smaller one. Unlike the splits, the choice depends on the order
    of the photos.

    Args:
        labels: `int` array `[n]`, class indices.
        groups: array `[n]`, equal for photos that look alike, or show one individual; of such
            photos of a class one is chosen.
        split: the `Split` whose training photos to choose from.
        count: photos to choose of each class; there must be as many.
        seed: another seed gives another choice.

    Returns:
        A sorted `int` array of rows.
    """
    random = np.random.default_rng([seed, split.repeat, split.fold])
    shuffled = random.permutation(split.train)
    table = pd.DataFrame({"label": labels[shuffled], "group": groups[shuffled]}, shuffled)
    chosen = table.drop_duplicates().groupby("label").head(count)
    return np.sort(chosen.index.to_numpy())
